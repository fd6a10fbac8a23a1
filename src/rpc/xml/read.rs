//! Converts elements to values as leniently as Supervisor: `<boolean>` is true only for exactly
//! `1`, base64 that is UTF-8 becomes a string, an untyped value is a string, and an unknown element
//! is its text.

use super::super::fault::Fault;
use super::super::value::{Name, Value};
use super::message::{Call, XmlError};
use super::tree::{Element, Tag};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The maximum number of members of a struct; a later member replaces an earlier one of the same
/// name.
const MAX_MEMBERS: usize = 512;

pub(super) fn call(root: &Element) -> Result<Call, XmlError> {
    let method = find(root, Tag::MethodName).map_or("", |name| name.text.as_str());
    if method.is_empty() {
        return Err(XmlError::NoMethodName);
    }
    let params = match find(root, Tag::Params) {
        Some(params) => list(params)?,
        None => Vec::new(),
    };
    Ok(Call { method: method.to_owned(), params })
}

pub(super) fn response(root: &Element) -> Result<Result<Value, Fault>, XmlError> {
    if let Some(fault) = find(root, Tag::Fault) {
        let value = first(fault, "fault")?;
        let code = value.get("faultCode").and_then(Value::as_int);
        let string = value.get("faultString").and_then(Value::as_str).unwrap_or_default();
        let code = code.ok_or(XmlError::BadValue("fault"))?;
        return Ok(Err(Fault { code, string: string.to_owned() }));
    }
    let params = find(root, Tag::Params).ok_or(XmlError::NoValue)?;
    list(params)?.into_iter().next().map(Ok).ok_or(XmlError::NoValue)
}

fn find(root: &Element, tag: Tag) -> Option<&Element> {
    root.children.iter().rfind(|child| child.tag == tag)
}

fn list(element: &Element) -> Result<Vec<Value>, XmlError> {
    element.children.iter().map(value).collect()
}

fn first(element: &Element, tag: &'static str) -> Result<Value, XmlError> {
    element.children.first().map_or(Err(XmlError::BadValue(tag)), value)
}

fn value(element: &Element) -> Result<Value, XmlError> {
    let text = element.text.as_str();
    Ok(match element.tag {
        Tag::Value if element.children.is_empty() => Value::str(text),
        Tag::Value => first(element, "value")?,
        Tag::Param => first(element, "param")?,
        Tag::Array => first(element, "array")?,
        Tag::Data | Tag::Params => Value::Array(list(element)?),
        Tag::Struct => members(element)?,
        Tag::Int => Value::Int(int(text).ok_or(XmlError::BadValue("int"))?),
        Tag::Boolean => Value::Bool(text == "1"),
        Tag::Double => {
            Value::Double(text.trim().parse().map_err(|_| XmlError::BadValue("double"))?)
        }
        Tag::DateTime if is_datetime(text) => Value::DateTime(text.to_owned()),
        Tag::DateTime => return Err(XmlError::BadValue("dateTime.iso8601")),
        Tag::Base64 => base64(text)?,
        Tag::Str => Value::str(text),
        _ if text.is_empty() => Value::Nil,
        _ => Value::str(text),
    })
}

fn members(element: &Element) -> Result<Value, XmlError> {
    if element.children.len() > MAX_MEMBERS {
        return Err(XmlError::BadValue("struct"));
    }
    let mut members: Vec<(Name, Value)> = Vec::with_capacity(element.children.len());
    for member in &element.children {
        let [name, content] = member.children.as_slice() else {
            return Err(XmlError::BadValue("member"));
        };
        let content = value(content)?;
        match members.iter_mut().find(|(key, _)| *key == name.text) {
            Some(earlier) => earlier.1 = content,
            None => members.push((name.text.clone().into(), content)),
        }
    }
    Ok(Value::Struct(members))
}

/// Parses an integer like Python's `int()`, ASCII only.
pub(crate) fn int(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let parts_are_numbers =
        digits.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !parts_are_numbers {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// `YYYYMMDDTHH:MM:SS`.
fn is_datetime(text: &str) -> bool {
    let shape = b"00000000T00:00:00";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(byte, want)| match want {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *want,
        })
}

fn base64(text: &str) -> Result<Value, XmlError> {
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
    let letters: Vec<u8> = text.bytes().filter(is_base64).collect();
    let bytes = BASE64_STANDARD.decode(letters).map_err(|_| XmlError::BadValue("base64"))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Value::Str(text),
        Err(not_text) => Value::Bytes(not_text.into_bytes()),
    })
}
