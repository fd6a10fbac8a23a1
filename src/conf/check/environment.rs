//! Lints for values of `environment=` that Supervisor truncates: it keeps one token per value and
//! treats the next one as the comma.

use super::lint_input::{LintInput, warning};
use crate::conf::python::shlex;
use crate::conf::secrets::is_secret_name;
use crate::conf::sections::{Section, program};
use crate::diag::Diagnostic;
use crate::ini::python::Entry;

pub(super) fn environments(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let has = |header: &str| {
        Section::of(header)
            .is_some_and(|kind| kind.options().any(|row| row.name == program::ENVIRONMENT.name))
    };
    let sections = subject.sections().filter(|section| has(&section.name));
    let entries = sections.filter_map(|section| section.entry(program::ENVIRONMENT.name));
    entries.filter(|entry| is_expandable(subject, entry)).flat_map(environment).collect()
}

/// Whether the names in a value were expanded; otherwise its variables are unknown.
fn is_expandable(subject: &LintInput<'_>, entry: &Entry) -> bool {
    let mut faults = subject.faults_in(entry.value_span());
    !faults.any(|code| ["bad-format", "unknown-name"].contains(&code))
}

fn environment(entry: &Entry) -> Vec<Diagnostic> {
    let cuts = shlex::cuts(&without_names(&entry.value));
    cuts.into_iter()
        .map(|(key, value, lost)| {
            let is_secret = is_secret_name(&key);
            let [value, lost] =
                [value, lost].map(|text| if is_secret { "***".to_owned() } else { text });
            let message = format!("the value of `{key}` ends at `{value}`");
            let place = entry.value.find(&format!("{key}="));
            let span =
                place.map_or_else(|| entry.value_span(), |at| entry.locate(at, at + key.len() + 1));
            warning("cut-variable", message, Some(span))
                .label(format!("`{lost}` is taken for the comma behind it"))
                .help(format!("put the value into quotes: `{key}=\"...\"`"))
        })
        .collect()
}

/// Replaces every `%(name)s` by a word, because the content of variables is not checked.
fn without_names(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('%') {
            out.push('%');
            rest = tail;
        } else {
            let end = rest.find(')').map_or(0, |end| end + 1);
            let end =
                end + rest[end..].find(|c: char| c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
            out.push('x');
            rest = &rest[end..];
        }
    }
    out + rest
}
