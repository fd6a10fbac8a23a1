//! The syntax of `ZConfig`, in which `zope.conf` and `zeo.conf` are written: nested sections, keys with
//! values, `%define` and `%include`. Does not know the schema, so every key and section is kept.

use std::collections::BTreeMap;

use super::project_files::{Reader, unreadable};
use crate::buildout::paths::{dirname, join, normalize};
use crate::diag::{Diagnostic, Span};
use crate::ini::lines::lines;

/// How deep files may include each other.
const MOST_INCLUDES: usize = 16;

/// A section: `<zodb_db main>`. The whole file is one without type and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// In lower case.
    pub(super) kind: String,
    pub(super) keys: Vec<Key>,
    pub(super) sections: Vec<Section>,
}

/// A key in lower case with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) span: Span,
}

impl Section {
    /// The values of a key that may occur several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(move |key| key.name == name)
    }

    /// All sections below this one, at any depth.
    pub(super) fn descendants(&self) -> Vec<&Self> {
        let mut all = Vec::new();
        for section in &self.sections {
            all.push(section);
            all.extend(section.descendants());
        }
        all
    }
}

/// Reads a file with those that it includes.
pub(super) fn read(reader: &Reader<'_>, path: &str) -> Result<Section, Box<Diagnostic>> {
    let mut parser = Parser { reader, defines: BTreeMap::new(), open: vec![Section::default()] };
    parser.file(path, None, MOST_INCLUDES)?;
    let Parser { mut open, .. } = parser;
    Ok(open.pop().unwrap_or_default())
}

struct Parser<'a> {
    reader: &'a Reader<'a>,
    defines: BTreeMap<String, String>,
    /// The sections that are not closed, outermost first.
    open: Vec<Section>,
}

impl Parser<'_> {
    fn file(&mut self, path: &str, at: Option<Span>, depth: usize) -> Result<(), Box<Diagnostic>> {
        if depth == 0 {
            let fault = Diagnostic::error("zconfig", "the files include each other without end");
            return Err(Box::new(fault.maybe_at(at)));
        }
        let (source, text) = self
            .reader
            .read(path)
            .map_err(|fault| Box::new(unreadable(&self.reader.shown(path), &fault).maybe_at(at)))?;
        let outer = self.open.len();
        let mut last = Span::new(source, 0, 0);
        for line in lines(&text) {
            let words = line.text.trim();
            let (start, end) = line.range(words);
            last = Span::new(source, start, end);
            self.line(words, last, path, outer, depth)?;
        }
        if self.open.len() > outer {
            return Err(malformed("a section is not closed", last));
        }
        Ok(())
    }

    fn line(
        &mut self,
        line: &str,
        span: Span,
        path: &str,
        outer: usize,
        depth: usize,
    ) -> Result<(), Box<Diagnostic>> {
        match line.chars().next() {
            None | Some('#') => Ok(()),
            Some('<') => self.tag(line, span, outer),
            Some('%') => self.directive(&line[1..], span, path, depth),
            Some(_) => {
                let (name, value) = split(line);
                let value = self.substitute(value, span)?;
                let key = Key { name: name.to_lowercase(), value, span };
                self.section().keys.push(key);
                Ok(())
            }
        }
    }

    fn section(&mut self) -> &mut Section {
        if self.open.is_empty() {
            self.open.push(Section::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    fn tag(&mut self, line: &str, span: Span, outer: usize) -> Result<(), Box<Diagnostic>> {
        let inner = line.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let Some(inner) = inner else {
            return Err(malformed("a section tag does not end with `>`", span));
        };
        if let Some(kind) = inner.strip_prefix('/') {
            let kind = kind.trim().to_lowercase();
            let is_own = self.open.len() > outer && self.section().kind == kind;
            let closed = if is_own { self.open.pop() } else { None };
            let Some(closed) = closed else {
                return Err(malformed("the end of a section that is not open", span));
            };
            self.section().sections.push(closed);
            return Ok(());
        }
        let (inner, is_empty) = inner.strip_suffix('/').map_or((inner, false), |it| (it, true));
        let section = Section { kind: split(inner.trim()).0.to_lowercase(), ..Section::default() };
        if is_empty {
            self.section().sections.push(section);
        } else {
            self.open.push(section);
        }
        Ok(())
    }

    fn directive(
        &mut self,
        text: &str,
        span: Span,
        path: &str,
        depth: usize,
    ) -> Result<(), Box<Diagnostic>> {
        let (name, argument) = split(text);
        match name {
            "define" => {
                let (name, value) = split(argument);
                let value = self.substitute(value, span)?;
                self.defines.insert(name.to_lowercase(), value);
                Ok(())
            }
            "include" => {
                let name = self.substitute(argument, span)?;
                let name = name.strip_prefix("file://").unwrap_or(&name);
                self.file(&normalize(&join(dirname(path), name)), Some(span), depth - 1)
            }
            "import" => Ok(()),
            _ => Err(malformed("an unknown directive", span)),
        }
    }

    /// Replaces `$name`, `${name}` and `$(VARIABLE)`; `$$` is a dollar sign.
    fn substitute(&self, text: &str, span: Span) -> Result<String, Box<Diagnostic>> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let Some(reference) = Reference::parse(after) else {
                return Err(malformed("`$` without a name", span));
            };
            out.push_str(&self.value(reference.kind, span)?);
            rest = &after[reference.length..];
        }
        Ok(out + rest)
    }

    fn value(&self, reference: ReferenceKind<'_>, span: Span) -> Result<String, Box<Diagnostic>> {
        let (value, what) = match reference {
            ReferenceKind::Dollar => return Ok("$".to_owned()),
            ReferenceKind::Define(name) => {
                (self.defines.get(&name.to_lowercase()).cloned(), format!("`${name}`"))
            }
            ReferenceKind::Variable(name) => {
                (self.reader.files.variable(name), format!("the environment variable `{name}`"))
            }
        };
        let fault = || malformed(&format!("{what} is not defined"), span);
        value.ok_or_else(fault)
    }
}

#[derive(Clone, Copy)]
enum ReferenceKind<'a> {
    Dollar,
    Define(&'a str),
    Variable(&'a str),
}

/// What follows a `$`, and its length.
struct Reference<'a> {
    kind: ReferenceKind<'a>,
    length: usize,
}

impl<'a> Reference<'a> {
    fn parse(after: &'a str) -> Option<Self> {
        let within = |end: char| -> Option<(&'a str, usize)> {
            let inner = name_at(&after[1..])?;
            after[1 + inner.len()..].starts_with(end).then_some((inner, inner.len() + 2))
        };
        let (kind, length) = match after.chars().next()? {
            '$' => (ReferenceKind::Dollar, 1),
            '{' => within('}').map(|(name, length)| (ReferenceKind::Define(name), length))?,
            '(' => within(')').map(|(name, length)| (ReferenceKind::Variable(name), length))?,
            _ => name_at(after).map(|name| (ReferenceKind::Define(name), name.len()))?,
        };
        Some(Self { kind, length })
    }
}

/// The name at the start of a text.
fn name_at(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())];
    name.starts_with(|c: char| !c.is_ascii_digit()).then_some(name)
}

/// The first word and the rest.
fn split(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

fn malformed(message: &str, span: Span) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("zconfig", message).at(span))
}

/// Whether a text has a section of a type. It need not be well-formed.
pub(super) fn has_section(text: &str, kind: &str) -> bool {
    text.lines().any(|line| {
        let inner = line.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let word = inner.map(|inner| split(inner.trim_end_matches('/').trim()).0);
        word.is_some_and(|word| word.eq_ignore_ascii_case(kind))
    })
}
