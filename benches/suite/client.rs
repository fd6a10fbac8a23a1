//! A client that does no more than send a call and read its reply.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

pub(crate) struct Client {
    stream: UnixStream,
    reply: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(socket: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(super::kernel::PATIENCE)).ok()?;
        Some(Self { stream, reply: Vec::new() })
    }

    /// Sends a call and returns the body of the reply.
    pub(crate) fn call(&mut self, request: &[u8]) -> Option<&[u8]> {
        self.stream.write_all(request).ok()?;
        self.reply.clear();
        let mut chunk = vec![0; 64 * 1024];
        let mut end = None;
        while end.is_none_or(|end| self.reply.len() < end) {
            let count = self.stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
            self.reply.extend_from_slice(&chunk[..count]);
            if end.is_none() {
                end = length(&self.reply);
            }
        }
        let head = find(&self.reply, b"\r\n\r\n")? + 4;
        Some(&self.reply[head..])
    }
}

/// The length of the whole reply, when its head is there.
fn length(reply: &[u8]) -> Option<usize> {
    let head = find(reply, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&reply[..head]).to_lowercase();
    let line = text.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    Some(head + line.trim().parse::<usize>().ok()?)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// The bytes of a call without arguments.
pub(crate) fn request(method: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>{method}</methodName>\n<params>\n\
         </params>\n</methodCall>\n"
    );
    let length = body.len();
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
