//! The parts of an `http` or `https` URL, and the URL that a redirection names. Pure.

use std::fmt;

use crate::http::form::percent_decode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// The name and password in it, as it has them.
    user: Option<String>,
    authority: String,
    /// The path and the query.
    target: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let scheme = scheme.to_lowercase();
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user.to_owned()), authority),
            None => (None, authority),
        };
        let target = if target.starts_with('/') { target.into() } else { format!("/{target}") };
        let is_web = ["http", "https"].contains(&scheme.as_str()) && !authority.is_empty();
        is_web.then(|| Self { scheme, user, authority: authority.to_owned(), target })
    }

    /// The URL that a server names in `Location`. Credentials are kept for the same server.
    pub(super) fn join(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        if location.contains("://") {
            let url = Self::parse(location)?;
            let is_same = url.scheme == self.scheme && url.authority == self.authority;
            let user = url.user.clone().or_else(|| self.user.clone().filter(|_| is_same));
            return Some(Self { user, ..url });
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let location = location.split('#').next().unwrap_or_default();
        let path = self.target.split('?').next().unwrap_or_default();
        let target = match location.chars().next() {
            Some('/') => location.to_owned(),
            Some('?') => format!("{path}{location}"),
            _ => format!("{}/{location}", &path[..path.rfind('/').unwrap_or(0)]),
        };
        Some(Self { target, ..self.clone() })
    }

    pub(super) fn host(&self) -> &str {
        let end = match self.authority.rfind(':') {
            // The colons within an IPv6 address.
            Some(at) if self.authority[at..].contains(']') => self.authority.len(),
            Some(at) => at,
            None => self.authority.len(),
        };
        &self.authority[..end]
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.authority.strip_prefix(self.host())?.strip_prefix(':')?.parse().ok()
    }

    /// The name and password, decoded.
    pub(super) fn credentials(&self) -> Option<String> {
        self.user.as_deref().map(percent_decode)
    }
}

/// Without credentials: for messages, and for the request, which has them in a header.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn a_url_is_taken_apart() {
        let found = url("HTTPS://me:p%40ss@Host:8443/a/b.cfg?x=1#top");
        assert_eq!(found.to_string(), "https://Host:8443/a/b.cfg?x=1");
        assert_eq!((found.host(), found.port()), ("Host", Some(8443)));
        assert_eq!(found.credentials().as_deref(), Some("me:p@ss"));
        let found = url("http://[::1]:80");
        assert_eq!(
            (found.host(), found.port(), found.to_string()),
            ("[::1]", Some(80), "http://[::1]:80/".into())
        );
        assert_eq!((url("http://[::1]/").host(), url("http://a/").port()), ("[::1]", None));
        assert_eq!(Url::parse("ftp://host/x"), None);
        assert_eq!(Url::parse("http:///x"), None);
        assert_eq!(Url::parse("x.cfg"), None);
    }

    #[test]
    fn a_redirection_names_a_url_or_a_part_of_one() {
        let from = url("http://me:pw@host/a/b.cfg?q");
        let to = |location: &str| from.join(location).expect("a URL");
        assert_eq!(to("https://other/c").to_string(), "https://other/c");
        assert_eq!(to("//other/c").to_string(), "http://other/c");
        assert_eq!(to("/c#x").to_string(), "http://host/c");
        assert_eq!(to("c").to_string(), "http://host/a/c");
        assert_eq!(to("?r").to_string(), "http://host/a/b.cfg?r");
        assert_eq!(to("http://host/c").credentials().as_deref(), Some("me:pw"));
        assert_eq!(to("https://host/c").credentials(), None);
        assert_eq!(to("//other/c").credentials(), None);
    }
}
