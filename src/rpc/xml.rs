//! Encodes and decodes XML-RPC calls, responses and faults. The decoder is as lenient as
//! Supervisor's and limits depth and element count; the encoder writes the same bytes as Python's
//! `xmlrpc.client`. The size of a body is limited by the HTTP layer.

pub(crate) use read::int;

mod read;
mod tree;
mod write;

use super::fault::Fault;
use super::value::Value;
pub use tree::{MAX_DEPTH, MAX_ELEMENTS};
pub use write::{encode_call, encode_fault, encode_response};

/// A method call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: String,
    pub params: Vec<Value>,
}

/// Why a text is not a call or response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XmlError {
    NotUtf8,
    Malformed(String),
    /// Rejected, because document types can define entities.
    Doctype,
    /// Neither a predefined entity nor a character reference.
    Entity(String),
    TooDeep,
    TooManyElements,
    NoMethodName,
    /// An element with an invalid number, date or member.
    BadValue(&'static str),
    /// A response with neither a value nor a fault.
    NoValue,
}

impl std::fmt::Display for XmlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Malformed(why) => write!(f, "not well-formed: {why}"),
            Self::Doctype => f.write_str("a document type is not accepted"),
            Self::Entity(name) => write!(f, "unknown entity `&{name};`"),
            Self::TooDeep => write!(f, "more than {MAX_DEPTH} elements inside each other"),
            Self::TooManyElements => write!(f, "more than {MAX_ELEMENTS} elements"),
            Self::NoMethodName => f.write_str("no method name"),
            Self::BadValue(tag) => write!(f, "bad value in `<{tag}>`"),
            Self::NoValue => f.write_str("neither a value nor a fault"),
        }
    }
}

impl std::error::Error for XmlError {}

/// Decodes a method call. The name of the root element is not checked and `<params>` may be
/// missing.
pub fn decode_call(bytes: &[u8]) -> Result<Call, XmlError> {
    if bytes.iter().any(|&byte| byte < b' ' && !b"\t\n\r".contains(&byte)) {
        return Err(XmlError::Malformed("a control character".to_owned()));
    }
    read::call(&tree::parse(bytes)?)
}

/// Decodes a response; the inner result is the result of the method.
pub fn decode_response(bytes: &[u8]) -> Result<Result<Value, Fault>, XmlError> {
    read::response(&tree::parse(bytes)?)
}

#[cfg(test)]
mod tests;
