//! The proxy for a request, selected by the environment variables that pip reads. Pure.

use std::net::{IpAddr, Ipv4Addr};

/// Returns the value of an environment variable.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The proxy for a host, as an address or URL. `port` is the one that the URL names.
pub(super) fn select(
    scheme: &str,
    host: &str,
    port: Option<u16>,
    variables: Variables<'_>,
) -> Option<String> {
    let named = |name: &str| {
        let lower = variables(&name.to_lowercase()).filter(|value| !value.trim().is_empty());
        lower.or_else(|| variables(name).filter(|value| !value.trim().is_empty()))
    };
    let exceptions = named("NO_PROXY").unwrap_or_default();
    if is_excepted(&exceptions, host, port) {
        return None;
    }
    let own = named(&format!("{}_PROXY", scheme.to_uppercase()));
    let found = own.or_else(|| named("ALL_PROXY")).or_else(|| variables("PIP_PROXY"));
    found.map(|proxy| proxy.trim().to_owned()).filter(|proxy| !proxy.is_empty())
}

/// Whether a host is in a list such as `localhost, .example.com, 10.0.0.0/8, host:8080`. A name also
/// stands for all names below it.
fn is_excepted(list: &str, host: &str, port: Option<u16>) -> bool {
    let host = host.trim_matches(['[', ']']).to_lowercase();
    let with_port = port.map(|port| format!("{host}:{port}"));
    list.split(',').map(|entry| entry.trim().to_lowercase()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let Ok(IpAddr::V4(address)) = host.parse() {
            if let Some((network, bits)) = entry.split_once('/') {
                return is_in_network(address, network, bits);
            }
        }
        let entry = entry.trim_start_matches('.').trim_matches(['[', ']']);
        !entry.is_empty()
            && [Some(&host), with_port.as_ref()].into_iter().flatten().any(|name| {
                let above = name.strip_suffix(entry);
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            })
    })
}

fn is_in_network(address: Ipv4Addr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits @ 0..=32)) = (network.parse::<Ipv4Addr>(), bits.parse::<u32>())
    else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    u32::from(address) & mask == u32::from(network) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scheme: &str, host: &str, port: Option<u16>, set: &[(&str, &str)]) -> Option<String> {
        let variable = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        select(scheme, host, port, &variable)
    }

    #[test]
    fn the_scheme_selects_the_variable() {
        let set = [("HTTP_PROXY", "http://a:1"), ("https_proxy", "http://b:2"), ("ALL_PROXY", "c")];
        assert_eq!(of("http", "x", None, &set).as_deref(), Some("http://a:1"));
        assert_eq!(of("https", "x", None, &set).as_deref(), Some("http://b:2"));
        assert_eq!(of("https", "x", None, &set[..1]), None);
        assert_eq!(of("https", "x", None, &set[2..]).as_deref(), Some("c"));
        assert_eq!(of("http", "x", None, &[("PIP_PROXY", "p:1")]).as_deref(), Some("p:1"));
        let both = [("HTTP_PROXY", "upper"), ("http_proxy", "lower")];
        assert_eq!(of("http", "x", None, &both).as_deref(), Some("lower"));
        assert_eq!(of("http", "x", None, &[("http_proxy", " "), ("HTTP_PROXY", "")]), None);
    }

    #[test]
    fn hosts_are_excepted_by_name_domain_port_and_network() {
        let is_direct = |list: &str, host: &str, port| {
            let set = [("http_proxy", "p"), ("NO_PROXY", list)];
            of("http", host, port, &set).is_none()
        };
        assert!(is_direct("example.com", "example.com", None));
        assert!(is_direct("a.org, example.com ", "www.EXAMPLE.com", None));
        assert!(is_direct(".example.com", "www.example.com", None));
        assert!(!is_direct("example.com", "badexample.com", None));
        assert!(is_direct("localhost:8080", "localhost", Some(8080)));
        assert!(!is_direct("localhost:8080", "localhost", Some(8081)));
        assert!(is_direct("10.0.0.0/8", "10.1.2.3", None));
        assert!(!is_direct("10.0.0.0/8", "11.1.2.3", None));
        assert!(is_direct("0.0.0.0/0", "11.1.2.3", None));
        assert!(!is_direct("10.0.0.0/99", "10.1.2.3", None));
        assert!(is_direct("127.0.0.1", "127.0.0.1", None));
        assert!(is_direct("::1", "[::1]", Some(80)));
        assert!(is_direct("*", "anything", None));
        assert!(!is_direct("", "anything", None));
        assert!(!is_direct(",", "anything", None));
    }
}
