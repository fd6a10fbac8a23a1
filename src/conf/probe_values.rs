//! The values of the options of probes. The address of a host that is named is looked up by the daemon,
//! each time that it is needed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::probe::HttpUrl;
use super::python::repr;

/// `ip:port` or `name:port`, from `port`, `host:port` or `[ipv6]:port`.
pub(super) fn tcp_address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let invalid = || format!("not an IP address or host name and a port: {}", repr(text));
    if let Ok(address) = text.parse::<SocketAddr>() {
        return if address.port() > 0 { Ok(address.to_string()) } else { Err(invalid()) };
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
    let port: u16 = port.parse().ok().filter(|port| *port > 0).ok_or_else(invalid)?;
    let host = match host {
        // Without a lookup.
        "localhost" | "" | "*" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        name if is_host_name(name) => return Ok(format!("{name}:{port}")),
        _ => return Err(invalid()),
    };
    Ok(SocketAddr::new(host, port).to_string())
}

/// Whether a resolver can be asked for it. One that ends like an IP address is a wrong one.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
            && !label.starts_with('-')
    };
    let labels = name.strip_suffix('.').unwrap_or(name);
    let is_number = |label: &str| label.bytes().all(|it| it.is_ascii_digit());
    name.len() <= 253
        && labels.split('.').all(is_label)
        && !labels.rsplit('.').next().is_some_and(is_number)
}

pub(super) fn http_url(text: &str) -> Result<HttpUrl, String> {
    let text = text.trim();
    let rest =
        text.strip_prefix("http://").ok_or_else(|| format!("not an http URL: {}", repr(text)))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("a blank in the URL {}", repr(text)));
    }
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = tcp_address(&if has_port { host.to_owned() } else { format!("{host}:80") })?;
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(HttpUrl { address, host: host.to_owned(), path: format!("{slash}{path}") })
}

/// `200`, `200-399`, separated by commas.
pub(super) fn statuses(text: &str) -> Result<Vec<(u16, u16)>, String> {
    let range = |word: &str| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let code = |text: &str| text.trim().parse().ok().filter(|code| (100..600).contains(code));
        code(first).zip(code(last)).filter(|(first, last)| first <= last)
    };
    let ranges: Option<Vec<_>> = text.split(',').map(str::trim).map(range).collect();
    ranges.ok_or_else(|| format!("not a list of HTTP statuses: {}", repr(text)))
}

pub(super) fn show_statuses(ranges: &[(u16, u16)]) -> String {
    let show = |(first, last): &(u16, u16)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    ranges.iter().map(show).collect::<Vec<_>>().join(",")
}

/// `Name: value`
pub(super) fn header(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_valid = text.split_once(':').is_some_and(|(name, value)| {
        !name.is_empty() && name.chars().all(is_token) && !value.chars().any(char::is_control)
    });
    if is_valid { Ok(text.to_owned()) } else { Err(format!("not a header field: {}", repr(text))) }
}

/// A regular expression.
pub(super) fn pattern(text: &str) -> Result<String, String> {
    let compiled = regex::bytes::Regex::new(text);
    let last =
        |error: regex::Error| error.to_string().lines().last().unwrap_or_default().to_owned();
    compiled.map(|_| text.to_owned()).map_err(|error| {
        format!(
            "not a regular expression: {}: {}",
            repr(text),
            last(error).trim_start_matches("error: ")
        )
    })
}

/// More than zero seconds, with decimals, up to a day.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok();
    let seconds = seconds.filter(|it| (0.001..=86_400.0).contains(it));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("not a number of seconds above 0: {}", repr(text)))
}

pub(super) fn show_seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

/// How many results decide.
pub(super) fn count(text: &str) -> Result<u32, String> {
    let count = text.trim().parse().ok().filter(|count| (1..=1_000_000).contains(count));
    count.ok_or_else(|| format!("not a number of 1 or more: {}", repr(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for (text, want) in [
            ("8100", "127.0.0.1:8100"),
            ("localhost:8100", "127.0.0.1:8100"),
            (":8100", "127.0.0.1:8100"),
            ("10.1.2.3:80", "10.1.2.3:80"),
            ("[::1]:80", "[::1]:80"),
            ("zeo:8100", "zeo:8100"),
            ("my_zeo.example.org:8100", "my_zeo.example.org:8100"),
        ] {
            assert_eq!(tcp_address(text).as_deref(), Ok(want));
        }
        for wrong in [
            "",
            "zeo",
            "zeo:",
            "a b:1",
            "-a:1",
            "a..b:1",
            "1.2.3:80",
            "300.1.1.1:80",
            "127.0.0.1",
            "127.0.0.1:0",
            "localhost:70000",
        ] {
            assert!(tcp_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_is_split() {
        for (text, address, path) in [
            ("http://localhost:8080", "127.0.0.1:8080", "/"),
            ("http://127.0.0.1/Plone/@@ok?x=1#y", "127.0.0.1:80", "/Plone/@@ok?x=1"),
            ("http://[::1]:8080?x", "[::1]:8080", "/?x"),
            ("http://plone.org/", "plone.org:80", "/"),
        ] {
            let url = http_url(text).unwrap();
            assert_eq!((url.address.as_str(), url.path.as_str()), (address, path));
        }
        for wrong in ["https://localhost/", "localhost:80", "http://a b/", "http://localhost/a b"] {
            assert!(http_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn other_values_are_checked() {
        assert_eq!(statuses("200, 300-399"), Ok(vec![(200, 200), (300, 399)]));
        assert_eq!(show_statuses(&[(200, 200), (300, 399)]), "200,300-399");
        for wrong in ["", "20", "399-200", "600", "ok"] {
            assert!(statuses(wrong).is_err(), "{wrong}");
        }
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["0", "-1", "x", "nan", "inf", "1e9"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!((count("3"), count("0").is_err()), (Ok(3), true));
        assert_eq!(header("Host: example.org").as_deref(), Ok("Host: example.org"));
        for wrong in ["Host", ": x", "A b: c", "A: b\r\nC: d"] {
            assert!(header(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            pattern("a(b"),
            Err("not a regular expression: 'a(b': unclosed group".to_owned())
        );
    }
}
