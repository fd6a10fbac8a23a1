//! Passes connections on to the daemon and counts its open event streams.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::Sandbox;

pub(crate) struct Relay {
    pub(crate) port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Relay {
    pub(crate) fn start(sandbox: &Sandbox, to: u16) -> Self {
        Self::run(sandbox, to, true)
    }

    /// Closes the connection of each event stream.
    pub(crate) fn start_without_streams(sandbox: &Sandbox, to: u16) -> Self {
        Self::run(sandbox, to, false)
    }

    fn run(sandbox: &Sandbox, to: u16, with_streams: bool) -> Self {
        let port = sandbox.port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let counts = Arc::clone(&shared);
                let pair = (client.try_clone(), server.try_clone());
                let (Ok(to_client), Ok(from_server)) = pair else { continue };
                std::thread::spawn(move || pass(from_server, to_client, None));
                std::thread::spawn(move || pass(client, server, Some((&counts, with_streams))));
            }
        });
        Self { port, counts }
    }

    /// The event streams that are open now.
    pub(crate) fn streams(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// The most that were open at once.
    pub(crate) fn most(&self) -> usize {
        self.counts.most.load(Ordering::SeqCst)
    }
}

/// Copies until one side ends, then ends both. The browser sends a request in one piece.
fn pass(mut from: TcpStream, mut to: TcpStream, counts: Option<(&Counts, bool)>) {
    let mut buffer = [0; 16_384];
    let mut is_stream = false;
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if let Some((counts, is_allowed)) = counts.filter(|_| buffer.starts_with(b"GET /events?")) {
            if !is_allowed {
                break;
            }
            let open = counts.open.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most.fetch_max(open, Ordering::SeqCst);
            is_stream = true;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    if let Some((counts, _)) = counts.filter(|_| is_stream) {
        counts.open.fetch_sub(1, Ordering::SeqCst);
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
