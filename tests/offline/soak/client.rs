//! XML-RPC calls that are sent now and answered later.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use supkit::rpc::fault::Fault;
use supkit::rpc::value::Value;
use supkit::rpc::xml;

use crate::support::Sandbox;

/// How long the daemon may take to answer. Only a failing test reaches it.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The maximum length of a call in messages.
const MAX_TEXT: usize = 120;

/// The end of a call.
#[derive(Debug)]
pub(super) enum Reply {
    Value(Value),
    Fault(Fault),
    /// There was no complete reply, for this reason.
    Lost(String),
}

/// A call that was sent.
pub(super) struct Call {
    stream: UnixStream,
    /// For messages.
    pub(super) text: String,
}

/// Connects to the daemon.
pub(super) fn connect(sandbox: &Sandbox) -> std::io::Result<UnixStream> {
    let stream = UnixStream::connect(sandbox.path("d.sock"))?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    stream.set_write_timeout(Some(TIME_LIMIT))?;
    Ok(stream)
}

impl Call {
    pub(super) fn send(sandbox: &Sandbox, method: &str, params: &[Value]) -> std::io::Result<Self> {
        let mut stream = connect(sandbox)?;
        let call = xml::Call { method: method.to_owned(), params: params.to_vec() };
        let body = xml::encode_call(&call);
        let head = format!(
            "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat())?;
        let words: Vec<String> = params.iter().map(|param| format!("{param:?}")).collect();
        let text = format!("{method}({})", words.join(", ")).chars().take(MAX_TEXT).collect();
        Ok(Self { stream, text })
    }

    /// Waits for the reply.
    pub(super) fn reply(mut self) -> Reply {
        let mut bytes = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut bytes) {
            return Reply::Lost(format!("after {} bytes: {error}", bytes.len()));
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return Reply::Lost(format!("no reply, only {text:?}"));
        };
        if !head.starts_with("HTTP/1.1 200 ") {
            return Reply::Lost(format!("the reply is {text:?}"));
        }
        match xml::decode_response(body.as_bytes()) {
            Ok(Ok(value)) => Reply::Value(value),
            Ok(Err(fault)) => Reply::Fault(fault),
            Err(error) => Reply::Lost(format!("no XML-RPC ({error:?}): {body:?}")),
        }
    }
}
