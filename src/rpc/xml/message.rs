//! A decoded call, the errors of decoding, and the limits of a message.

use super::super::value::Value;

/// The maximum nesting depth of elements.
pub const MAX_DEPTH: usize = 64;
/// The maximum number of elements in a call; without it a call of 4 MB could contain a million.
pub const MAX_ELEMENTS: usize = 200_000;
/// The same for a response: enough for 40,000 processes.
pub const MAX_RESPONSE_ELEMENTS: usize = 2_000_000;

/// The shortest element, such as `<a/>`.
const MIN_ELEMENT: usize = 4;
/// The memory of an element in the tree and as a value, while the containers grow.
const ELEMENT_MEMORY: usize = 240;

/// The memory that decoding a message of this length needs at most.
pub fn decoding_memory(length: usize) -> usize {
    2 * length + (length / MIN_ELEMENT).min(MAX_ELEMENTS) * ELEMENT_MEMORY
}

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
    TooManyElements(usize),
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
            Self::TooManyElements(max) => write!(f, "more than {max} elements"),
            Self::NoMethodName => f.write_str("no method name"),
            Self::BadValue(tag) => write!(f, "bad value in `<{tag}>`"),
            Self::NoValue => f.write_str("neither a value nor a fault"),
        }
    }
}

impl std::error::Error for XmlError {}
