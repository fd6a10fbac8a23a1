//! A blocking client for XML-RPC and log streams, configured with a URL and credentials.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::connection::{Connection, WaitLimits};
pub use super::error::ClientError;
use super::error::Result;
use super::framing::Framing;
use super::notice::Notice;
pub use super::trust::{Trust, system_bundle};
use super::url::ServerUrl;
use crate::os::interrupt::Interrupt;
use crate::rpc::value::Value;
use crate::rpc::xml::{self, Call};

/// The maximum length of a response, which may contain a whole log file.
const MAX_BODY: usize = 1 << 30;

/// A client of one server. The connection is opened by the first call.
pub struct Client {
    serverurl: String,
    authorization: Option<String>,
    trust: Trust,
    limits: WaitLimits,
    kept: Option<Connection>,
}

impl Client {
    /// Creates a client for `unix:///path`, `http://host:port` or `https://host:port`. The password is sent only
    /// together with a username.
    pub fn open(serverurl: &str, user: Option<&str>, password: Option<&str>) -> Self {
        let authorization = user.zip(password).map(|(user, password)| {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        });
        let limits = WaitLimits::default();
        let trust = Trust::System;
        Self { serverurl: serverurl.to_owned(), authorization, trust, limits, kept: None }
    }

    /// Which servers an `https://` URL may lead to.
    #[must_use]
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Limits the wait for a reply; then calls fail with [`ClientError::Timeout`]. `None` waits
    /// without limit.
    #[must_use]
    pub fn timeout(mut self, limit: Option<Duration>) -> Self {
        self.limits.timeout = limit;
        self
    }

    /// Makes Ctrl-C end a call with [`ClientError::Interrupted`].
    #[must_use]
    pub fn interrupted_by(mut self, interrupt: Interrupt) -> Self {
        self.limits.interrupt = Some(interrupt);
        self
    }

    /// On a terminal, shows `text` and the time while the next calls wait; empty shows nothing.
    pub fn show_while_waiting(&mut self, text: &str) {
        let notice = (!text.is_empty()).then(|| text.to_owned());
        self.limits.notice = notice.and_then(Notice::on_terminal);
        if let Some(kept) = &mut self.kept {
            kept.limit(self.limits.clone());
        }
    }

    pub fn serverurl(&self) -> &str {
        &self.serverurl
    }

    /// Calls a method and waits for its result.
    pub fn call(&mut self, method: &str, params: &[Value]) -> Result<Value> {
        let call = Call { method: method.to_owned(), params: params.to_vec() };
        let body = self.post(&xml::encode_call(&call))?;
        let response = xml::decode_response(&body);
        response
            .map_err(|error| ClientError::Malformed(error.to_string()))?
            .map_err(ClientError::Fault)
    }

    fn post(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        let url = self.url()?;
        let mut connection = match self.kept.take() {
            Some(connection) => connection,
            None => Connection::connect(&url, &self.trust, self.limits.clone())?,
        };
        let length = request.len();
        let headers = format!("Content-Type: text/xml\r\nContent-Length: {length}\r\n");
        let mut bytes = self.head(&url, "POST /RPC2", &headers).into_bytes();
        bytes.extend_from_slice(request);
        connection.send(&bytes)?;
        let head = connection.head()?;
        if head.code != 200 {
            return Err(ClientError::Status { code: head.code, reason: head.reason });
        }
        let body = read_body(&mut connection, head.framing)?;
        self.kept = head.is_reusable.then_some(connection);
        Ok(body)
    }

    /// Opens a log or event stream.
    pub fn follow(&self, path: &str) -> Result<LogStream> {
        let url = self.url()?;
        let mut connection = Connection::connect(&url, &self.trust, self.limits.clone())?;
        connection.send(self.head(&url, &format!("GET {path}"), "").as_bytes())?;
        let head = connection.head()?;
        match head.code {
            200 => Ok(LogStream { connection, framing: head.framing, ended: false }),
            code => Err(ClientError::Status { code, reason: head.reason }),
        }
    }

    fn url(&self) -> Result<ServerUrl> {
        ServerUrl::parse(&self.serverurl).map_err(ClientError::Url)
    }

    fn head(&self, url: &ServerUrl, request: &str, headers: &str) -> String {
        let host = url.host_header();
        let authorization = self.authorization.as_ref();
        let authorization =
            authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        format!(
            "{request} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: supkit/{}\r\n\
             {authorization}{headers}\r\n",
            env!("CARGO_PKG_VERSION")
        )
    }
}

fn read_body(connection: &mut Connection, mut framing: Framing) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        body.append(&mut connection.take(&mut framing)?);
        if framing.is_over() {
            return Ok(body);
        }
        if body.len() > MAX_BODY {
            return Err(ClientError::Malformed("the response is too long".to_owned()));
        }
        if !connection.fill()? {
            return match framing {
                Framing::UntilClose => Ok(body),
                _ => Err(ClientError::Truncated),
            };
        }
    }
}

/// An open stream.
#[derive(Debug)]
pub struct LogStream {
    connection: Connection,
    framing: Framing,
    ended: bool,
}

impl LogStream {
    /// The next chunk; blocks until there is one. `None` is the end of the stream.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            match self.read_available()? {
                Some(bytes) if bytes.is_empty() => {}
                other => return Ok(other),
            }
        }
    }

    /// The bytes that arrived together with the response head, which polling does not report.
    pub fn buffered(&mut self) -> Result<Vec<u8>> {
        self.connection.take(&mut self.framing)
    }

    /// Available bytes, after at most one read; so the result may be empty. `None` is the end of the
    /// stream.
    pub fn read_available(&mut self) -> Result<Option<Vec<u8>>> {
        let bytes = self.connection.take(&mut self.framing)?;
        if !bytes.is_empty() {
            return Ok(Some(bytes));
        }
        if self.ended || self.framing.is_over() {
            return Ok(None);
        }
        if let Some(has_more) = self.connection.fill_once()? {
            self.ended = !has_more;
        }
        let bytes = self.connection.take(&mut self.framing)?;
        Ok((!bytes.is_empty() || !self.ended).then_some(bytes))
    }
}

impl AsFd for LogStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}
