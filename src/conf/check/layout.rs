//! Lints for the layout of a file: duplicates, options in continuation lines, and includes.

use super::lint_input::{LintInput, warning};
use crate::conf::sections::{Section, include, program};
use crate::diag::{Diagnostic, Span};
use crate::ini::python::{self, Entry};

/// Duplicate sections and options within one file. Overriding from a second file is not reported.
pub(super) fn repeated(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for section in subject.sections() {
        found.extend(headers(section));
        found.extend(section.entries.iter().flat_map(|entry| option(section, entry)));
    }
    found
}

fn headers(section: &python::Section) -> Vec<Diagnostic> {
    let again = section.headers.iter().enumerate().skip(1).filter_map(|(at, span)| {
        let first = section.headers[..at].iter().find(|other| other.source == span.source)?;
        Some((span, first))
    });
    again
        .map(|(span, first)| {
            let message = format!("the section `[{}]` comes twice", section.name);
            warning("section-twice", message, Some(*span))
                .label("its options join those above, and replace them")
                .via(*first, "first here")
                .help("rename one of them, or write one section")
        })
        .collect()
}

/// Duplicates within one block; those across blocks are reported with the header.
fn option(section: &python::Section, entry: &Entry) -> Vec<Diagnostic> {
    let same_block = |earlier: &Span| {
        let (from, to) = (earlier.start, entry.key_span.start);
        earlier.source == entry.key_span.source
            && !section
                .headers
                .iter()
                .any(|h| h.source == earlier.source && (from..to).contains(&h.start))
    };
    let earlier = entry.replaced.iter().rfind(|earlier| same_block(earlier));
    earlier
        .map(|earlier| {
            let message = format!("`{}` is given twice in `[{}]`", entry.key, section.name);
            warning("option-twice", message, Some(entry.key_span))
                .label("this one counts")
                .via(*earlier, "this one has no effect")
                .help("remove one of them")
        })
        .into_iter()
        .collect()
}

/// Continuation lines that look like options.
pub(super) fn swallowed(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for section in subject.sections() {
        let Some(kind) = Section::of(&section.name) else { continue };
        for entry in section.entries.iter().filter(|e| e.key != program::ENVIRONMENT.name) {
            for line in entry.lines.iter().skip(1) {
                found.extend(swallow(subject, kind, entry, *line));
            }
        }
    }
    found
}

fn swallow(
    subject: &LintInput<'_>,
    kind: &Section,
    entry: &Entry,
    line: Span,
) -> Option<Diagnostic> {
    let text = subject.sources.text(line.source).get(line.start..line.end)?;
    let name = text[..text.find(['=', ':'])?].trim_end();
    let known = kind.options().any(|row| row.name == name);
    known.then(|| {
        let message = format!("this line is part of `{}`, not an option `{name}`", entry.key);
        warning("swallowed-option", message, Some(line))
            .label("an indented line continues the value above")
            .help("remove the blanks at its beginning")
    })
}

/// Included files that do not exist, and nested includes.
pub(super) fn includes(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for include in &subject.examined.loaded.includes {
        let pattern = &include.pattern;
        if !include.has_matches && !pattern.contains(['*', '?', '[']) {
            let message = format!("there is no file `{pattern}` to include");
            found.push(
                warning("no-include", message, Some(include.span))
                    .help("create it or leave it out"),
            );
        }
        found.extend(include.unreadable.iter().map(|file| {
            let message = format!("the file `{file}` cannot be read and is left out");
            warning("unreadable-include", message, Some(include.span))
                .help("make it readable for the user who starts supervisord")
        }));
    }
    let section = subject.document.section(include::SECTION.word);
    let main = section.and_then(python::Section::header).map(|span| span.source);
    let nested = section.into_iter().flat_map(|section| &section.headers);
    for header in nested.filter(|header| header.source.0 > 0 || Some(header.source) != main) {
        let message = "an included file includes no others".to_owned();
        found.push(
            warning("nested-include", message, Some(*header))
                .label("not read")
                .help("name the files in the main file"),
        );
    }
    found
}
