//! The origins in `web_trusted_origins`, in the form in which browsers write them.

use super::python::repr;

/// Parses origins separated by commas or blanks.
pub(super) fn parse(text: &str) -> Result<Vec<String>, String> {
    let words = text.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty());
    words.map(origin).collect()
}

/// In lower case, without the default port of the scheme and without the slash that people copy
/// from the address bar.
fn origin(word: &str) -> Result<String, String> {
    let invalid = || format!("not a valid origin: {}", repr(word));
    let text = word.strip_suffix('/').unwrap_or(word).to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
    let default = match scheme {
        "http" => "80",
        "https" => "443",
        _ => return Err(invalid()),
    };
    let end = authority.find(']').map_or(0, |at| at + 1);
    let (name, port) = match authority[end..].split_once(':') {
        Some((rest, port)) => (&authority[..end + rest.len()], Some(port)),
        None => (authority, None),
    };
    if !is_host(name) || port.is_some_and(|port| !is_port(port)) {
        return Err(invalid());
    }
    Ok(match port.filter(|port| *port != default) {
        Some(port) => format!("{scheme}://{name}:{port}"),
        None => format!("{scheme}://{name}"),
    })
}

fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// A DNS name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(name: &str) -> bool {
    if let Some(address) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_normalized() {
        let text = "https://Sup.Example:443/, http://[::1]:9001\n https://a:80 http://10.0.0.1";
        let wanted =
            ["https://sup.example", "http://[::1]:9001", "https://a:80", "http://10.0.0.1"];
        assert_eq!(parse(text), Ok(wanted.map(str::to_owned).to_vec()));
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn everything_else_is_an_error() {
        for text in [
            "sup.example",
            "https://",
            "https://a/path",
            "*",
            "https://*.a",
            "null",
            "ftp://a",
            "https://a:0",
            "https://a:x",
            "https://u@a",
            "https://[::x]",
            "https://a?b",
            "https://é",
        ] {
            assert_eq!(parse(text), Err(format!("not a valid origin: '{text}'")));
        }
    }
}
