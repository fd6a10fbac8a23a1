//! An HTTP server with a few texts, and an HTTP proxy: both record what they are asked for. They end
//! when they are dropped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::tls::fixture;

/// No test waits longer for a byte.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What a path is answered with.
#[derive(Clone)]
pub enum Page {
    Text(String),
    Moved(String),
    Status(u16),
    /// Nothing.
    Silence,
}

#[derive(Default)]
struct Shared {
    pages: Mutex<BTreeMap<String, Page>>,
    heads: Mutex<Vec<String>>,
    /// The credentials that are required, in Base64.
    credentials: Mutex<Option<String>>,
    is_ended: AtomicBool,
}

impl Shared {
    fn note(&self, head: &str) {
        self.heads.lock().expect("no test panics here").push(head.to_owned());
    }
}

/// A listener with a thread for each connection.
struct Listener {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Listener {
    fn start(serve: impl Fn(&Shared, TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let (seen, serve) = (Arc::clone(&shared), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if seen.is_ended.load(Ordering::SeqCst) {
                    return;
                }
                let _ = stream.set_read_timeout(Some(TIMEOUT));
                let (seen, serve) = (Arc::clone(&seen), Arc::clone(&serve));
                std::thread::spawn(move || serve(&seen, stream));
            }
        });
        Self { address, shared }
    }

    /// The first lines of all requests so far.
    fn lines(&self) -> Vec<String> {
        let heads = self.shared.heads.lock().expect("no test panics here");
        heads.iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.is_ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

pub struct WebServer {
    listener: Listener,
    scheme: &'static str,
}

impl WebServer {
    pub fn start() -> Self {
        let serve = |shared: &Shared, stream: TcpStream| answer(shared, stream);
        Self { listener: Listener::start(serve), scheme: "http" }
    }

    /// With the certificate for `localhost` of the tests' own authority.
    pub fn with_tls() -> Self {
        let certificates = CertificateDer::pem_file_iter(fixture("localhost.pem"))
            .expect("a fixture")
            .map(|certificate| certificate.expect("a certificate"))
            .collect();
        let key = PrivateKeyDer::from_pem_file(fixture("localhost.key")).expect("a fixture");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("there are versions")
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .expect("a pair");
        let config = Arc::new(config);
        let serve = move |shared: &Shared, stream: TcpStream| {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            answer(shared, StreamOwned::new(session, stream));
        };
        Self { listener: Listener::start(serve), scheme: "https" }
    }

    pub fn put(&self, path: &str, page: Page) {
        let mut pages = self.listener.shared.pages.lock().expect("no test panics here");
        pages.insert(path.to_owned(), page);
    }

    pub fn text(&self, path: &str, text: &str) {
        self.put(path, Page::Text(text.to_owned()));
    }

    pub fn port(&self) -> u16 {
        self.listener.address.port()
    }

    pub fn url(&self, path: &str) -> String {
        self.url_at("localhost", path)
    }

    /// With another name for this server.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.port())
    }

    /// The requests so far: `GET /path HTTP/1.1`.
    pub fn requests(&self) -> Vec<String> {
        self.listener.lines()
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.listener.shared.heads.lock().expect("no test panics here").clone()
    }
}

/// A proxy, to which every host is this one.
pub struct WebProxy(Listener);

impl WebProxy {
    pub fn start() -> Self {
        Self(Listener::start(relay))
    }

    /// Requires these credentials, in Base64.
    pub fn requiring(credentials: &str) -> Self {
        let proxy = Self::start();
        let mut required = proxy.0.shared.credentials.lock().expect("no test panics here");
        *required = Some(credentials.to_owned());
        drop(required);
        proxy
    }

    pub fn address(&self) -> String {
        self.0.address.to_string()
    }

    pub fn requests(&self) -> Vec<String> {
        self.0.lines()
    }
}

/// A request without its body; `None` if the connection ends.
fn head(stream: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

fn answer(shared: &Shared, stream: impl Read + Write) {
    let mut stream = BufReader::new(stream);
    let Some(head) = head(&mut stream) else { return };
    shared.note(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = shared.pages.lock().expect("no test panics here").get(&path).cloned();
    let (status, more, body) = match page {
        Some(Page::Text(text)) => (200, String::new(), text),
        Some(Page::Moved(to)) => (302, format!("Location: {to}\r\n"), String::new()),
        Some(Page::Status(status)) => (status, String::new(), String::new()),
        // Until the other side closes the connection.
        Some(Page::Silence) => return drop(stream.read_to_end(&mut Vec::new())),
        None => (404, String::new(), String::new()),
    };
    let length = body.len();
    let stream = stream.get_mut();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}"
    );
    let _ = stream.flush();
}

/// A tunnel for `CONNECT`, else one request in the form for proxies.
fn relay(shared: &Shared, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    let Some(head) = head(&mut reader) else { return };
    shared.note(&head);
    let required = shared.credentials.lock().expect("no test panics here").clone();
    if required.is_some_and(|it| !head.contains(&format!("Basic {it}"))) {
        let refused = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = reader.get_mut().write_all(refused.as_bytes());
        return;
    }
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let is_tunnel = head.starts_with("CONNECT ");
    let rest = target.strip_prefix("http://").unwrap_or(&target);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80);
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    if is_tunnel {
        let _ = reader.get_mut().write_all(b"HTTP/1.1 200 Connected\r\n\r\n");
    } else {
        let _ = server.write_all(head.replacen(&target, &format!("/{path}"), 1).as_bytes());
    }
    let (Ok(mut back), Ok(mut from)) = (reader.get_ref().try_clone(), server.try_clone()) else {
        return;
    };
    let answers = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut reader, &mut server);
    let _ = server.shutdown(std::net::Shutdown::Write);
    let _ = answers.join();
}
