//! Lints for unknown sections and options.

use super::lint_input::{LintInput, warning};
use crate::conf::nearest::nearest;
use crate::conf::sections::{Named, SECTIONS, Section, eventlistener, program};
use crate::conf::third_party::{self, Extension, ExtensionKind};
use crate::diag::Diagnostic;
use crate::ini::python;

/// Unknown sections, and names with surrounding blanks.
pub(super) fn sections(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    subject.sections().filter_map(section).collect()
}

fn section(section: &python::Section) -> Option<Diagnostic> {
    let name = section.name.as_str();
    match Section::of(name) {
        None => Some(useless(section)),
        Some(kind) => {
            let own = kind.own_name(name)?;
            (own.trim() != own).then(|| blank(kind, own, section))
        }
    }
}

fn useless(section: &python::Section) -> Diagnostic {
    let name = section.name.as_str();
    let tidy: String = name.split(':').map(str::trim).collect::<Vec<_>>().join(":").to_lowercase();
    let help = match Section::of(&tidy) {
        Some(_) => format!("write `[{tidy}]`"),
        None => suggestion(&tidy).map_or_else(
            || "Supervisor reads no section of this name; remove it".to_owned(),
            |meant| format!("did you mean `[{meant}]`?"),
        ),
    };
    let message = format!("the section `[{name}]` does nothing");
    warning("useless-section", message, section.header()).label("not read").help(help)
}

/// The most similar section, with the name suffix kept.
fn suggestion(name: &str) -> Option<String> {
    let (word, own) = match name.split_once(':') {
        Some((word, own)) => (word, Some(own)),
        None => (name, None),
    };
    let near = nearest(word, SECTIONS.iter().map(|section| section.word))?;
    let kind = SECTIONS.iter().find(|section| section.word == near)?;
    match (kind.named, own) {
        (Named::Alone | Named::Never, _) | (Named::Either, None) => Some(near.to_owned()),
        (Named::Own | Named::Either, Some(own)) => Some(format!("{near}:{own}")),
        (Named::Own, None) => Some(format!("{near}:NAME")),
    }
}

fn blank(kind: &Section, own: &str, section: &python::Section) -> Diagnostic {
    let tidy = format!("{}:{}", kind.word, own.trim());
    warning("blank-in-name", format!("a stray blank in `[{}]`", section.name), section.header())
        .label(format!("no group finds the program `{}` by this", own.trim()))
        .help(format!("write `[{tidy}]`"))
}

/// Unknown options of a section. Those of `[DEFAULT]` apply to all sections.
pub(super) fn options(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for section in subject.sections() {
        let Some(kind) = Section::of(&section.name).filter(|kind| !kind.open) else { continue };
        let own = section.entries.iter().filter(|entry| !is_lent(subject, entry));
        let unknown = own.filter(|e| !kind.options().any(|row| row.name == e.key));
        found.extend(unknown.filter_map(|entry| option(subject, kind, &section.name, entry)));
    }
    let everywhere = |key: &str| {
        SECTIONS.iter().any(|s| {
            s.options().any(|row| row.name == key) || third_party::reader_of(s.word, key).is_some()
        })
    };
    let defaults = subject.document.defaults().entries.iter().filter(|e| !everywhere(&e.key));
    found.extend(defaults.map(|entry| {
        let message = format!("no section has an option `{}`", entry.key);
        warning("unknown-option", message, Some(entry.key_span)).help("remove it")
    }));
    found
}

/// Whether an entry comes from `[DEFAULT]`: expansion copies some of them into the sections.
fn is_lent(subject: &LintInput<'_>, entry: &python::Entry) -> bool {
    subject.document.defaults().entries.iter().any(|lent| lent.key_span == entry.key_span)
}

fn option(
    subject: &LintInput<'_>,
    kind: &Section,
    header: &str,
    entry: &python::Entry,
) -> Option<Diagnostic> {
    // Event listeners and FastCGI programs have the options of programs.
    let word = kind.like.map_or(kind.word, |like| like.word);
    let unknown = |code, message: String, help: String| {
        let label = format!("not an option of `[{}]`", shown(kind));
        warning(code, message, Some(entry.key_span)).label(label).help(help)
    };
    let key = &entry.key;
    if key.starts_with('[') {
        let message = "this section header is not closed".to_owned();
        let diagnostic = warning("unclosed-header", message, Some(entry.key_span))
            .label(format!("read as an option of `[{header}]`, like the lines below"))
            .help("close it with `]`");
        return Some(diagnostic);
    }
    if let Some(extension) = third_party::reader_of(word, key) {
        return foreign(subject, extension, key)
            .map(|(message, help)| unknown("plugin-option", message, help));
    }
    if let Some(help) = third_party::replacement_of(word, key) {
        let message = format!("`{key}` is an option of Supervisor 2");
        return Some(unknown("old-option", message, help.to_owned()));
    }
    let message = format!("unknown option `{key}` in `[{header}]`");
    Some(unknown("unknown-option", message, remedy(kind, key)))
}

fn remedy(kind: &Section, key: &str) -> String {
    let elsewhere = SECTIONS.iter().find(|s| s.options().any(|row| row.name == key));
    match (nearest(key, kind.options().map(|row| row.name)), elsewhere) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(other)) => format!("`{key}` belongs into `[{}]`", shown(other)),
        (None, None) => "Supervisor reads no option of this name; remove it".to_owned(),
    }
}

/// Message and remedy for an option that Supervisor does not read but another program does; `None`
/// if that program runs here.
fn foreign(subject: &LintInput<'_>, extension: &Extension, key: &str) -> Option<(String, String)> {
    let name = extension.name;
    match extension.kind {
        ExtensionKind::Listener(words) => (!has_listener(subject, words)).then(|| {
            let message =
                format!("`{key}` is read by the plug-in {name}, but no event listener runs it");
            let help = format!(
                "supkit does not implement it; the plug-in runs with supkit: add an \
                     `[{}:NAME]` for it, or remove the option",
                eventlistener::SECTION.word
            );
            (message, help)
        }),
        ExtensionKind::Generator => Some((
            format!("`{key}` is an option of {name}, which makes such files"),
            "it has no effect here: neither Supervisor nor supkit reads it".to_owned(),
        )),
        ExtensionKind::OtherDaemon => Some((
            format!("`{key}` is an option of {name}, another supervisord"),
            "neither Supervisor nor supkit implements it; remove it".to_owned(),
        )),
    }
}

/// Whether the name or command of an event listener contains one of these words.
fn has_listener(subject: &LintInput<'_>, words: &[&str]) -> bool {
    let mut listeners = subject.sections().filter(|s| eventlistener::SECTION.is(&s.name));
    listeners.any(|section| {
        let command = section.entry(program::COMMAND.name).map_or("", |entry| &entry.value);
        words.iter().any(|word| section.name.contains(word) || command.contains(word))
    })
}

fn shown(kind: &Section) -> String {
    match kind.named {
        Named::Own => format!("{}:NAME", kind.word),
        Named::Alone | Named::Either | Named::Never => kind.word.to_owned(),
    }
}
