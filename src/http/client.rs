//! One request of a client and its reply, as bytes: enough for a probe. HTTP/1.0, so that the reply
//! is not chunked and ends with the connection.

use super::{MAX_BODY, MAX_HEAD, MAX_HEADERS};

/// The reply of a server, as far as it has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientReply<'b> {
    pub status: u16,
    pub body: &'b [u8],
    /// Whether the body is complete, as far as that is known without the end of the connection.
    pub is_complete: bool,
}

/// The bytes of a `GET` request. A `Host` field in `extra` replaces `host`.
pub fn get(host: &str, path: &str, extra: Option<&str>) -> Vec<u8> {
    let is_host = |field: &str| field.to_ascii_lowercase().starts_with("host:");
    let host = match extra {
        Some(field) if is_host(field) => String::new(),
        _ => format!("Host: {host}\r\n"),
    };
    let extra = extra.map(|field| format!("{field}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.0\r\n{host}{extra}User-Agent: supkit\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    )
    .into_bytes()
}

/// Parses what has arrived; `None` if the head is incomplete.
pub fn reply(input: &[u8]) -> Result<Option<ClientReply<'_>>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    match parsed.parse(input) {
        Ok(httparse::Status::Complete(length)) => {
            let body = &input[length..];
            let is_length =
                |it: &&httparse::Header<'_>| it.name.eq_ignore_ascii_case("content-length");
            let length = parsed.headers.iter().find(is_length);
            let length = length.and_then(|it| std::str::from_utf8(it.value).ok()?.parse().ok());
            let is_complete = length.is_some_and(|length: usize| body.len() >= length);
            let status = parsed.code.unwrap_or_default();
            Ok(Some(ClientReply {
                status,
                body,
                is_complete: is_complete || body.len() > MAX_BODY,
            }))
        }
        Ok(httparse::Status::Partial) if input.len() <= MAX_HEAD => Ok(None),
        Ok(httparse::Status::Partial) => Err("the head of the reply is too long".to_owned()),
        Err(_) => Err("the reply is not HTTP".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_may_arrive_in_pieces() {
        let bytes = b"HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nhello";
        for end in 0..bytes.len() {
            let read = reply(&bytes[..end]).unwrap();
            assert!(read.is_none_or(|reply| reply.status == 302 && !reply.is_complete), "{end}");
        }
        let read = reply(bytes).unwrap().unwrap();
        assert_eq!(read, ClientReply { status: 302, body: b"hello", is_complete: true });
        assert!(reply(b"SSH-2.0-OpenSSH\r\n").is_err());
        assert!(
            reply(&[b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 100_000]].concat()).is_err()
        );
    }

    #[test]
    fn a_host_field_replaces_the_one_of_the_url() {
        let request = |extra| String::from_utf8(get("127.0.0.1:80", "/x", extra)).unwrap();
        assert!(request(None).starts_with("GET /x HTTP/1.0\r\nHost: 127.0.0.1:80\r\n"));
        assert!(request(Some("X-A: b")).contains("\r\nHost: 127.0.0.1:80\r\nX-A: b\r\n"));
        let own = request(Some("Host: plone.org"));
        assert!(own.contains("\r\nHost: plone.org\r\n") && !own.contains("127.0.0.1"));
    }
}
