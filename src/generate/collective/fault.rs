//! Errors in the options of a part, in the wording of the recipe, with position and remedy.

use std::fmt;

use super::options::name;
use super::scan::{digits, gap, next_word};
use super::section::{Extract, Source};
use crate::ini::text::is_space;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `http-socket` is neither `inet` nor `unix`.
    Socket { found: String, source: Source },
    /// A line that does not match its form.
    Line { form: Form, line: String, at: Extract },
}

/// The forms of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Program,
    Listener,
    Group,
}

impl Form {
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Program => name::PROGRAMS,
            Self::Listener => name::LISTENERS,
            Self::Group => name::GROUPS,
        }
    }

    pub(super) fn syntax(self) -> &'static str {
        match self {
            Self::Program => {
                "PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] \
                 [true|false] [USER]"
            }
            Self::Listener => "NAME [(OPTION=VALUE ...)] EVENTS COMMAND [[ARGUMENTS]]",
            Self::Group => "PRIORITY NAME PROGRAM,PROGRAM",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Program => "Program",
            Self::Listener => "Event Listeners",
            Self::Group => "Group",
        }
    }
}

impl Fault {
    /// The text with the error.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::Line { at, .. } => Source::Option(*at),
            Self::Socket { source, .. } => *source,
        }
    }

    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Socket { .. } => "write `http-socket = inet` or `http-socket = unix`".to_owned(),
            Self::Line { form, line, .. } => {
                format!("{}; the form is {}", remedy(*form, line), form.syntax())
            }
        }
    }
}

/// The error message of the recipe, except for a bad socket.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { found, .. } => {
                write!(f, "http-socket is `{found}`, but must be `inet` or `unix`")
            }
            Self::Line { form, line, .. } => write!(f, "{} line incorrect: {line}", form.title()),
        }
    }
}

/// The remedy for the first error of a line.
fn remedy(form: Form, line: &str) -> &'static str {
    if line.chars().all(is_space) {
        return "remove the line, which contains only blanks";
    }
    if line.starts_with(is_space) {
        return "indent the line like the lines above, and write each entry on one line";
    }
    if line.starts_with(['#', ';']) {
        return "move the comment mark to the first column, where buildout ignores the line";
    }
    match form {
        Form::Listener => "a listener needs a name, events and a command",
        Form::Program | Form::Group => remedy_after_priority(form, line),
    }
}

fn remedy_after_priority(form: Form, line: &str) -> &'static str {
    let Some((_, rest)) = digits(line) else { return "begin the line with the priority" };
    if !rest.is_empty() && gap(rest).is_none() {
        return "the priority is a number, followed by a blank";
    }
    match (next_word(rest), form) {
        (None, _) => "the name is missing",
        (Some(_), Form::Group) => "the names of the programs are missing",
        (Some(_), _) => "the command is missing",
    }
}
