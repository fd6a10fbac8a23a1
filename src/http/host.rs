//! Which host names a server answers to. A page of another site can make its own name resolve to
//! this machine (DNS rebinding), and a browser then lets it read every reply. Only the `Host` field
//! shows that.

use super::Reply;
use super::request::Request;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The names that requests may use, in lower case; `None` for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostPolicy {
    names: Option<Vec<String>>,
}

impl HostPolicy {
    /// Accepts these names, with or without a port, besides addresses and `localhost`.
    pub fn only<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self { names: Some(names.map(|name| name_of(name).to_ascii_lowercase()).collect()) }
    }

    /// The 403 reply, if the request uses another name. `option` and `section` are where names are
    /// configured. Programs that send no `Host` field are accepted; all browsers send one.
    pub fn reject(&self, request: &Request, option: &str, section: &str) -> Option<Reply> {
        let names = self.names.as_ref()?;
        let fields = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        let mut hosts = fields.map(|(_, host)| name_of(host.trim()).to_ascii_lowercase());
        let foreign = hosts.find(|name| !is_own(name) && !names.contains(name))?;
        Some(refusal(&foreign, option, section))
    }
}

/// The name in `name:port`; an IPv6 address stays in brackets.
fn name_of(host: &str) -> &str {
    let end = host.rfind(']').map_or(0, |at| at + 1);
    let name = host[end..].find(':').map_or(host, |at| &host[..end + at]);
    name.strip_suffix('.').unwrap_or(name)
}

/// Addresses cannot be rebound, and browsers resolve `localhost` themselves.
fn is_own(name: &str) -> bool {
    if let Some(address) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    name.is_empty()
        || name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<Ipv4Addr>().is_ok()
}

fn refusal(name: &str, option: &str, section: &str) -> Reply {
    let is_shown = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let name = if is_shown { name } else { "NAME" };
    Reply::fatal(
        403,
        &format!(
            "The server has no password, and the request used a host name that it does not know. \
             Another site could make its own name resolve to this machine (DNS rebinding) and read \
             everything. Use an IP address or `localhost`, or set `username` \
             and `password` in `[{section}]`, or, if the name is yours, \
             `{option} = {name}`."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::request::Version;
    use super::*;

    fn status(policy: &HostPolicy, hosts: &[&str]) -> u16 {
        let request = Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: Version::Http11,
            headers: hosts.iter().map(|host| ("host".to_owned(), (*host).to_owned())).collect(),
            body: None,
        };
        policy.reject(&request, "web_trusted_hosts", "inet_http_server").map_or(200, |it| it.status)
    }

    #[test]
    fn addresses_localhost_and_the_given_names_are_accepted() {
        let policy = HostPolicy::only(["Box.lan", "sup.example:8080"].into_iter());
        for host in [
            "127.0.0.1:9001",
            "10.0.0.1",
            "[::1]:9001",
            "[::1]",
            "localhost:9001",
            "LOCALHOST.",
            "a.localhost",
            "box.lan:9001",
            "BOX.LAN.",
            "sup.example",
            "",
        ] {
            assert_eq!(status(&policy, &[host]), 200, "{host}");
        }
        assert_eq!(status(&policy, &[]), 200);
    }

    #[test]
    fn any_other_name_is_refused() {
        let policy = HostPolicy::only(["box.lan"].into_iter());
        for host in [
            "evil.example:9001",
            "localhost.evil",
            "box.lan.evil",
            "1.2.3.4.evil",
            "[x]",
            "box",
            "notlocalhost",
            "[::1].evil",
            "box.lan@evil",
            "<b>",
        ] {
            assert_eq!(status(&policy, &[host]), 403, "{host}");
        }
        assert_eq!(status(&policy, &["127.0.0.1", "evil.example"]), 403);
        assert_eq!(status(&HostPolicy::default(), &["evil.example"]), 200);
    }

    #[test]
    fn the_reply_contains_the_remedy_and_no_markup_of_the_request() {
        let text = format!("{:?}", refusal("a.example", "web_trusted_hosts", "inet_http_server:x"));
        assert!(!text.is_empty());
        let body = |name| match refusal(name, "web_trusted_hosts", "inet_http_server:x").body {
            super::super::reply::Body::Full(body) => String::from_utf8(body).unwrap(),
            _ => String::new(),
        };
        assert!(body("a.example").contains("<code>web_trusted_hosts = a.example</code>"));
        assert!(body("a.example").contains("<code>[inet_http_server:x]</code>"));
        assert!(!body("<b>").contains("<b>"));
    }
}
