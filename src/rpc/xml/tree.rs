//! A bounded element tree. Only the predefined entities and character references are expanded.

use super::message::{MAX_DEPTH, XmlError};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// The known elements; all others are `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    MethodName,
    Params,
    Param,
    Fault,
    Value,
    Int,
    Boolean,
    Str,
    Double,
    DateTime,
    Base64,
    Array,
    Data,
    Struct,
    Other,
}

impl Tag {
    fn of(name: &str) -> Self {
        match name {
            "methodName" => Self::MethodName,
            "params" => Self::Params,
            "param" => Self::Param,
            "fault" => Self::Fault,
            "value" => Self::Value,
            "int" | "i4" | "i8" => Self::Int,
            "boolean" => Self::Boolean,
            "string" => Self::Str,
            "double" => Self::Double,
            "dateTime.iso8601" => Self::DateTime,
            "base64" => Self::Base64,
            "array" => Self::Array,
            "data" => Self::Data,
            "struct" => Self::Struct,
            _ => Self::Other,
        }
    }
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) tag: Tag,
    /// The text before the first child.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

/// The open elements, and the root once it is closed.
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    count: usize,
    max: usize,
}

impl Builder {
    fn start(&mut self, name: &str) -> Result<(), XmlError> {
        if self.open.len() == MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        if self.count == self.max {
            return Err(XmlError::TooManyElements(self.max));
        }
        if self.root.is_some() {
            return Err(malformed("a second root element"));
        }
        self.count += 1;
        self.open.push(Element { tag: Tag::of(name), text: String::new(), children: Vec::new() });
        Ok(())
    }

    fn end(&mut self) {
        let Some(done) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) if element.children.is_empty() => element.text.push_str(text),
            Some(_) => {}
            None if text.trim_start_matches('\u{feff}').trim().is_empty() => {}
            None => return Err(malformed("text outside of the root element")),
        }
        Ok(())
    }
}

pub(super) fn malformed(why: impl std::fmt::Display) -> XmlError {
    XmlError::Malformed(format!("{why}"))
}

fn utf8(bytes: &[u8]) -> Result<&str, XmlError> {
    std::str::from_utf8(bytes).map_err(|_| XmlError::NotUtf8)
}

/// Parses one document of at most `max` elements.
pub(super) fn parse(bytes: &[u8], max: usize) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(utf8(bytes)?);
    let mut builder = Builder { open: Vec::new(), root: None, count: 0, max };
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(tag) => builder.start(utf8(tag.name().as_ref())?)?,
            Event::Empty(tag) => {
                builder.start(utf8(tag.name().as_ref())?)?;
                builder.end();
            }
            Event::End(_) => builder.end(),
            Event::Text(text) => builder.text(&text.xml10_content().map_err(malformed)?)?,
            Event::CData(text) => builder.text(&text.xml10_content().map_err(malformed)?)?,
            Event::GeneralRef(entity) => {
                let mut buffer = [0; 4];
                builder.text(character(&entity)?.encode_utf8(&mut buffer))?;
            }
            Event::DocType(_) => return Err(XmlError::Doctype),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match builder.root {
        Some(root) if builder.open.is_empty() => Ok(root),
        _ => Err(malformed("the document ends too early")),
    }
}

/// Resolves an entity or character reference.
fn character(entity: &BytesRef<'_>) -> Result<char, XmlError> {
    let name = entity.xml10_content().map_err(malformed)?;
    match name.as_ref() {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => {}
    }
    match entity.resolve_char_ref() {
        Ok(Some(char)) if is_xml(char) => Ok(char),
        _ => Err(XmlError::Entity(name.chars().take(32).collect())),
    }
}

/// Whether XML 1.0 allows the character.
pub(super) fn is_xml(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
