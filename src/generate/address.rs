//! Addresses in the forms that projects use: `8100`, `127.0.0.1:8100`, `:8000`,
//! `/path:127.0.0.1:8080`, or the path of a socket.

/// The address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `host` is empty for all interfaces.
    Port {
        host: String,
        port: u16,
    },
    Socket(String),
}

const LOOPBACK: [&str; 4] = ["localhost", "127.0.0.1", "::1", "[::1]"];
const ALL_INTERFACES: [&str; 5] = ["", "*", "0.0.0.0", "::", "[::]"];

impl Address {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("http://").trim_end_matches('/');
        let (before, port) = text.rsplit_once(':').unwrap_or(("", text));
        let Ok(port) = port.parse() else {
            return text.starts_with('/').then(|| Self::Socket(text.to_owned()));
        };
        // A path before the host, as in `/path:host:port`, is not part of the address.
        let cut = if before.ends_with(']') {
            before.find('[')
        } else {
            before.rfind([':', '/']).map(|at| at + 1)
        };
        let host = before[cut.unwrap_or(0)..].to_lowercase();
        let host = if ALL_INTERFACES.contains(&host.as_str()) { String::new() } else { host };
        Some(Self::Port { host, port })
    }

    /// The addresses in a text, separated by blanks. The path of one socket may contain blanks.
    pub(super) fn list(text: &str) -> Vec<Self> {
        let text = text.trim();
        let words: Vec<Option<Self>> = text.split_whitespace().map(Self::parse).collect();
        if text.starts_with('/') && words.contains(&None) {
            return Self::parse(text).into_iter().collect();
        }
        words.into_iter().flatten().collect()
    }

    /// Whether it is certainly on this machine.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Port { host, .. } => host.is_empty() || LOOPBACK.contains(&host.as_str()),
            Self::Socket(_) => true,
        }
    }

    /// Whether a client of `self` reaches a server at `other`; two servers cannot listen on both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Port { host: a, port: p }, Self::Port { host: b, port: q }) => {
                p == q
                    && (a == b
                        || a.is_empty()
                        || b.is_empty()
                        || (LOOPBACK.contains(&a.as_str()) && LOOPBACK.contains(&b.as_str())))
            }
            _ => self == other,
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Port { host, port } if host.is_empty() => write!(f, "port {port}"),
            Self::Port { host, port } => write!(f, "{host}:{port}"),
            Self::Socket(path) => f.write_str(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Address::parse(text).map_or("-".to_owned(), |address| address.to_string())
    }

    #[test]
    fn every_form_is_parsed() {
        assert_eq!(parsed("8100"), "port 8100");
        assert_eq!(parsed("127.0.0.1:8100"), "127.0.0.1:8100");
        assert_eq!(parsed(":8000"), "port 8000");
        assert_eq!(parsed("*:80"), "port 80");
        assert_eq!(parsed("/plone:Host:8080"), "host:8080");
        assert_eq!(parsed("http://localhost:8983/"), "localhost:8983");
        assert_eq!(parsed("[::1]:80"), "[::1]:80");
        assert_eq!(parsed("/var/zeo.sock"), "/var/zeo.sock");
        assert_eq!(parsed("nonsense"), "-");
    }

    #[test]
    fn the_path_of_a_socket_may_contain_blanks() {
        let list = |text: &str| {
            let shown = Address::list(text).into_iter().map(|address| address.to_string());
            shown.collect::<Vec<_>>()
        };
        assert_eq!(list("8080 127.0.0.1:8081 x"), ["port 8080", "127.0.0.1:8081"]);
        assert_eq!(list("/srv/my site/zeo.sock"), ["/srv/my site/zeo.sock"]);
        assert_eq!(list("/run/a.sock *:80"), ["/run/a.sock", "port 80"]);
        assert!(list(" ").is_empty());
    }

    #[test]
    fn addresses_overlap_on_common_interfaces() {
        let overlaps =
            |a: &str, b: &str| Address::parse(a).unwrap().overlaps(&Address::parse(b).unwrap());
        assert!(overlaps("8100", "127.0.0.1:8100"));
        assert!(overlaps("localhost:1", "127.0.0.1:1"));
        assert!(!overlaps("10.0.0.1:1", "127.0.0.1:1"));
        assert!(!overlaps("8100", "8101"));
        assert!(overlaps("/a", "/a"));
    }
}
