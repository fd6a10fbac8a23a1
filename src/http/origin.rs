//! Protection against cross-site requests and DNS rebinding. Browsers send stored credentials with
//! requests from any site, so every request with side effects is checked here.
//!
//! Three facts count, because a page cannot forge them: the `Origin` field, the `Sec-Fetch-Site`
//! field, and the token of our own forms, which only a page of this server can read.

use super::request::Request;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The rules of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginPolicy {
    /// No password is required. DNS rebinding could then make another site look like ours, so a
    /// browser must use an address instead of a name.
    pub is_open: bool,
    /// The server has TLS itself, so no page of its own has an origin with `http://`.
    pub is_https: bool,
    /// Further origins whose pages may act, as browsers write them.
    pub trusted: Vec<String>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It came from a page of another origin.
    OtherOrigin,
    /// It came from a page of this origin, whose host name could be rebound.
    HostName,
    /// An old browser could have sent it from any site.
    OldBrowser,
}

impl OriginPolicy {
    /// Checks a request. `has_token` is whether it has the token of our forms. Programs other than
    /// browsers send neither `Origin` nor `Sec-Fetch-Site`, and are accepted.
    pub fn check(&self, request: &Request, has_token: bool) -> Result<(), Reason> {
        let site = request.header("sec-fetch-site").unwrap_or("none");
        let Some(text) = request.header("origin") else {
            return self.check_without_origin(request, site);
        };
        let origin = Origin::parse(text);
        if origin.as_ref().is_some_and(|origin| self.trusts(origin)) {
            return Ok(());
        }
        if !["same-origin", "none"].contains(&site) {
            return Err(Reason::OtherOrigin);
        }
        let origin = origin.ok_or(Reason::OtherOrigin)?;
        // Only a browser writes the field, and only if the page and the form have one origin. Then
        // a proxy has changed the `Host` field.
        let is_vouched = has_token && site == "same-origin";
        let is_scheme = origin.is_https || !self.is_https;
        let is_host = is_scheme && request.header("host").is_some_and(|host| origin.is_of(host));
        if !is_vouched && !is_host {
            return Err(Reason::OtherOrigin);
        }
        // A certificate cannot be rebound.
        let is_certified = is_vouched && origin.is_https;
        if self.is_open && !is_certified && is_dns_name(origin.name) {
            return Err(Reason::HostName);
        }
        Ok(())
    }

    /// Old browsers omit `Origin` in forms; they still call themselves Mozilla, as all browsers do.
    fn check_without_origin(&self, request: &Request, site: &str) -> Result<(), Reason> {
        if !["same-origin", "none"].contains(&site) {
            return Err(Reason::OtherOrigin);
        }
        if !request.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/")) {
            return Ok(());
        }
        let host = request.header("host").unwrap_or_default();
        if self.is_open && is_dns_name(name_and_port(host).0) {
            return Err(Reason::HostName);
        }
        // The only type in which a form can write XML, and no form of ours has it.
        let kind = request.header("content-type").unwrap_or_default();
        let is_text = kind.trim_start().to_ascii_lowercase().starts_with("text/plain");
        if is_text { Err(Reason::OldBrowser) } else { Ok(()) }
    }

    fn trusts(&self, origin: &Origin<'_>) -> bool {
        self.trusted.iter().filter_map(|text| Origin::parse(text)).any(|it| it.equals(origin))
    }
}

/// `https://name:port`.
#[derive(Debug)]
struct Origin<'a> {
    is_https: bool,
    name: &'a str,
    port: u16,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (is_https, default) = match scheme {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return None,
        };
        let (name, port) = name_and_port(authority);
        let port = match port {
            "" => default,
            digits => digits.parse().ok()?,
        };
        (!name.is_empty()).then_some(Self { is_https, name, port })
    }

    fn equals(&self, other: &Origin<'_>) -> bool {
        self.is_https == other.is_https
            && self.port == other.port
            && self.name.eq_ignore_ascii_case(other.name)
    }

    /// Whether a `Host` field has the same name and port. Proxies are configured to append
    /// paths to it, and omit or write the default port.
    fn is_of(&self, host: &str) -> bool {
        let host = host.split('/').next().unwrap_or_default();
        let (name, port) = name_and_port(host);
        let default = if self.is_https { 443 } else { 80 };
        let is_port = match port {
            "" => self.port == default,
            digits => digits.parse() == Ok(self.port),
        };
        is_port && name.eq_ignore_ascii_case(self.name)
    }
}

/// Splits `name:port`; an IPv6 address stays in brackets.
fn name_and_port(authority: &str) -> (&str, &str) {
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[end..].rfind(':') {
        Some(at) => (&authority[..end + at], &authority[end + at + 1..]),
        None => (authority, ""),
    }
}

/// Whether it is a DNS name, which an attacker could point to this server. `localhost` and IP
/// addresses are safe.
fn is_dns_name(name: &str) -> bool {
    if let Some(address) = name.strip_prefix('[') {
        return address.trim_end_matches(']').parse::<Ipv6Addr>().is_err();
    }
    let is_local = name.eq_ignore_ascii_case("localhost") || name.is_empty();
    !is_local && name.parse::<Ipv4Addr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::super::request::Version;
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            version: Version::Http11,
            headers: headers.iter().map(owned).collect(),
            body: None,
        }
    }

    fn open() -> OriginPolicy {
        OriginPolicy { is_open: true, ..OriginPolicy::default() }
    }

    /// With the token, which is the strongest an attacker could have.
    fn check(policy: &OriginPolicy, headers: &[(&str, &str)]) -> Result<(), Reason> {
        policy.check(&request(headers), true)
    }

    const SAME: (&str, &str) = ("Sec-Fetch-Site", "same-origin");

    #[test]
    fn programs_and_our_own_pages_are_accepted() {
        let host = ("Host", "a:9001");
        let policy = OriginPolicy::default();
        for more in [None, Some(("Origin", "http://a:9001")), Some(("Sec-Fetch-Site", "none"))] {
            let headers: Vec<_> = [host].into_iter().chain(more).collect();
            assert_eq!(policy.check(&request(&headers), false), Ok(()), "{more:?}");
        }
        assert_eq!(policy.check(&request(&[host, SAME]), false), Ok(()));
    }

    #[test]
    fn a_server_with_tls_has_no_page_without_it() {
        let policy = OriginPolicy { is_https: true, ..OriginPolicy::default() };
        let ours = [("Host", "a:9001"), ("Origin", "https://a:9001"), SAME];
        assert_eq!(policy.check(&request(&ours), false), Ok(()));
        // Someone in the network can put a page there.
        let plain = [("Host", "a:9001"), ("Origin", "http://a:9001")];
        assert_eq!(check(&policy, &plain), Err(Reason::OtherOrigin));
        assert_eq!(OriginPolicy::default().check(&request(&plain), false), Ok(()));
        // Behind a proxy without TLS the browser vouches for the page.
        let proxied = [plain[0], plain[1], SAME];
        assert_eq!(check(&policy, &proxied), Ok(()));
    }

    #[test]
    fn pages_of_other_sites_are_refused_even_with_the_token() {
        let host = ("Host", "a:9001");
        let policy = OriginPolicy::default();
        for origin in [
            "http://evil",
            "http://a:80",
            "http://a",
            "null",
            "",
            "http://a:9001.evil",
            "a:9001",
            "file://",
            "http://a:9001@evil",
            "http://[a:9001",
        ] {
            let refused = Err(Reason::OtherOrigin);
            assert_eq!(check(&policy, &[host, ("Origin", origin)]), refused, "{origin}");
        }
        for site in ["cross-site", "same-site", "whatever", "", "same-origin, none"] {
            let site = ("Sec-Fetch-Site", site);
            assert_eq!(check(&policy, &[host, site]), Err(Reason::OtherOrigin), "{site:?}");
            let ours = ("Origin", "http://a:9001");
            assert_eq!(check(&policy, &[host, ours, site]), Err(Reason::OtherOrigin), "{site:?}");
        }
        assert_eq!(check(&policy, &[("Origin", "http://a")]), Err(Reason::OtherOrigin));
        assert_eq!(check(&policy, &[host, ("Origin", "null"), SAME]), Err(Reason::OtherOrigin));
    }

    #[test]
    fn behind_a_proxy_the_token_counts_if_the_browser_vouches_for_it() {
        let proxied =
            request(&[("Host", "127.0.0.1:9001"), ("Origin", "https://sup.example"), SAME]);
        for policy in [OriginPolicy::default(), open()] {
            assert_eq!(policy.check(&proxied, true), Ok(()));
            assert_eq!(policy.check(&proxied, false), Err(Reason::OtherOrigin));
        }
    }

    #[test]
    fn default_ports_may_be_omitted_and_paths_are_ignored() {
        let policy = OriginPolicy::default();
        for (origin, host) in [
            ("https://a", "a"),
            ("https://a", "A:443"),
            ("http://a", "a:80"),
            ("http://a:80", "a"),
            ("https://a", "a/supervisor/index.html"),
            ("https://[::1]", "[::1]:443"),
            ("http://[::1]:9001", "[::1]:9001"),
        ] {
            let headers = [("Origin", origin), ("Host", host)];
            assert_eq!(policy.check(&request(&headers), false), Ok(()), "{headers:?}");
        }
        for (origin, host) in [
            ("https://a:8443", "a"),
            ("https://a", "a:80"),
            ("http://a", "a:443"),
            ("http://a", "a:"),
        ] {
            let headers = [("Origin", origin), ("Host", host)];
            let wanted = if host == "a:" { Ok(()) } else { Err(Reason::OtherOrigin) };
            assert_eq!(policy.check(&request(&headers), false), wanted, "{headers:?}");
        }
    }

    #[test]
    fn trusted_origins_are_accepted_from_every_site() {
        let trusted = vec!["https://sup.example".to_owned(), "http://in.tra:8080".to_owned()];
        let policy = OriginPolicy { is_open: true, trusted, ..OriginPolicy::default() };
        for origin in ["https://sup.example", "https://sup.example:443", "http://in.tra:8080"] {
            for site in ["same-origin", "cross-site", "same-site"] {
                let headers = [("Host", "x:1"), ("Origin", origin), ("Sec-Fetch-Site", site)];
                assert_eq!(policy.check(&request(&headers), false), Ok(()), "{headers:?}");
            }
        }
        for origin in ["http://sup.example", "http://in.tra", "https://sup.example.evil", "null"] {
            let headers = [("Host", "x:1"), ("Origin", origin)];
            assert_eq!(check(&policy, &headers), Err(Reason::OtherOrigin), "{headers:?}");
        }
    }

    #[test]
    fn without_a_password_a_name_could_be_rebound() {
        for host in ["127.0.0.1:9001", "localhost", "LOCALHOST:1", "[::1]:9001", "10.0.0.1"] {
            let origin = format!("http://{host}");
            assert_eq!(check(&open(), &[("Host", host), ("Origin", &origin)]), Ok(()), "{host}");
        }
        for host in ["evil.example:9001", "localhost.evil", "[x]", "1.2.3.4.evil"] {
            let origin = format!("http://{host}");
            let headers = [("Host", host), ("Origin", origin.as_str())];
            assert_eq!(check(&open(), &headers), Err(Reason::HostName), "{host}");
            // No browser vouches for a page without a certificate; if one did, it would not count.
            let vouched = [headers[0], headers[1], SAME];
            assert_eq!(check(&open(), &vouched), Err(Reason::HostName), "{host}");
            assert_eq!(check(&OriginPolicy::default(), &headers), Ok(()), "{host}");
        }
    }

    #[test]
    fn old_browsers_without_origin_are_recognised() {
        let agent = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Firefox/60.0");
        let named = ("Host", "evil.example:9001");
        assert_eq!(check(&open(), &[named, agent]), Err(Reason::HostName));
        assert_eq!(check(&open(), &[named]), Ok(()));
        assert_eq!(check(&open(), &[("Host", "127.0.0.1:9001"), agent]), Ok(()));
        let text = ("Content-Type", " Text/Plain; charset=utf-8");
        assert_eq!(check(&OriginPolicy::default(), &[agent, text]), Err(Reason::OldBrowser));
        assert_eq!(check(&OriginPolicy::default(), &[text]), Ok(()));
    }
}
