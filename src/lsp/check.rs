//! What is exchanged with the process that checks: the texts, and what was found in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Severity, SourceMap, Span};

use super::subject::Subject;

/// A configuration or project to check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    pub(super) subject: Subject,
    /// The texts of the opened files, by absolute path.
    pub texts: BTreeMap<String, String>,
}

impl CheckRequest {
    pub fn file(&self) -> &str {
        self.subject.path()
    }

    pub fn is_project(&self) -> bool {
        matches!(self.subject, Subject::Project(_))
    }

    /// Whether the file is a part of a configuration whose main file is not known.
    pub fn is_fragment(&self) -> bool {
        matches!(self.subject, Subject::Fragment(_))
    }
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The files that were read.
    pub(super) files: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// A diagnostic with its places in files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Problem {
    pub(super) is_error: bool,
    pub(super) code: String,
    pub(super) message: String,
    /// `None` if it is about the whole.
    pub(super) place: Option<Place>,
    pub(super) related: Vec<(Place, String)>,
}

/// A byte range of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Checked {
    pub fn new(problems: &[Diagnostic], sources: &SourceMap) -> Self {
        let files = sources.names().filter(|name| is_file(name)).map(str::to_owned).collect();
        let problems = problems.iter().map(|it| Problem::new(it, sources)).collect();
        Self { files, problems }
    }
}

impl Problem {
    /// The message has the cause and the remedy, as they are in the report of `check`.
    fn new(diagnostic: &Diagnostic, sources: &SourceMap) -> Self {
        let Diagnostic { severity, code, message, span, label, help, chain } = diagnostic;
        let place = |span: &Span| {
            let file = Some(sources.name(span.source)).filter(|name| is_file(name))?.to_owned();
            Some(Place { file, start: span.start, end: span.end })
        };
        let label = label.as_ref().filter(|label| *label != message);
        let cause = label.map(|label| format!(": {label}")).unwrap_or_default();
        let help = help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        Self {
            is_error: *severity == Severity::Error,
            code: (*code).to_owned(),
            message: format!("{message}{cause}{help}"),
            place: span.as_ref().and_then(place),
            related: chain
                .iter()
                .filter_map(|(at, note)| Some((place(at)?, note.clone())))
                .collect(),
        }
    }
}

/// A project may also extend URLs, which an editor does not open.
fn is_file(name: &str) -> bool {
    !name.contains("://")
}
