//! Parses `serverurl`.

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerUrl {
    Unix { path: String },
    Http { host: String, port: u16 },
    Https { host: String, port: u16 },
}

impl ServerUrl {
    /// Parses a URL; the error message is identical to Supervisor's.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix://") {
            return Ok(Self::Unix { path: path.to_owned() });
        }
        let (rest, is_https) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (rest, false),
            (_, Some(rest)) => (rest, true),
            _ => return Err(format!("Unknown protocol for serverurl {text}")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let place = rest[..end].rsplit('@').next().unwrap_or_default();
        let (host, port) = split_port(place);
        let port = read_port(port, if is_https { 443 } else { 80 })?;
        let host = host.to_lowercase();
        Ok(if is_https { Self::Https { host, port } } else { Self::Http { host, port } })
    }

    /// The `Host` header.
    pub(super) fn host_header(&self) -> String {
        match self {
            Self::Unix { .. } => "localhost".to_owned(),
            Self::Http { host, port: 80 } | Self::Https { host, port: 443 } => bracketed(host),
            Self::Http { host, port } | Self::Https { host, port } => {
                format!("{}:{port}", bracketed(host))
            }
        }
    }
}

fn split_port(place: &str) -> (&str, &str) {
    if let Some((host, rest)) = place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':').unwrap_or_default());
    }
    place.split_once(':').unwrap_or((place, ""))
}

fn read_port(text: &str, default: u16) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(default);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("Port could not be cast to integer value as '{text}'"));
    }
    text.parse().map_err(|_| "Port out of range 0-65535".to_owned())
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result as one line.
    fn parse(text: &str) -> String {
        match ServerUrl::parse(text) {
            Ok(ServerUrl::Unix { path }) => format!("unix {path}"),
            Ok(ServerUrl::Http { host, port }) => format!("http {host} {port}"),
            Ok(ServerUrl::Https { host, port }) => format!("https {host} {port}"),
            Err(error) => error,
        }
    }

    #[test]
    fn urls_name_a_socket_or_a_host_and_port() {
        assert_eq!(parse("unix:///run/s.sock"), "unix /run/s.sock");
        assert_eq!(parse("http://LocalHost:9001"), "http localhost 9001");
        assert_eq!(parse("http://example.org/x"), "http example.org 80");
        assert_eq!(parse("https://Example.org"), "https example.org 443");
        assert_eq!(parse("https://[::1]:9001"), "https ::1 9001");
        assert_eq!(parse("http://u:p@example.org:81?q"), "http example.org 81");
        assert_eq!(parse("http://[::1]:9001/"), "http ::1 9001");
    }

    #[test]
    fn errors_have_pythons_texts() {
        assert_eq!(parse("ftp://x"), "Unknown protocol for serverurl ftp://x");
        assert_eq!(parse("http://x:y"), "Port could not be cast to integer value as 'y'");
        assert_eq!(parse("http://x:70000"), "Port out of range 0-65535");
    }

    #[test]
    fn the_host_header_omits_the_default_port() {
        let header = |text| ServerUrl::parse(text).map(|url| url.host_header());
        assert_eq!(header("http://a"), Ok("a".to_owned()));
        assert_eq!(header("http://[::1]:9001"), Ok("[::1]:9001".to_owned()));
        assert_eq!(header("https://a:443"), Ok("a".to_owned()));
        assert_eq!(header("https://a:80"), Ok("a:80".to_owned()));
        assert_eq!(header("unix:///x"), Ok("localhost".to_owned()));
    }
}
