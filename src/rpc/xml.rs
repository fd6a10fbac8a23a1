//! Encodes and decodes XML-RPC calls, responses and faults. The decoder is as lenient as
//! Supervisor's and limits depth and element count; the encoder writes the same bytes as Python's
//! `xmlrpc.client`. The size of a body is limited by the HTTP layer.

pub(crate) use read::int;

mod document;
mod escape;
mod message;
mod read;
mod tree;
mod write;

use super::fault::Fault;
use super::value::Value;
pub use document::{Document, DocumentReader, MAX_PIECE};
pub use message::{
    Call, MAX_DEPTH, MAX_ELEMENTS, MAX_RESPONSE_ELEMENTS, XmlError, decoding_memory,
};
pub use write::{ArrayWriter, encode_call, encode_fault, encode_response};

/// Decodes a method call. The name of the root element is not checked and `<params>` may be
/// missing.
pub fn decode_call(bytes: &[u8]) -> Result<Call, XmlError> {
    if bytes.iter().any(|&byte| byte < b' ' && !b"\t\n\r".contains(&byte)) {
        return Err(XmlError::Malformed("a control character".to_owned()));
    }
    read::call(&tree::parse(bytes, MAX_ELEMENTS)?)
}

/// Decodes a response; the inner result is the result of the method.
pub fn decode_response(bytes: &[u8]) -> Result<Result<Value, Fault>, XmlError> {
    read::response(&tree::parse(bytes, MAX_RESPONSE_ELEMENTS)?)
}

#[cfg(test)]
mod tests;
