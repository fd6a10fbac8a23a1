//! Protection against cross-site requests and DNS rebinding. Browsers send stored credentials with
//! requests from any site, so every request with side effects is checked here.

use super::request::Request;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a browser sent the request from another site. Programs other than browsers do not send
/// these header fields.
pub fn is_cross_site(request: &Request) -> bool {
    let site = request.header("sec-fetch-site").unwrap_or("none");
    if !["same-origin", "none"].contains(&site) {
        return true;
    }
    match (request.header("origin"), request.header("host")) {
        (None, _) => false,
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
        }
        (Some(_), None) => true,
    }
}

/// Whether the `Host` field is a DNS name, which an attacker could point to this server.
/// `localhost` and IP addresses are safe.
pub fn has_dns_host(request: &Request) -> bool {
    let host = request.header("host").unwrap_or_default();
    if let Some(rest) = host.strip_prefix('[') {
        let address = rest.split(']').next().unwrap_or_default();
        return address.parse::<Ipv6Addr>().is_err();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
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

    #[test]
    fn programs_and_our_own_pages_are_not_cross_site() {
        let host = ("Host", "a:9001");
        assert!(!is_cross_site(&request(&[host])));
        assert!(!is_cross_site(&request(&[host, ("Origin", "http://a:9001")])));
        assert!(!is_cross_site(&request(&[host, ("Sec-Fetch-Site", "none")])));
        assert!(!is_cross_site(&request(&[host, ("Sec-Fetch-Site", "same-origin")])));
    }

    #[test]
    fn pages_of_other_sites_are_cross_site() {
        let host = ("Host", "a:9001");
        for origin in ["http://evil", "http://a:80", "null", "", "http://a:9001.evil"] {
            assert!(is_cross_site(&request(&[host, ("Origin", origin)])), "{origin}");
        }
        for site in ["cross-site", "same-site", "whatever"] {
            assert!(is_cross_site(&request(&[host, ("Sec-Fetch-Site", site)])), "{site}");
        }
        assert!(is_cross_site(&request(&[("Origin", "http://a")])));
    }

    #[test]
    fn ip_addresses_cannot_be_rebound() {
        for host in ["127.0.0.1:9001", "localhost", "LOCALHOST:1", "[::1]:9001", "10.0.0.1", ""] {
            assert!(!has_dns_host(&request(&[("Host", host)])), "{host}");
        }
        for host in ["evil.example:9001", "localhost.evil", "[x]", "1.2.3.4.evil"] {
            assert!(has_dns_host(&request(&[("Host", host)])), "{host}");
        }
    }
}
