//! A client that does no more than send a call and read its reply.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

pub(crate) struct Client {
    stream: UnixStream,
    chunk: Vec<u8>,
    reply: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(socket: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(super::kernel::PATIENCE)).ok()?;
        stream.set_write_timeout(Some(super::kernel::PATIENCE)).ok()?;
        Some(Self { stream, chunk: vec![0; 64 * 1024], reply: Vec::new() })
    }

    /// Sends a call and returns the body of the reply.
    pub(crate) fn call(&mut self, request: &[u8]) -> Option<&[u8]> {
        self.send(request)?;
        self.receive()
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> Option<()> {
        self.stream.write_all(request).ok()
    }

    /// Waits for a reply and returns its body.
    pub(crate) fn receive(&mut self) -> Option<&[u8]> {
        self.reply.clear();
        let mut length = None;
        while length.is_none_or(|(head, body)| self.reply.len() < head + body) {
            let count = self.stream.read(&mut self.chunk).ok().filter(|count| *count > 0)?;
            self.reply.extend_from_slice(&self.chunk[..count]);
            length = length.or_else(|| length_of(&self.reply));
        }
        let (head, body) = length?;
        (self.reply.len() == head + body).then(|| &self.reply[head..])
    }
}

/// The lengths of head and body, when the head is there.
fn length_of(reply: &[u8]) -> Option<(usize, usize)> {
    let head = reply.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&reply[..head]).to_lowercase();
    let line = text.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    Some((head, line.trim().parse().ok()?))
}

/// The bytes of a call whose arguments are texts.
pub(crate) fn request(method: &str, arguments: &[&str]) -> Vec<u8> {
    let of = |text: &&str| format!("<param><value><string>{text}</string></value></param>\n");
    let arguments: String = arguments.iter().map(of).collect();
    let body = format!(
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>{method}</methodName>\n<params>\n\
         {arguments}</params>\n</methodCall>\n"
    );
    let length = body.len();
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
