//! Parses request heads (with httparse), enforces limits and determines how the body is delimited.

use super::request::{Request, Version};
use super::{MAX_BODY, MAX_HEAD, MAX_HEADERS, Reply};

/// How the body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(usize),
    Chunked,
}

/// A parsed head and its length in bytes.
pub(super) struct Head {
    pub(super) request: Request,
    pub(super) length: usize,
}

/// Parses a head at the start of `input`; `None` if it is incomplete.
pub(super) fn head(input: &[u8]) -> Result<Option<Head>, Reply> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(input) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => {
            Ok(Some(Head { request: owned(&parsed), length }))
        }
        Ok(httparse::Status::Partial) if input.len() <= MAX_HEAD => Ok(None),
        Ok(_) => Err(Reply::fatal(431, "The head of the request is longer than 16 KiB.")),
        Err(httparse::Error::TooManyHeaders) => {
            Err(Reply::fatal(431, "The request has too many header fields."))
        }
        Err(_) => Err(Reply::fatal(400, "This is not an HTTP request.")),
    }
}

fn owned(parsed: &httparse::Request<'_, '_>) -> Request {
    let field = |header: &httparse::Header<'_>| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_owned(), value)
    };
    Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: origin_form(parsed.path.unwrap_or("/")).to_owned(),
        version: if parsed.version == Some(1) { Version::Http11 } else { Version::Http10 },
        headers: parsed.headers.iter().map(field).collect(),
        body: None,
    }
}

/// Converts `http://host/path` to `/path`.
fn origin_form(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://").filter(|_| !target.starts_with('/')) else {
        return target;
    };
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// How the body is delimited. Contradictory header fields are rejected, because they allow request
/// smuggling through a proxy.
pub(super) fn framing(request: &Request) -> Result<Framing, Reply> {
    let unclear = || Reply::fatal(400, "The length of the request is ambiguous.");
    let fields = |name: &'static str| {
        let named = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        request.headers.iter().filter(named).map(|(_, value)| value.trim())
    };
    let encodings: Vec<&str> = fields("transfer-encoding").collect();
    let mut lengths: Vec<&str> = fields("content-length").collect();
    lengths.dedup();
    match (encodings.as_slice(), lengths.as_slice()) {
        ([], []) => Ok(Framing::None),
        ([encoding], []) if encoding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        ([], [length]) if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) => {
            match length.parse() {
                Ok(length) if length <= MAX_BODY => Ok(Framing::Length(length)),
                _ => Err(too_large()),
            }
        }
        _ => Err(unclear()),
    }
}

pub(super) fn too_large() -> Reply {
    Reply::fatal(413, "The body of the request is longer than 4 MiB.")
}
