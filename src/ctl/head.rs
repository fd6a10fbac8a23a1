//! Parses the head of an HTTP response. It uses no socket.

use super::framing::{Chunk, Framing};

/// The maximum length of a head.
pub const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;

/// A response head.
#[derive(Debug)]
pub struct Head {
    pub code: u16,
    pub reason: String,
    pub framing: Framing,
    /// Whether the connection can be reused.
    pub is_reusable: bool,
}

/// Parses a head; returns it with its length, or `None` if it is incomplete.
pub fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("the response is not HTTP: {error}")),
    };
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| String::from_utf8_lossy(header.value).trim().to_lowercase())
    };
    let framing = if value("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        Framing::Chunked(Chunk::Size)
    } else if let Some(text) = value("content-length") {
        Framing::Length(text.parse().map_err(|_| "the response has an invalid length")?)
    } else {
        Framing::UntilClose
    };
    let connection = value("connection").unwrap_or_default();
    let is_reusable = framing != Framing::UntilClose
        && match response.version {
            Some(1) => connection != "close",
            _ => connection == "keep-alive",
        };
    let code = response.code.unwrap_or_default();
    let reason = response.reason.unwrap_or_default().to_owned();
    Ok(Some((Head { code, reason, framing, is_reusable }, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Option<Head> {
        parse(text.as_bytes()).expect("HTTP").map(|(head, _)| head)
    }

    #[test]
    fn a_head_determines_how_its_body_is_delimited() {
        let got = head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").expect("whole");
        assert_eq!((got.code, got.framing, got.is_reusable), (200, Framing::Length(3), true));
        let got = head("HTTP/1.0 200 OK\r\n\r\n").expect("whole");
        assert_eq!((got.framing, got.is_reusable), (Framing::UntilClose, false));
        let got = head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").expect("whole");
        assert_eq!(got.framing, Framing::Chunked(Chunk::Size));
    }

    #[test]
    fn an_incomplete_head_is_none() {
        assert!(head("HTTP/1.1 200 OK\r\nContent-").is_none());
    }
}
