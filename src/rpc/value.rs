//! The types of XML-RPC.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::log_text::LogText;

/// The name of a member: nearly always a constant.
pub type Name = Cow<'static, str>;

/// An XML-RPC value. Structs keep the order of their members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Int(i64),
    Bool(bool),
    Double(f64),
    Str(String),
    /// A string that is read from a log while it is sent.
    #[serde(skip)]
    Log(LogText),
    /// `dateTime.iso8601`, as received.
    DateTime(String),
    /// `base64`, decoded.
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Struct(Vec<(Name, Value)>),
    /// What was encoded as it was made: a large answer that nothing but the client looks at.
    Encoded(String),
    Nil,
}

/// The members of a struct, one after the other.
pub trait Members {
    fn text(&mut self, name: &'static str, text: &str);
    fn int(&mut self, name: &'static str, number: i64);
    fn flag(&mut self, name: &'static str, flag: bool);
}

impl Members for Vec<(Name, Value)> {
    fn text(&mut self, name: &'static str, text: &str) {
        self.push((name.into(), Value::str(text)));
    }

    fn int(&mut self, name: &'static str, number: i64) {
        self.push((name.into(), Value::Int(number)));
    }

    fn flag(&mut self, name: &'static str, flag: bool) {
        self.push((name.into(), Value::Bool(flag)));
    }
}

impl Value {
    pub fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// A struct with these members.
    pub fn record(members: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Struct(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The member of a struct.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Struct(members) => members.iter().find(|(key, _)| key == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// About the number of bytes of its encoding, without logs.
    pub fn size(&self) -> usize {
        match self {
            Self::Str(text) | Self::DateTime(text) => 32 + text.len(),
            Self::Encoded(text) => text.len(),
            Self::Bytes(bytes) => 32 + bytes.len() * 4 / 3,
            Self::Array(values) => 48 + values.iter().map(Self::size).sum::<usize>(),
            Self::Struct(members) => {
                let member = |(name, value): &(Name, Self)| 40 + name.len() + value.size();
                40 + members.iter().map(member).sum::<usize>()
            }
            Self::Int(_) | Self::Bool(_) | Self::Double(_) | Self::Log(_) | Self::Nil => 32,
        }
    }

    /// Whether a log is in it, which cannot be saved.
    pub(super) fn has_log(&self) -> bool {
        match self {
            Self::Log(_) => true,
            Self::Array(values) => values.iter().any(Self::has_log),
            Self::Struct(members) => members.iter().any(|(_, value)| value.has_log()),
            _ => false,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }
}
