//! Load on a site: what fails while its programs are stopped and started.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::wait_until;

/// Requests at a fixed rate, each by the next idle thread; half of them by connections that stay open. No page
/// is requested twice, so a cache asks an instance for each.
pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

/// 50 a second.
const INTERVAL: Duration = Duration::from_millis(20);
/// Enough for requests that take two thirds of a second.
const THREADS: u32 = 32;

impl Load {
    pub(crate) fn begin(port: u16) -> Self {
        let (is_over, done): (Arc<AtomicBool>, Arc<AtomicUsize>) = Default::default();
        let failures: Arc<Mutex<Vec<String>>> = Arc::default();
        let began = Instant::now();
        let threads = (0..THREADS).map(|at| {
            let (is_over, done) = (Arc::clone(&is_over), Arc::clone(&done));
            let failures = Arc::clone(&failures);
            thread::spawn(move || {
                let mut client = Client { port, stays_open: at % 2 == 0, stream: None };
                let mut pages = (at..).step_by(THREADS as usize);
                let mut next = began + INTERVAL * at;
                while !is_over.load(Ordering::Relaxed) {
                    thread::park_timeout(next.saturating_duration_since(Instant::now()));
                    if Instant::now() < next {
                        continue;
                    }
                    next += INTERVAL * THREADS;
                    if let Err(why) = client.get(pages.next().unwrap_or_default()) {
                        let second = began.elapsed().as_secs_f64();
                        failures.lock().expect("no panic").push(format!("{second:.1} s: {why}"));
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let threads = threads.collect();
        Self { is_over, done, failures, threads }
    }

    pub(crate) fn await_more(&self, number: usize) {
        let end = self.done.load(Ordering::Relaxed) + number;
        wait_until("requests are answered", || self.done.load(Ordering::Relaxed) >= end);
    }

    /// Ends it; returns the number of requests and what failed.
    pub(crate) fn end(self) -> (usize, Vec<String>) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.thread().unpark();
            thread.join().expect("no panic");
        }
        let failures = std::mem::take(&mut *self.failures.lock().expect("no panic"));
        (self.done.load(Ordering::Relaxed), failures)
    }
}

/// Whether a page is answered with 200.
pub(crate) fn answers(port: u16) -> bool {
    Client { port, stays_open: false, stream: None }.get(0).is_ok()
}

/// A client of the front door.
struct Client {
    port: u16,
    stays_open: bool,
    stream: Option<TcpStream>,
}

impl Client {
    fn get(&mut self, page: u32) -> Result<(), String> {
        let is_new = self.stream.is_none();
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        match self.exchange(stream, page) {
            // A server may close an idle connection; every client then opens another one.
            Err(why) if !is_new && why.contains("closed before the reply") => {
                let stream = self.connect()?;
                self.exchange(stream, page)
            }
            result => result,
        }
    }

    fn connect(&self) -> Result<TcpStream, String> {
        let stream = TcpStream::connect(("127.0.0.1", self.port));
        let stream = stream.map_err(|error| format!("not connected: {error}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
        Ok(stream)
    }

    fn exchange(&mut self, mut stream: TcpStream, page: u32) -> Result<(), String> {
        let connection = if self.stays_open { "keep-alive" } else { "close" };
        let request =
            format!("GET /?{page} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n");
        let closed = |error: std::io::Error| format!("closed before the reply: {error}");
        stream.write_all(request.as_bytes()).map_err(closed)?;
        let mut reply = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if let Some(status) = complete(&reply) {
                self.stream = self.stays_open.then_some(stream);
                return if status == 200 { Ok(()) } else { Err(format!("status {status}")) };
            }
            match stream.read(&mut buffer) {
                Ok(0) if reply.is_empty() => return Err("closed before the reply".to_owned()),
                Ok(0) => return Err("the reply is incomplete".to_owned()),
                Ok(count) => reply.extend(&buffer[..count]),
                Err(error) if reply.is_empty() => return Err(closed(error)),
                Err(error) => return Err(format!("the reply is incomplete: {error}")),
            }
        }
    }
}

/// The status of a reply that has arrived completely.
fn complete(reply: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(reply);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut found =
            lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, it)| it.trim());
        found.next().map(str::to_owned)
    };
    if field("transfer-encoding").is_some() {
        return body.ends_with("0\r\n\r\n").then_some(status);
    }
    let length: usize = field("content-length")?.parse().ok()?;
    (body.len() >= length).then_some(status)
}
