//! Encodes values with the bytes of Python's `xmlrpc.client.dumps`. Characters that XML does not
//! allow are replaced by U+FFFD, because clients could not parse the message otherwise.

use super::super::fault::Fault;
use super::super::value::Value;
use super::message::Call;
use super::tree::is_xml;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt::Write;

const HEAD: &str = "<?xml version='1.0'?>\n";
/// The line width of base64 in Python.
const BASE64_WIDTH: usize = 76;

pub fn encode_call(call: &Call) -> Vec<u8> {
    let mut out = format!("{HEAD}<methodCall>\n<methodName>");
    escaped(&mut out, &call.method);
    out.push_str("</methodName>\n<params>\n");
    for param in &call.params {
        out.push_str("<param>\n");
        value(&mut out, param);
        out.push_str("</param>\n");
    }
    out.push_str("</params>\n</methodCall>\n");
    out.into_bytes()
}

pub fn encode_response(answer: &Value) -> Vec<u8> {
    let mut out = format!("{HEAD}<methodResponse>\n<params>\n<param>\n");
    value(&mut out, answer);
    out.push_str("</param>\n</params>\n</methodResponse>\n");
    out.into_bytes()
}

pub fn encode_fault(fault: &Fault) -> Vec<u8> {
    let mut out = format!("{HEAD}<methodResponse>\n<fault>\n");
    let content = [
        ("faultCode".to_owned(), Value::Int(fault.code)),
        ("faultString".to_owned(), Value::str(&fault.string)),
    ];
    members(&mut out, &content);
    out.push_str("</fault>\n</methodResponse>\n");
    out.into_bytes()
}

fn value(out: &mut String, content: &Value) {
    match content {
        Value::Int(number) => typed(out, "int", &number.to_string()),
        Value::Bool(flag) => typed(out, "boolean", if *flag { "1" } else { "0" }),
        Value::Double(number) => typed(out, "double", &python_float(*number)),
        Value::Str(text) => typed(out, "string", text),
        Value::DateTime(text) => typed(out, "dateTime.iso8601", text),
        Value::Bytes(bytes) => base64(out, bytes),
        Value::Array(values) => {
            out.push_str("<value><array><data>\n");
            for item in values {
                value(out, item);
            }
            out.push_str("</data></array></value>\n");
        }
        Value::Struct(content) => members(out, content),
        Value::Nil => out.push_str("<value><nil/></value>"),
    }
}

fn typed(out: &mut String, tag: &str, text: &str) {
    let _ = write!(out, "<value><{tag}>");
    escaped(out, text);
    let _ = writeln!(out, "</{tag}></value>");
}

fn members(out: &mut String, content: &[(String, Value)]) {
    out.push_str("<value><struct>\n");
    for (name, member) in content {
        out.push_str("<member>\n<name>");
        escaped(out, name);
        out.push_str("</name>\n");
        value(out, member);
        out.push_str("</member>\n");
    }
    out.push_str("</struct></value>\n");
}

fn base64(out: &mut String, bytes: &[u8]) {
    out.push_str("<value><base64>\n");
    let letters = BASE64_STANDARD.encode(bytes);
    let mut rest = letters.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(BASE64_WIDTH));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out.push_str("</base64></value>\n");
}

fn escaped(out: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            char if is_xml(char) => out.push(char),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// Python's `repr` of a float: the shortest digits, an exponent below 1e-4 and from 1e16.
fn python_float(number: f64) -> String {
    if !number.is_finite() {
        return format!("{number}").to_lowercase();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..=15 => format!("{number:?}"),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
    }
}
