//! The text format: each option with its value, its unresolved text if it has references, and the
//! positions that set it, latest first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::buildout::{Operation, Origin, Project, Value, ValueChange};

/// Sections with their resolved options.
pub(super) type Resolved = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn annotated(project: &Project, resolved: &Resolved, verbose: bool) -> String {
    let mut out = String::new();
    for (section, options) in resolved {
        let _ = writeln!(out, "\n[{section}]");
        for (option, value) in options {
            let _ = writeln!(out, "{}", assignment(option, value));
            match project.value(section, option) {
                Some(raw) if !project.is_made(section, option) => {
                    if raw.text != *value {
                        let _ = writeln!(out, "    from {}", indented(&raw.text));
                    }
                    history(&mut out, project, &raw, verbose);
                }
                _ => {
                    let _ = writeln!(out, "    MADE_BY_RECIPE");
                }
            }
        }
    }
    out
}

fn assignment(option: &str, value: &str) -> String {
    if value.is_empty() { format!("{option}=") } else { format!("{option}= {value}") }
}

/// Continuation lines are indented below the first one.
fn indented(text: &str) -> String {
    text.replace('\n', "\n         ")
}

/// One line per change; overridden values are shown in parentheses.
fn history(out: &mut String, project: &Project, value: &Value, verbose: bool) {
    let mut overridden = false;
    for change in value.history().iter().rev() {
        let source = source(project, &change.origin);
        if overridden {
            let _ = writeln!(out, "    ({source}: {})", first_line(&change.text));
            continue;
        }
        let sign = match change.operation {
            Operation::Add => "+=  ",
            Operation::Remove => "-=  ",
            Operation::Set | Operation::Override | Operation::Directory => "    ",
        };
        let _ = writeln!(out, "{sign}{source}");
        if verbose {
            details(out, change);
        }
        overridden = !matches!(change.operation, Operation::Add | Operation::Remove);
    }
}

fn details(out: &mut String, change: &ValueChange) {
    let operation = match change.operation {
        Operation::Set => "SET",
        Operation::Override => "OVERRIDE",
        Operation::Add => "ADD",
        Operation::Remove => "REMOVE",
        Operation::Directory => "DIRECTORY",
    };
    let _ = writeln!(out, "      {operation} {}", indented(&change.text));
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} ...") } else { first.to_owned() }
}

fn source(project: &Project, origin: &Origin) -> String {
    match origin {
        Origin::Default => "DEFAULT_VALUE".into(),
        Origin::Computed => "COMPUTED_VALUE".into(),
        Origin::CommandLine => "COMMAND_LINE_VALUE".into(),
        Origin::Implicit => "IMPLICIT_VALUE".into(),
        Origin::File(source, _) => match origin.span() {
            Some(span) => {
                let place = project.sources().place(span);
                format!("{}:{}", place.file, place.line)
            }
            None => project.sources().name(*source).to_owned(),
        },
    }
}
