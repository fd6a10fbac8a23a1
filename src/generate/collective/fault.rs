//! What the recipe cannot work with: in its own words, with the place and a remedy.

use std::fmt;

use super::options::{GROUPS, LISTENERS, PROGRAMS};
use super::scan::{digits, gap, next_word};
use super::section::{Extract, Source};
use crate::ini::text::is_space;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `http-socket` is neither `inet` nor `unix`.
    Socket { found: String, source: Source },
    /// A line that has not the pieces of its form.
    Line { form: Form, line: String, at: Extract },
}

/// What a line was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Program,
    Listener,
    Group,
}

impl Form {
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Program => PROGRAMS,
            Self::Listener => LISTENERS,
            Self::Group => GROUPS,
        }
    }

    /// How it is written.
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
    /// The text at fault.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::Line { at, .. } => Source::Option(*at),
            Self::Socket { source, .. } => *source,
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Socket { .. } => "write `http-socket = inet` or `http-socket = unix`".to_owned(),
            Self::Line { form, line, .. } => {
                format!("{}; the form is {}", lack(*form, line), form.syntax())
            }
        }
    }
}

/// The error that ends the recipe; a bad socket is named in our words.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { found, .. } => {
                write!(f, "http-socket is `{found}`, and can only be `inet` or `unix`")
            }
            Self::Line { form, line, .. } => write!(f, "{} line incorrect: {line}", form.title()),
        }
    }
}

/// What a line lacks first.
fn lack(form: Form, line: &str) -> &'static str {
    if line.chars().all(is_space) {
        return "remove the blank line, which has blanks in it";
    }
    if line.starts_with(is_space) {
        return "begin the line where the lines above begin, and keep each entry on one line";
    }
    if line.starts_with(['#', ';']) {
        return "put the comment mark into the first column, where buildout drops the line";
    }
    match form {
        Form::Listener => "it takes a name, the events and a command",
        Form::Program | Form::Group => lack_after_priority(form, line),
    }
}

fn lack_after_priority(form: Form, line: &str) -> &'static str {
    let Some((_, rest)) = digits(line) else { return "begin the line with the priority" };
    if !rest.is_empty() && gap(rest).is_none() {
        return "the priority is a number with a blank behind it";
    }
    match (next_word(rest), form) {
        (None, _) => "the name is missing",
        (Some(_), Form::Group) => "the names of the programs are missing",
        (Some(_), _) => "the command is missing",
    }
}
