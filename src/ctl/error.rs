//! Client errors: an enum for programs, and the Python exception texts of Supervisor's `error:`
//! lines.

use std::fmt;
use std::io;

use crate::rpc::fault::Fault;
use crate::tls::client::TlsError;

/// Why a call failed.
#[derive(Debug)]
pub enum ClientError {
    /// The server returned a fault.
    Fault(Fault),
    /// The server replied with a status other than 200.
    Status { code: u16, reason: String },
    /// The URL is invalid.
    Url(String),
    /// The host name could not be resolved.
    Resolve(String),
    /// A socket operation failed.
    Io(io::Error),
    /// There is no TLS session with the server.
    Tls(TlsError),
    /// The certificates that are to be trusted cannot be read.
    Trust(String),
    /// The server closed the connection before the reply.
    Closed,
    /// The server closed the connection in the middle of the reply.
    Truncated,
    /// The reply is not valid HTTP or XML-RPC.
    Malformed(String),
    /// The server did not reply within the limit.
    Timeout,
    /// Ctrl-C was pressed.
    Interrupted,
}

pub(super) type Result<T> = std::result::Result<T, ClientError>;

impl ClientError {
    /// The fault, if the error is one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// The Python exception class and its text.
    pub(super) fn as_python(&self) -> (&'static str, String) {
        match self {
            Self::Fault(fault) => ("xmlrpc.client.Fault", self::fault(fault)),
            Self::Status { code, reason } => (
                "xmlrpc.client.ProtocolError",
                format!("<ProtocolError for 127.0.0.1/RPC2: {code} {reason}>"),
            ),
            Self::Url(text) => ("ValueError", text.clone()),
            Self::Resolve(text) => ("socket.gaierror", resolve(text)),
            Self::Io(error) => (class(error), os_error(error)),
            Self::Tls(error) => (class_of_tls(error), self.to_string()),
            Self::Trust(text) => ("ssl.SSLError", text.clone()),
            Self::Closed => (
                "http.client.RemoteDisconnected",
                "Remote end closed connection without response".to_owned(),
            ),
            Self::Truncated => ("http.client.IncompleteRead", self.to_string()),
            Self::Malformed(text) => ("http.client.HTTPException", text.clone()),
            Self::Timeout => ("TimeoutError", "timed out".to_owned()),
            Self::Interrupted => ("KeyboardInterrupt", String::new()),
        }
    }
}

/// Formats a fault as Python does.
pub(super) fn fault(fault: &Fault) -> String {
    format!("<Fault {}: {}>", fault.code, crate::conf::python::repr(&fault.string))
}

fn class_of_tls(error: &TlsError) -> &'static str {
    match error {
        TlsError::Expired(_)
        | TlsError::NotYetValid(_)
        | TlsError::UnknownIssuer
        | TlsError::OtherName(_)
        | TlsError::OtherCertificate(_) => "ssl.SSLCertVerificationError",
        TlsError::BadName | TlsError::NoTls | TlsError::Refused(_) | TlsError::Other(_) => {
            "ssl.SSLError"
        }
    }
}

/// What to do.
fn remedy(error: &TlsError) -> Option<&'static str> {
    Some(match error {
        TlsError::BadName => "correct `serverurl`",
        TlsError::Expired(_) => "replace it; supervisord reads the new one without a restart",
        TlsError::NotYetValid(_) => "compare the clock of this machine with that of the server",
        TlsError::UnknownIssuer => {
            "name a file with the certificate of that authority, or of the server if it signs itself: \
             `--cacert FILE`, or `cacert` in [supervisorctl]"
        }
        TlsError::OtherName(names) if names.is_empty() => "make one with a subjectAltName",
        TlsError::OtherName(_) => "use one of its names in `serverurl`",
        TlsError::OtherCertificate(_) => "use another certificate on the server",
        TlsError::NoTls => "use `http://` in `serverurl`, or set `certificate` for the server",
        TlsError::Refused(_) | TlsError::Other(_) => return None,
    })
}

fn class(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "ConnectionRefusedError",
        io::ErrorKind::ConnectionReset => "ConnectionResetError",
        io::ErrorKind::ConnectionAborted => "ConnectionAbortedError",
        io::ErrorKind::BrokenPipe => "BrokenPipeError",
        io::ErrorKind::NotFound => "FileNotFoundError",
        io::ErrorKind::PermissionDenied => "PermissionError",
        io::ErrorKind::TimedOut => "TimeoutError",
        io::ErrorKind::NotADirectory => "NotADirectoryError",
        _ => "OSError",
    }
}

/// `[Errno 2] No such file or directory`.
fn os_error(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => {
            let text = error.to_string();
            let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
            format!("[Errno {code}] {text}")
        }
        None => error.to_string(),
    }
}

/// Adds the resolver's error number, which the standard library does not provide.
fn resolve(text: &str) -> String {
    let code = match text {
        "Name or service not known" => -2,
        "Temporary failure in name resolution" => -3,
        "No address associated with hostname" => -5,
        _ => -4,
    };
    format!("[Errno {code}] {text}")
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::Status { code, reason } => write!(f, "the server replied {code} {reason}"),
            Self::Url(text) | Self::Resolve(text) | Self::Malformed(text) | Self::Trust(text) => {
                f.write_str(text)
            }
            Self::Tls(error) => match remedy(error) {
                Some(remedy) => write!(f, "{error}; {remedy}"),
                None => write!(f, "{error}"),
            },
            Self::Io(error) => write!(f, "{error}"),
            Self::Closed => f.write_str("the server closed the connection without a reply"),
            Self::Truncated => {
                f.write_str("the server closed the connection in the middle of its reply")
            }
            Self::Timeout => f.write_str("the server did not reply in time"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::fault::Code;

    #[test]
    fn errors_have_pythons_texts() {
        let words = |error: ClientError| {
            let (class, text) = error.as_python();
            format!("{class}, {text}")
        };
        assert_eq!(
            words(ClientError::Io(io::Error::from_raw_os_error(111))),
            "ConnectionRefusedError, [Errno 111] Connection refused"
        );
        assert_eq!(
            words(ClientError::Io(io::Error::from_raw_os_error(2))),
            "FileNotFoundError, [Errno 2] No such file or directory"
        );
        assert_eq!(
            words(ClientError::Status { code: 401, reason: "Unauthorized".to_owned() }),
            "xmlrpc.client.ProtocolError, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>"
        );
        assert_eq!(
            words(ClientError::Fault(Fault::new(Code::BadName, "it's"))),
            "xmlrpc.client.Fault, <Fault 10: \"BAD_NAME: it's\">"
        );
        assert_eq!(
            words(ClientError::Resolve("Name or service not known".to_owned())),
            "socket.gaierror, [Errno -2] Name or service not known"
        );
    }
}
