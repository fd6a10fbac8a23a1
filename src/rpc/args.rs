//! The arguments of a call, and what Python's freedom makes of them: whole numbers may come as text
//! or with a fraction, anything can be true, and the name of a group may be a number that no group
//! has.

use super::fault::{Code, Fault};
use super::value::Value;
use super::xml::int;
use crate::conf::signals::Signal;

pub(super) struct Args<'a>(pub(super) &'a [Value]);

fn incorrect() -> Fault {
    Fault::bare(Code::IncorrectParameters)
}

impl<'a> Args<'a> {
    pub(super) fn value(&self, at: usize) -> &'a Value {
        self.0.get(at).unwrap_or(&Value::Nil)
    }

    /// The name of a process or of a group with `:*`.
    pub(super) fn name(&self, at: usize) -> Result<&'a str, Fault> {
        self.value(at).as_str().ok_or_else(incorrect)
    }

    /// The name of a group: what is no text is the name of no group.
    pub(super) fn group(&self, at: usize) -> Result<&'a str, Fault> {
        match self.value(at) {
            Value::Str(name) => Ok(name),
            Value::Array(_) | Value::Struct(_) => Err(incorrect()),
            Value::Nil => Err(Fault::bare(Code::BadName)),
            other => Err(Fault::new(Code::BadName, shown(other))),
        }
    }

    /// A flag that is true if it is not given.
    pub(super) fn flag(&self, at: usize) -> bool {
        match self.0.get(at) {
            None => true,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Int(number)) => *number != 0,
            Some(Value::Double(number)) => *number != 0.0,
            Some(Value::Str(text) | Value::DateTime(text)) => !text.is_empty(),
            Some(Value::Bytes(bytes)) => !bytes.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Struct(members)) => !members.is_empty(),
            Some(Value::Nil) => false,
        }
    }

    /// A whole number, as `int()` makes it of nearly anything.
    pub(super) fn number(&self, at: usize) -> Result<i64, Fault> {
        match self.value(at) {
            Value::Double(number) if number.is_finite() => Ok(number.trunc() as i64),
            Value::Str(text) => int(text).ok_or_else(incorrect),
            other => other.as_int().ok_or_else(incorrect),
        }
    }

    /// A signal by name or number.
    pub(super) fn signal(&self, at: usize) -> Result<Signal, Fault> {
        let value = self.value(at);
        let signal = match (value, self.number(at)) {
            (Value::Array(_) | Value::Struct(_) | Value::Nil, _) => return Err(incorrect()),
            (_, Ok(number)) => Signal::from_number(number),
            (Value::Str(name), Err(_)) => Signal::from_name(name),
            _ => None,
        };
        signal.ok_or_else(|| Fault::new(Code::BadSignal, shown(value)))
    }

    /// Text, or whatever else is shown as Python would show it.
    pub(super) fn text(&self, at: usize) -> String {
        shown(self.value(at))
    }
}

/// A value as Python's `str()` shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
        Value::Double(number) => format!("{number:?}"),
        Value::Str(text) | Value::DateTime(text) => text.clone(),
        Value::Bytes(bytes) => crate::core::python_repr::bytes_repr(bytes),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", "))
        }
        Value::Struct(members) => {
            let pair = |(name, value): &(String, Value)| {
                format!("{}: {}", crate::ini::text::repr(name), repr(value))
            };
            format!("{{{}}}", members.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Value::Nil => "None".to_owned(),
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Str(text) => crate::ini::text::repr(text),
        other => shown(other),
    }
}
