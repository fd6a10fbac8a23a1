//! The addresses in the configuration of a server: where it listens, and where it connects to. Only
//! what a line states plainly is found.

/// Addresses as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) listens: Vec<String>,
    pub(super) backends: Vec<String>,
}

/// The addresses in the configuration of the server `word`.
pub(super) fn addresses(word: &str, text: &str) -> Addresses {
    match word {
        "haproxy" => haproxy(text),
        "redis" => redis(text),
        "varnish" => vcl(text),
        _ => Addresses::default(),
    }
}

/// The address in the section `<zeo>` of a ZEO configuration.
pub(super) fn zeo_address(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).skip_while(|line| !line.eq_ignore_ascii_case("<zeo>"));
    let mut own = lines.take_while(|line| !line.eq_ignore_ascii_case("</zeo>"));
    own.find_map(|line| {
        let (key, value) = line.split_once(char::is_whitespace)?;
        key.eq_ignore_ascii_case("address").then(|| value.trim().to_owned())
    })
}

fn haproxy(text: &str) -> Addresses {
    let mut found = Addresses::default();
    let mut is_proxy = false;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["listen" | "frontend", rest @ ..] => {
                is_proxy = true;
                // Before HAProxy 1.5 the address could follow the name.
                found.listens.extend(rest.iter().skip(1).filter(|it| it.contains(':')).map(plain));
            }
            ["backend", ..] => is_proxy = true,
            ["global" | "defaults" | "peers" | "resolvers" | "userlist" | "cache", ..] => {
                is_proxy = false;
            }
            ["bind", addresses, ..] if is_proxy => {
                found.listens.extend(addresses.split(',').map(|it| plain(&it)));
            }
            ["server", _, address, ..] if is_proxy => found.backends.push(plain(address)),
            _ => {}
        }
    }
    found
}

/// Without the family of `ipv4@127.0.0.1:80`.
fn plain(address: &&str) -> String {
    address.rsplit_once('@').map_or(*address, |(_, address)| address).to_owned()
}

fn redis(text: &str) -> Addresses {
    let value = |key: &str| {
        let lines = text.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
        let last = lines.rev().find(|(known, _)| known.eq_ignore_ascii_case(key));
        last.map(|(_, value)| value.trim())
    };
    let host = value("bind").and_then(|hosts| hosts.split_whitespace().next());
    let host = host.map_or("127.0.0.1", |host| host.trim_start_matches('-'));
    let address = match (value("port"), value("unixsocket")) {
        (None, None) => None,
        (Some("0"), socket) => socket.map(str::to_owned),
        (port, _) => {
            let port = port.unwrap_or("6379");
            let is_ipv6 = host.contains(':');
            Some(if is_ipv6 { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
        }
    };
    Addresses { listens: address.into_iter().collect(), backends: Vec::new() }
}

/// The backends of a VCL file.
fn vcl(text: &str) -> Addresses {
    let code: Vec<&str> = text.lines().map(|line| line.split('#').next().unwrap_or("")).collect();
    let code = code.join("\n");
    let backends = code.split("\nbackend ").skip(1).chain(code.strip_prefix("backend "));
    let address = |backend: &str| {
        let value = |name: &str| {
            let (_, rest) = backend.split_once(&format!(".{name}"))?;
            let rest = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let host = value("host")?;
        if host.contains(':') && !host.contains("::") {
            return Some(host);
        }
        let port = value("port").unwrap_or_else(|| "80".to_owned());
        Some(format!("{host}:{port}"))
    };
    Addresses { listens: Vec::new(), backends: backends.filter_map(address).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haproxy_binds_and_has_servers() {
        let text = "\
global
    stats socket /var/haproxy.sock
frontend web
    bind *:80,127.0.0.1:81 # both
    default_backend plone
backend plone
    option httpchk
    server plone1 127.0.0.1:8081 check
    server plone2 ipv4@127.0.0.1:8082 check
listen old 0.0.0.0:9000
peers x
    server other 10.0.0.1:1000
";
        let found = haproxy(text);
        assert_eq!(found.listens, ["*:80", "127.0.0.1:81", "0.0.0.0:9000"]);
        assert_eq!(found.backends, ["127.0.0.1:8081", "127.0.0.1:8082"]);
    }

    #[test]
    fn redis_listens_on_its_port_or_socket() {
        let listens = |text: &str| redis(text).listens;
        assert_eq!(listens("bind 127.0.0.1 ::1\nport 6380\n"), ["127.0.0.1:6380"]);
        assert_eq!(listens("bind -::1\nport 6380\n"), ["[::1]:6380"]);
        assert_eq!(listens("port 0\nunixsocket /run/redis.sock\n"), ["/run/redis.sock"]);
        assert!(listens("maxmemory 1\n").is_empty());
    }

    #[test]
    fn a_vcl_file_has_backends() {
        let text = "vcl 4.0;\nbackend a {\n  .host = \"127.0.0.1\";\n  .port=\"8080\";\n  \
                    .probe = { .url = \"/\"; }\n}\n# backend no {\nbackend b { .host = \"10.0.0.1\"; }\n\
                    sub vcl_recv { set req.backend_hint = a; }\n";
        assert_eq!(vcl(text).backends, ["127.0.0.1:8080", "10.0.0.1:80"]);
        assert!(vcl("sub vcl_recv {}").backends.is_empty());
    }

    #[test]
    fn the_address_of_zeo_is_in_its_section() {
        let text = "<filestorage 1>\n  address no\n</filestorage>\n<zeo>\n  address 8100\n</zeo>\n";
        assert_eq!(zeo_address(text).as_deref(), Some("8100"));
        assert_eq!(zeo_address("<zeo>\n</zeo>\naddress 1\n"), None);
    }
}
