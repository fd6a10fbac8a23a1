//! Parses the two line forms: section header and option.

use crate::ini::text::{is_space, strip};

/// `[name]` or `[name: expression]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    expression: Option<&'a str>,
}

impl Header<'_> {
    /// The condition, with `\x23` and `\x3b` replaced by `#` and `;`; `None` if it is empty.
    pub(super) fn condition(&self) -> Option<String> {
        let text = self.expression.filter(|text| !text.is_empty())?;
        Some(text.replace(r"\x23", "#").replace(r"\x3b", ";"))
    }
}

pub(super) fn header(line: &str) -> Option<Header<'_>> {
    let inside = line.strip_prefix('[')?.trim_start_matches(is_space);
    let end = inside.find(|c| is_space(c) || "#[]:;{}".contains(c)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let rest = rest.trim_start_matches(is_space);
    if name.is_empty() {
        return None;
    }
    match rest.strip_prefix(':') {
        Some(rest) => Some(Header { name, expression: Some(expression(rest)?) }),
        None => closes(rest).then_some(Header { name, expression: None }),
    }
}

/// The text up to the last closing bracket; the text may contain brackets.
fn expression(rest: &str) -> Option<&str> {
    let code = &rest[..rest.find(['#', ';']).unwrap_or(rest.len())];
    let end = code.rfind(']')?;
    closes(&rest[end..]).then_some(&code[..end])
}

/// `]`, followed by nothing but a comment.
fn closes(rest: &str) -> bool {
    rest.strip_prefix(']').is_some_and(|after| {
        let after = strip(after);
        after.is_empty() || after.starts_with(['#', ';'])
    })
}

/// The key with its operator, and the text after the equals sign.
pub(super) fn option(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c| is_space(c) || "{}[]=:".contains(c))?;
    let equals = end + line[end..].find(|c| !is_space(c))?;
    let operator = usize::from(line[equals..].starts_with(['+', '-']) && equals > end);
    let equals = equals + operator;
    (end > 0 && line[equals..].starts_with('='))
        .then(|| (&line[..equals], line[equals + 1..].trim_end_matches('\n')))
}
