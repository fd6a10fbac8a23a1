//! How a program is taken out of service before it is restarted and put back afterwards: the proxies
//! that send it requests, and the pages that are fetched before they do.

use serde::{Deserialize, Serialize};

use super::config::Process;
use super::probe::HttpUrl;
use super::probe_values;
use super::python::repr;

/// A backend of a Varnish.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VarnishBackend {
    /// The working directory of varnishd, its `-n`; `None` for that of the system.
    pub directory: Option<String>,
    /// Its name in the VCL, or a pattern as for `backend.set_health`.
    pub name: String,
}

/// A server of a HAProxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaproxyServer {
    /// The path of its runtime socket, `ip:port` or `name:port`.
    pub socket: String,
    pub backend: String,
    pub server: String,
}

/// What decides whether requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Proxy {
    /// A command of the configuration.
    Command,
    Varnish,
    Haproxy,
}

/// A path or an http URL of `warm_http`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// At the address of `ready_http` or `live_http`.
    Path(String),
    Url(HttpUrl),
}

impl Process {
    /// The proxies in front of it.
    pub fn proxies(&self) -> Vec<Proxy> {
        let has = [
            (Proxy::Command, self.drain_exec.is_some() || self.enable_exec.is_some()),
            (Proxy::Varnish, self.drain_varnish.is_some()),
            (Proxy::Haproxy, self.drain_haproxy.is_some()),
        ];
        has.into_iter().filter(|(_, has)| *has).map(|(proxy, _)| proxy).collect()
    }

    /// A page of `warm_http` with its address; `None` if there is none.
    pub fn warm_page(&self, at: usize) -> Option<HttpUrl> {
        match self.warm_http.get(at)? {
            Page::Url(url) => Some(url.clone()),
            Page::Path(path) => {
                let base = self.ready_http.as_deref().or(self.live_http.as_deref())?;
                Some(HttpUrl { path: path.clone(), ..base.clone() })
            }
        }
    }
}

/// `NAME` or `DIRECTORY NAME`
pub(super) fn varnish_backend(text: &str) -> Result<VarnishBackend, String> {
    let (directory, name) = place_and_name(text);
    if name.is_empty() {
        return Err(format!("not a backend: {}", repr(text)));
    }
    Ok(VarnishBackend { directory: directory.map(str::to_owned), name: name.to_owned() })
}

/// `SOCKET BACKEND/SERVER`
pub(super) fn haproxy_server(text: &str) -> Result<HaproxyServer, String> {
    let invalid = || format!("not a socket and a server: {}", repr(text));
    let (socket, name) = place_and_name(text);
    let socket = socket.ok_or_else(invalid)?;
    let (backend, server) = name.split_once('/').ok_or_else(invalid)?;
    let is_word = |word: &str| {
        // A semicolon would begin another command.
        !word.is_empty() && !word.contains(['/', ';', ','])
    };
    if !is_word(backend) || !is_word(server) {
        return Err(invalid());
    }
    let socket =
        if socket.contains('/') { socket.to_owned() } else { probe_values::tcp_address(socket)? };
    Ok(HaproxyServer { socket, backend: backend.to_owned(), server: server.to_owned() })
}

/// The last word is the name, because a path may contain blanks.
fn place_and_name(text: &str) -> (Option<&str>, &str) {
    let text = text.trim();
    match text.rsplit_once(char::is_whitespace) {
        Some((place, name)) => (Some(place.trim_end()), name),
        None => (None, text),
    }
}

/// Paths and URLs separated by commas.
pub(super) fn pages(text: &str) -> Result<Vec<Page>, String> {
    let words = text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty());
    let page = |word: &str| {
        if !word.starts_with('/') {
            return probe_values::http_url(word).map(Page::Url);
        }
        if word.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("a blank in the path {}", repr(word)));
        }
        Ok(Page::Path(word.to_owned()))
    };
    words.map(page).collect()
}

pub(super) fn show_pages(pages: &[Page]) -> String {
    let show = |page: &Page| match page {
        Page::Path(path) => path.clone(),
        Page::Url(url) => url.to_string(),
    };
    pages.iter().map(show).collect::<Vec<_>>().join(",")
}

impl std::fmt::Display for VarnishBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(directory) = &self.directory {
            write!(f, "{directory} ")?;
        }
        f.write_str(&self.name)
    }
}

impl std::fmt::Display for HaproxyServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { socket, backend, server } = self;
        write!(f, "{socket} {backend}/{server}")
    }
}

impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command => "its command",
            Self::Varnish => "Varnish",
            Self::Haproxy => "HAProxy",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_contain_blanks_and_a_name_not() {
        let backend = varnish_backend("/srv/my site/var  instance1 ").unwrap();
        assert_eq!(backend.directory.as_deref(), Some("/srv/my site/var"));
        assert_eq!(backend.name, "instance1");
        assert_eq!(varnish_backend("*.instance1").unwrap().directory, None);
        assert!(varnish_backend(" ").is_err());
        let server = haproxy_server("/run/h.sock zope/instance1").unwrap();
        assert_eq!((server.backend.as_str(), server.server.as_str()), ("zope", "instance1"));
        assert_eq!(haproxy_server("9999 a/b").unwrap().socket, "127.0.0.1:9999");
        assert_eq!(haproxy_server("haproxy:9999 a/b").unwrap().socket, "haproxy:9999");
        for wrong in ["zope/instance1", "/run/h.sock zope", "/run/h.sock a/b;c", "a b:1 c/d", ""] {
            assert!(haproxy_server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pages_are_paths_or_urls() {
        let all = pages("/Plone, http://127.0.0.1:8080/x\n/a?b").unwrap();
        assert_eq!(show_pages(&all), "/Plone,http://127.0.0.1:8080/x,/a?b");
        for wrong in ["Plone", "https://localhost/", "/a b"] {
            assert!(pages(wrong).is_err(), "{wrong}");
        }
    }
}
