//! `os.path` functions on strings; the file system is not accessed.

/// `os.path.join` of two.
pub fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') || base.is_empty() {
        path.to_owned()
    } else if base.ends_with('/') {
        format!("{base}{path}")
    } else {
        format!("{base}/{path}")
    }
}

/// `os.path.dirname`.
pub fn dirname(path: &str) -> &str {
    let head = path.rfind('/').map_or("", |at| &path[..=at]);
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

/// `os.path.normpath`: removes `.`, resolves `..` and merges slashes, except two at the start.
pub fn normpath(path: &str) -> String {
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let climbs = part == "..";
        if climbs && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else if !(climbs && parts.is_empty() && !root.is_empty()) {
            parts.push(part);
        }
    }
    let path = format!("{root}{}", parts.join("/"));
    if path.is_empty() { ".".to_owned() } else { path }
}

/// `os.path.abspath`.
pub fn abspath(path: &str, current_dir: &str) -> String {
    normpath(&join(current_dir, path))
}

/// `os.path.expanduser`; `home` returns the home directory of the caller (`None`) or a named user.
pub fn expanduser(path: &str, home: impl Fn(Option<&str>) -> Option<String>) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some(home) = home((!user.is_empty()).then_some(user)) else { return path.to_owned() };
    let full = format!("{}{tail}", home.trim_end_matches('/'));
    if full.is_empty() { "/".to_owned() } else { full }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_python_s() {
        assert_eq!(normpath("/a/./b//../c/"), "/a/c");
        assert_eq!(normpath("//x"), "//x");
        assert_eq!(normpath("///x"), "/x");
        assert_eq!(normpath("../../a"), "../../a");
        assert_eq!(normpath("/../a"), "/a");
        assert_eq!(normpath(""), ".");
        assert_eq!(dirname("/a/b"), "/a");
        assert_eq!(dirname("/a"), "/");
        assert_eq!(dirname("a"), "");
        assert_eq!(join("/a", "b"), "/a/b");
        assert_eq!(expanduser("~/x", |_| Some("/root/".into())), "/root/x");
        assert_eq!(expanduser("~no/x", |_| None), "~no/x");
    }
}
