//! The addresses in the configuration of a server: where it listens, and where it connects to. Only
//! what a line states plainly is found.

/// A backend of a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backend {
    /// `instance1` in VCL, `backend/server` in HAProxy.
    pub name: String,
    pub address: String,
}

/// Addresses as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) listens: Vec<String>,
    pub(super) backends: Vec<String>,
    /// The backends with their names.
    pub(super) servers: Vec<Backend>,
    /// A runtime socket by which a backend can be avoided.
    pub(super) admin: Option<String>,
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
    // The name of a section with servers.
    let mut proxy = "";
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["stats", "socket", address, options @ ..] if !is_proxy => {
                let is_admin = options.windows(2).any(|pair| pair == ["level", "admin"]);
                found.admin = found.admin.or_else(|| runtime_socket(address).filter(|_| is_admin));
            }
            ["listen" | "frontend", rest @ ..] => {
                is_proxy = true;
                proxy = rest.first().copied().unwrap_or_default();
                // Before HAProxy 1.5 the address could follow the name.
                found.listens.extend(rest.iter().skip(1).filter(|it| it.contains(':')).map(plain));
            }
            ["backend", rest @ ..] => {
                is_proxy = true;
                proxy = rest.first().copied().unwrap_or_default();
            }
            ["global" | "defaults" | "peers" | "resolvers" | "userlist" | "cache", ..] => {
                is_proxy = false;
            }
            ["bind", addresses, ..] if is_proxy => {
                found.listens.extend(addresses.split(',').map(|it| plain(&it)));
            }
            ["server", name, address, ..] if is_proxy => {
                let address = plain(address);
                found.backends.push(address.clone());
                found.servers.push(Backend { name: format!("{proxy}/{name}"), address });
            }
            _ => {}
        }
    }
    found
}

/// `PATH`, `unix@PATH`, `ipv4@127.0.0.1:9999`, `*:9999`
fn runtime_socket(address: &str) -> Option<String> {
    let address = plain(&address);
    if address.starts_with('/') {
        return Some(address);
    }
    let (host, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    Some(match host {
        "" | "*" | "0.0.0.0" => format!("127.0.0.1:{port}"),
        host => format!("{host}:{port}"),
    })
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
    Addresses { listens: address.into_iter().collect(), ..Addresses::default() }
}

/// The backends of a VCL file.
fn vcl(text: &str) -> Addresses {
    let code: Vec<&str> = text.lines().map(|line| line.split('#').next().unwrap_or("")).collect();
    let code = code.join("\n");
    let backends = code.split("\nbackend ").skip(1).chain(code.strip_prefix("backend "));
    let server = |backend: &str| {
        let name = backend.split([' ', '\t', '\n', '{']).find(|word| !word.is_empty())?;
        let value = |name: &str| {
            let (_, rest) = backend.split_once(&format!(".{name}"))?;
            let rest = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let host = value("host")?;
        let address = if host.contains(':') && !host.contains("::") {
            host
        } else {
            let port = value("port").unwrap_or_else(|| "80".to_owned());
            format!("{host}:{port}")
        };
        Some(Backend { name: name.to_owned(), address })
    };
    let servers: Vec<Backend> = backends.filter_map(server).collect();
    let backends = servers.iter().map(|server| server.address.clone()).collect();
    Addresses { backends, servers, ..Addresses::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haproxy_binds_and_has_servers() {
        let text = "\
global
    stats socket /var/other.sock mode 660 level operator
    stats socket unix@/var/haproxy.sock mode 600 level admin
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
        let names: Vec<&str> = found.servers.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["plone/plone1", "plone/plone2"]);
        assert_eq!(found.admin.as_deref(), Some("/var/haproxy.sock"));
        assert_eq!(runtime_socket("ipv4@*:9999").as_deref(), Some("127.0.0.1:9999"));
        assert_eq!(runtime_socket("fd@3"), None);
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
        let names: Vec<String> = vcl(text).servers.into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(vcl("sub vcl_recv {}").backends.is_empty());
    }

    #[test]
    fn the_address_of_zeo_is_in_its_section() {
        let text = "<filestorage 1>\n  address no\n</filestorage>\n<zeo>\n  address 8100\n</zeo>\n";
        assert_eq!(zeo_address(text).as_deref(), Some("8100"));
        assert_eq!(zeo_address("<zeo>\n</zeo>\naddress 1\n"), None);
    }
}
