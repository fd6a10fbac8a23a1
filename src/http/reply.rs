//! Replies: status, header fields and body, and their encoding.

use super::date::http_date;
use super::request::{Request, Version};
use std::fmt::Write;

/// A reply. The chunks of a streamed body follow separately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
    /// Close the connection after the reply, even if the client requested keep-alive.
    pub close: bool,
    /// What the page of an error explains, in English; code is between backquotes.
    pub explanation: Option<Box<str>>,
}

/// The words of a reply in the language of a client. Only pages of errors have words of this module.
pub type Reword = fn(Reply) -> Reply;
/// Which language that is.
pub type Wording = fn(&Request) -> Reword;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Full(Vec<u8>),
    /// Chunks until the connection ends.
    Stream,
    /// Chunks with this length in total.
    Sized(u64),
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: Body::Full(body.into()), close: false, explanation: None }
    }

    /// A reply with a streamed body.
    pub fn stream(content_type: &str) -> Self {
        Self { body: Body::Stream, ..Self::new(200, content_type, "") }
    }

    /// A reply whose body of a known length follows in chunks.
    pub fn sized(content_type: &str, length: u64) -> Self {
        Self { body: Body::Sized(length), ..Self::new(200, content_type, "") }
    }

    /// A short page with the status and an explanation, in which code is between backquotes.
    pub fn error(status: u16, text: &str) -> Self {
        let page = error_page("en", status, reason_phrase(status), text);
        let reply = Self::new(status, "text/html; charset=utf-8", page)
            .header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            .header("Cache-Control", "no-store");
        Self { explanation: Some(text.into()), ..reply }
    }

    /// An error after which the connection is closed.
    pub fn fatal(status: u16, text: &str) -> Self {
        Self { close: true, ..Self::error(status, text) }
    }

    /// The system has no memory for a request.
    pub fn no_memory() -> Self {
        Self::fatal(503, "The system has no memory for the request.")
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Encodes status line and header fields.
    pub(super) fn head(&self, version: Version, keep: bool, chunked: bool, wall: i64) -> String {
        let number = if version == Version::Http10 { "1.0" } else { "1.1" };
        let mut out = format!("HTTP/{number} {} {}\r\n", self.status, reason_phrase(self.status));
        let mut field = |name: &str, value: &str| {
            let clean = value.chars().filter(|char| !char.is_control());
            let _ = write!(out, "{name}: ");
            out.extend(clean);
            out.push_str("\r\n");
        };
        field("Server", "supkit");
        field("Date", &http_date(wall));
        for (name, value) in &self.headers {
            field(name, value);
        }
        field("X-Content-Type-Options", "nosniff");
        match &self.body {
            Body::Full(body) => field("Content-Length", &body.len().to_string()),
            Body::Sized(length) => field("Content-Length", &length.to_string()),
            Body::Stream if chunked => field("Transfer-Encoding", "chunked"),
            Body::Stream => {}
        }
        match (keep, version) {
            (false, _) => field("Connection", "close"),
            (true, Version::Http10) => field("Connection", "Keep-Alive"),
            (true, Version::Http11) => {}
        }
        out.push_str("\r\n");
        out
    }
}

/// The page of an error in a language: `en`.
pub fn error_page(language: &str, status: u16, title: &str, text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let part = escaped(part);
        if at % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    let text: String = parts.collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\">\
         <title>{status} {title}</title></head>\n\
         <body><main><h1>{status} {title}</h1><p>{text}</p></main></body>\n</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        303 => "See Other",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Time-out",
        411 => "Length Required",
        413 => "Request Entity Too Large",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
