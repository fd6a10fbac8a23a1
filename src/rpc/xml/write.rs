//! Encodes values with the bytes of Python's `xmlrpc.client.dumps`. Logs stay parts of the message
//! that are read when it is sent.

use super::super::fault::Fault;
use super::super::value::{Members, Name, Value};
use super::document::Document;
use super::escape::escaped;
use super::message::Call;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt::Write;

const HEAD: &str = "<?xml version='1.0'?>\n";
const ARRAY_BEGIN: &str = "<value><array><data>\n";
const ARRAY_END: &str = "</data></array></value>\n";
const STRUCT_BEGIN: &str = "<value><struct>\n";
const STRUCT_END: &str = "</struct></value>\n";
/// The line width of base64 in Python.
const BASE64_WIDTH: usize = 76;

pub fn encode_call(call: &Call) -> Vec<u8> {
    let mut out = Document::default();
    let _ = write!(out.text(), "{HEAD}<methodCall>\n<methodName>");
    escaped(out.text(), &call.method);
    out.text().push_str("</methodName>\n<params>\n");
    for param in &call.params {
        out.text().push_str("<param>\n");
        value(&mut out, param);
        out.text().push_str("</param>\n");
    }
    out.text().push_str("</params>\n</methodCall>\n");
    out.into_bytes().unwrap_or_default()
}

pub fn encode_response(answer: &Value) -> Document {
    let mut out = Document::default();
    out.text().reserve(answer.size());
    let _ = write!(out.text(), "{HEAD}<methodResponse>\n<params>\n<param>\n");
    value(&mut out, answer);
    out.text().push_str("</param>\n</params>\n</methodResponse>\n");
    out
}

pub fn encode_fault(fault: &Fault) -> Vec<u8> {
    let mut out = Document::default();
    let _ = write!(out.text(), "{HEAD}<methodResponse>\n<fault>\n");
    let content = [
        ("faultCode".into(), Value::Int(fault.code)),
        ("faultString".into(), Value::str(&fault.string)),
    ];
    members(&mut out, &content);
    out.text().push_str("</fault>\n</methodResponse>\n");
    out.into_bytes().unwrap_or_default()
}

/// An array of structs that are encoded as they are made.
#[derive(Debug)]
pub struct ArrayWriter(String);

/// Encodes the members of a struct.
#[derive(Debug)]
struct StructWriter<'a>(&'a mut String);

impl Default for ArrayWriter {
    fn default() -> Self {
        Self(ARRAY_BEGIN.to_owned())
    }
}

impl ArrayWriter {
    /// Appends a struct, whose members `write` passes on.
    pub fn record(&mut self, write: impl FnOnce(&mut dyn Members)) {
        self.0.push_str(STRUCT_BEGIN);
        write(&mut StructWriter(&mut self.0));
        self.0.push_str(STRUCT_END);
    }

    pub fn finish(mut self) -> Value {
        self.0.push_str(ARRAY_END);
        Value::Encoded(self.0)
    }
}

impl StructWriter<'_> {
    fn begin(&mut self, name: &str, tag: &str) {
        for part in ["<member>\n<name>", name, "</name>\n<value><", tag, ">"] {
            self.0.push_str(part);
        }
    }

    fn end(&mut self, tag: &str) {
        for part in ["</", tag, "></value>\n</member>\n"] {
            self.0.push_str(part);
        }
    }
}

impl Members for StructWriter<'_> {
    fn text(&mut self, name: &'static str, text: &str) {
        self.begin(name, "string");
        escaped(self.0, text);
        self.end("string");
    }

    fn int(&mut self, name: &'static str, number: i64) {
        self.begin(name, "int");
        let _ = write!(self.0, "{number}");
        self.end("int");
    }

    fn flag(&mut self, name: &'static str, flag: bool) {
        self.begin(name, "boolean");
        self.0.push(if flag { '1' } else { '0' });
        self.end("boolean");
    }
}

fn value(out: &mut Document, content: &Value) {
    match content {
        Value::Int(number) => typed(out, "int", &number.to_string()),
        Value::Bool(flag) => typed(out, "boolean", if *flag { "1" } else { "0" }),
        Value::Double(number) => typed(out, "double", &python_float(*number)),
        Value::Str(text) => typed(out, "string", text),
        Value::Log(log) => {
            out.text().push_str("<value><string>");
            out.log(log.clone());
            out.text().push_str("</string></value>\n");
        }
        Value::DateTime(text) => typed(out, "dateTime.iso8601", text),
        Value::Bytes(bytes) => base64(out.text(), bytes),
        Value::Array(values) => {
            out.text().push_str(ARRAY_BEGIN);
            for item in values {
                value(out, item);
            }
            out.text().push_str(ARRAY_END);
        }
        Value::Encoded(text) => out.text().push_str(text),
        Value::Struct(content) => members(out, content),
        Value::Nil => out.text().push_str("<value><nil/></value>"),
    }
}

fn typed(out: &mut Document, tag: &str, text: &str) {
    let out = out.text();
    for part in ["<value><", tag, ">"] {
        out.push_str(part);
    }
    escaped(out, text);
    for part in ["</", tag, "></value>\n"] {
        out.push_str(part);
    }
}

fn members(out: &mut Document, content: &[(Name, Value)]) {
    out.text().push_str(STRUCT_BEGIN);
    for (name, member) in content {
        out.text().push_str("<member>\n<name>");
        escaped(out.text(), name);
        out.text().push_str("</name>\n");
        value(out, member);
        out.text().push_str("</member>\n");
    }
    out.text().push_str(STRUCT_END);
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
