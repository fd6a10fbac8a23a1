//! Path functions like Python's `posixpath`, on strings only.

/// An absolute second path replaces the first one.
pub fn join(base: &str, name: &str) -> String {
    if name.starts_with('/') || base.is_empty() {
        name.to_owned()
    } else if base.ends_with('/') {
        format!("{base}{name}")
    } else {
        format!("{base}/{name}")
    }
}

pub fn dirname(path: &str) -> &str {
    let head = &path[..path.rfind('/').map_or(0, |at| at + 1)];
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

pub fn basename(path: &str) -> &str {
    &path[path.rfind('/').map_or(0, |at| at + 1)..]
}

/// `a//b/./../c` becomes `a/c`; two leading slashes are kept, three become one.
pub fn normalize(path: &str) -> String {
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    let path = format!("{root}{}", parts.join("/"));
    if path.is_empty() { ".".to_owned() } else { path }
}

/// Joins with the working directory and normalizes.
pub fn absolute(cwd: &str, path: &str) -> String {
    normalize(&join(cwd, path))
}

/// A leading `~` is the home directory; `~user` is not expanded.
pub fn expand_user(home: &str, path: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let whole = format!("{}{rest}", home.trim_end_matches('/'));
            if whole.is_empty() { "/".to_owned() } else { whole }
        }
        _ => path.to_owned(),
    }
}

/// `scheme://...`
pub fn is_url(name: &str) -> bool {
    name.find("://").is_some_and(|at| {
        at > 0
            && name[..at]
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_cut_as_python_does() {
        assert_eq!(join("/a", "b"), "/a/b");
        assert_eq!(join("/a/", "b"), "/a/b");
        assert_eq!(join("/a", "/b"), "/b");
        assert_eq!(join("", "b"), "b");
        assert_eq!(dirname("/a/b"), "/a");
        assert_eq!(dirname("/a"), "/");
        assert_eq!(dirname("a"), "");
    }

    #[test]
    fn normal_paths_have_no_dots() {
        assert_eq!(normalize("/a/./b/../c//d/"), "/a/c/d");
        assert_eq!(normalize("/../a"), "/a");
        assert_eq!(normalize("../a"), "../a");
        assert_eq!(normalize(""), ".");
        assert_eq!(normalize("//a"), "//a");
        assert_eq!(normalize("///a"), "/a");
    }

    #[test]
    fn the_tilde_is_home_only_alone() {
        assert_eq!(expand_user("/home/z", "~/x"), "/home/z/x");
        assert_eq!(expand_user("/home/z", "~"), "/home/z");
        assert_eq!(expand_user("/home/z", "~z/x"), "~z/x");
        assert_eq!(expand_user("/home/z", "a~/x"), "a~/x");
    }

    #[test]
    fn urls_have_a_scheme() {
        assert!(is_url("https://x/y"));
        assert!(is_url("file:///x"));
        assert!(!is_url("://x"));
        assert!(!is_url("a b://x"));
        assert!(!is_url("base.cfg"));
    }
}
