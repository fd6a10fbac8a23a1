//! Expands `%(name)s` in a value. The error messages are identical to Supervisor's.

use std::fmt;

use super::fault::Fault;
use super::nearest::nearest;
use super::python::names::Layers;
use super::python::percent::{DEFAULT, FormatError, VARIABLE, format};
use super::python::repr;
use super::secrets::{is_secret_name, masked};
use crate::diag::Diagnostic;
use crate::ini::python::Entry;

/// Expands a text. `title` is Supervisor's name for it; `entry` provides its position.
pub(super) fn expand(
    text: &str,
    names: Layers<'_>,
    title: fmt::Arguments<'_>,
    entry: Option<&Entry>,
) -> Result<String, Fault> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    format(text, names).map_err(|error| fault(&error, text, names, &title.to_string(), entry))
}

fn fault(
    error: &FormatError,
    text: &str,
    names: Layers<'_>,
    title: &str,
    entry: Option<&Entry>,
) -> Fault {
    let secret = title.rsplit('.').next().is_some_and(is_secret_name);
    let text = if secret { "***".to_owned() } else { masked(text) };
    let head = format!("Format string {} for {}", repr(&text), repr(title));
    let (message, mut diagnostic) = match error {
        FormatError::Unknown(name) => {
            let known = names.sorted();
            let message = format!(
                "{head} contains names ({}) which cannot be expanded. Available names: {}",
                repr(name),
                known.join(", ")
            );
            (message, unknown(name, &known))
        }
        FormatError::Bad(why) => {
            let diagnostic =
                Diagnostic::error("bad-format", format!("`%` is not used well: {why}"))
                    .help("write `%(name)s` for a name and `%%` for a per cent sign");
            (format!("{head} is badly formatted: {why}"), diagnostic)
        }
    };
    if let Some(entry) = entry {
        diagnostic = diagnostic.at(place(error, entry));
    }
    Fault::new(message, diagnostic)
}

fn unknown(name: &str, known: &[&str]) -> Diagnostic {
    let variable = name.strip_prefix(VARIABLE);
    let help = match (nearest(name, known.iter().copied()), variable) {
        (_, Some(default)) if default.starts_with(DEFAULT) => {
            format!("write the name of the variable: `%({VARIABLE}NAME{default})s`")
        }
        (Some(near), _) => format!("did you mean `%({near})s`?"),
        (None, Some(variable)) => format!("is `{variable}` set where supervisord is started?"),
        (None, None) => available(known),
    };
    Diagnostic::error("unknown-name", format!("nothing is known as `{name}` here")).help(help)
}

/// The names that may be used, without those of the environment.
fn available(known: &[&str]) -> String {
    let plain = known.iter().filter(|name| !name.starts_with("ENV_"));
    let names: Vec<String> = plain.map(|name| format!("`%({name})s`")).collect();
    match names.as_slice() {
        [] => "only variables are available here: `%(ENV_NAME)s`".to_owned(),
        names => format!("available here: {} and `%(ENV_NAME)s`", names.join(", ")),
    }
}

/// The position of the name or sign that caused the error, if the value contains it literally.
fn place(error: &FormatError, entry: &Entry) -> crate::diag::Span {
    let found = match error {
        FormatError::Unknown(name) => {
            let written = format!("%({name})");
            entry.value.find(&written).map(|at| (at, at + written.len()))
        }
        FormatError::Bad(_) => None,
    };
    found.map_or_else(|| entry.value_span(), |(start, end)| entry.locate(start, end))
}
