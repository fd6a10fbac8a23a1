//! A client of the XML-RPC interface, and of the log streams beside it. It blocks; it knows a url,
//! a user and a password, and no action of `supervisorctl`.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

pub use super::error::ClientError;
use super::error::Result;
use super::framing::Framing;
use super::url::ServerUrl;
use super::wire::{Patience, Wire};
use crate::os::interrupt::Interrupt;
use crate::rpc::value::Value;
use crate::rpc::xml::{self, Call};

/// An answer may be a whole log file, so the bound is wide.
const BODY_LIMIT: usize = 1 << 30;

/// A server that can be called. Opening one does not connect: the first call does.
pub struct Client {
    serverurl: String,
    authorization: Option<String>,
    patience: Patience,
    kept: Option<Wire>,
}

impl Client {
    /// A server by its url: `unix:///path`, `http://host:port`. The password is sent only if there
    /// is a user name too.
    pub fn open(serverurl: &str, user: Option<&str>, password: Option<&str>) -> Self {
        let authorization = user.zip(password).map(|(user, password)| {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        });
        let patience = Patience::default();
        Self { serverurl: serverurl.to_owned(), authorization, patience, kept: None }
    }

    /// Gives up with [`ClientError::Timeout`] after so long a silence; `None` waits for ever.
    #[must_use]
    pub fn timeout(mut self, limit: Option<Duration>) -> Self {
        self.patience.limit = limit;
        self
    }

    /// Gives up with [`ClientError::Interrupted`] at Ctrl-C.
    #[must_use]
    pub fn interrupted_by(mut self, interrupt: Interrupt) -> Self {
        self.patience.interrupt = Some(interrupt);
        self
    }

    pub fn serverurl(&self) -> &str {
        &self.serverurl
    }

    /// Calls a method and waits for its answer.
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
        let mut wire = match self.kept.take() {
            Some(wire) => wire,
            None => Wire::connect(&url, self.patience.clone())?,
        };
        let length = request.len();
        let headers = format!("Content-Type: text/xml\r\nContent-Length: {length}\r\n");
        let mut bytes = self.head(&url, "POST /RPC2", &headers).into_bytes();
        bytes.extend_from_slice(request);
        wire.send(&bytes)?;
        let head = wire.head()?;
        if head.code != 200 {
            return Err(ClientError::Status { code: head.code, reason: head.reason });
        }
        let body = whole_body(&mut wire, head.framing)?;
        self.kept = head.stays_open.then_some(wire);
        Ok(body)
    }

    /// Opens a stream that goes on until the server or the caller ends it.
    pub fn follow(&self, path: &str) -> Result<Follow> {
        let url = self.url()?;
        let mut wire = Wire::connect(&url, self.patience.clone())?;
        wire.send(self.head(&url, &format!("GET {path}"), "").as_bytes())?;
        let head = wire.head()?;
        match head.code {
            200 => Ok(Follow { wire, framing: head.framing, ended: false }),
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

fn whole_body(wire: &mut Wire, mut framing: Framing) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        body.append(&mut wire.take(&mut framing)?);
        if framing.is_over() {
            return Ok(body);
        }
        if body.len() > BODY_LIMIT {
            return Err(ClientError::Malformed("the answer is too long".to_owned()));
        }
        if !wire.fill()? {
            return match framing {
                Framing::UntilClose => Ok(body),
                _ => Err(ClientError::Truncated),
            };
        }
    }
}

/// A log as it grows.
#[derive(Debug)]
pub struct Follow {
    wire: Wire,
    framing: Framing,
    ended: bool,
}

impl Follow {
    /// What has come since the last time; waits if nothing has. `None` is the end.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            match self.piece()? {
                Some(bytes) if bytes.is_empty() => {}
                other => return Ok(other),
            }
        }
    }

    /// Whether [`Self::piece`] has something to give although nothing new came.
    pub fn has_ahead(&self) -> bool {
        self.wire.has_ahead()
    }

    /// The same with no more than one read, so that it may be empty; for who waits for many.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        let bytes = self.wire.take(&mut self.framing)?;
        if !bytes.is_empty() {
            return Ok(Some(bytes));
        }
        if self.ended || self.framing.is_over() {
            return Ok(None);
        }
        self.ended = !self.wire.fill()?;
        let bytes = self.wire.take(&mut self.framing)?;
        Ok((!bytes.is_empty() || !self.ended).then_some(bytes))
    }
}

impl AsFd for Follow {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wire.as_fd()
    }
}
