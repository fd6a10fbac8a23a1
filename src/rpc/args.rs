//! The arguments of a call, converted as leniently as Supervisor's Python code does: integers may
//! be strings or floats, any value may be a flag, and a group name may be any scalar.

use super::fault::{Code, Fault};
use super::value::{Name, Value};
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

    /// The name of a process, or of a group followed by `:*`.
    pub(super) fn name(&self, at: usize) -> Result<&'a str, Fault> {
        self.value(at).as_str().ok_or_else(incorrect)
    }

    /// The name of a group. A scalar that is not a string is reported as an unknown name.
    pub(super) fn group(&self, at: usize) -> Result<&'a str, Fault> {
        match self.value(at) {
            Value::Str(name) => Ok(name),
            Value::Array(_) | Value::Struct(_) => Err(incorrect()),
            Value::Nil => Err(Fault::bare(Code::BadName)),
            other => Err(Fault::new(Code::BadName, python_str(other))),
        }
    }

    /// A flag that defaults to true.
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
            Some(Value::Nil | Value::Log(_) | Value::Encoded(_)) => false,
        }
    }

    /// An integer, converted as by Python's `int()`.
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
        signal.ok_or_else(|| Fault::new(Code::BadSignal, python_str(value)))
    }

    /// A string; any other value is formatted as by Python's `str()`.
    pub(super) fn text(&self, at: usize) -> String {
        python_str(self.value(at))
    }
}

/// Formats a value as Python's `str()` does.
pub(super) fn python_str(value: &Value) -> String {
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
            let pair = |(name, value): &(Name, Value)| {
                format!("{}: {}", crate::ini::text::repr(name), repr(value))
            };
            format!("{{{}}}", members.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        // Only replies contain them.
        Value::Log(_) | Value::Encoded(_) => String::new(),
        Value::Nil => "None".to_owned(),
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Str(text) => crate::ini::text::repr(text),
        other => python_str(other),
    }
}
