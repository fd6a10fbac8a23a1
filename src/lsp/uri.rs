//! File URIs and paths.

use std::fmt::Write as _;
use std::str::FromStr as _;

use lsp_types::Uri;

/// The absolute path of a document. One that is no file yet, such as `untitled:Untitled-1`, is treated
/// as a file of that name in the working directory.
pub(super) fn path_of(uri: &Uri, current_dir: &str) -> String {
    let path = uri.path().as_estr().decode().into_string_lossy().into_owned();
    let is_file = uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file"));
    if is_file && path.starts_with('/') {
        return path;
    }
    let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("untitled");
    format!("{}/{name}", current_dir.trim_end_matches('/'))
}

/// The URI of a file.
pub(super) fn of_path(path: &str) -> Option<Uri> {
    let mut text = String::from("file://");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Uri::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_again_in_its_uri() {
        for path in ["/etc/supervisord.conf", "/srv/Grüße 100%/a+b;c#d?.conf", "/😀"] {
            let uri = of_path(path).expect("a valid URI");
            assert_eq!(path_of(&uri, "/x"), path);
        }
        assert_eq!(of_path("/a ü").unwrap().as_str(), "file:///a%20%C3%BC");
    }

    #[test]
    fn a_document_without_a_file_has_a_name() {
        let path = |uri: &str| path_of(&Uri::from_str(uri).unwrap(), "/home/me");
        assert_eq!(path("untitled:Untitled-1"), "/home/me/Untitled-1");
        assert_eq!(path("untitled:"), "/home/me/untitled");
    }
}
