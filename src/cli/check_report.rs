//! The report of `check`: problems as text or JSON, and the exit status.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::conf::check::exit_code;
use crate::diag::{Diagnostic, Severity, SourceMap};
use crate::os::stdout;

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Each problem with its line and a remedy
    Text,
    /// One JSON object
    Json,
}

/// The problems of one file.
pub(super) struct Report<'a> {
    pub(super) file: &'a str,
    pub(super) problems: &'a [Diagnostic],
    pub(super) sources: &'a SourceMap,
    /// Whether supervisord would refuse to start if there are errors.
    pub(super) is_configuration: bool,
    /// Supervisor's error message for a problem.
    pub(super) original: &'a dyn Fn(&Diagnostic) -> Option<String>,
}

impl Report<'_> {
    /// Prints the report to standard output.
    pub(super) fn print(&self, format: Format) -> ExitCode {
        let text = match format {
            Format::Text => self.text(is_styled()),
            Format::Json => format!("{:#}\n", self.json()),
        };
        stdout::write_all(text.as_bytes());
        ExitCode::from(exit_code(self.problems))
    }

    pub(super) fn text(&self, is_styled: bool) -> String {
        let problems =
            self.problems.iter().map(|problem| problem.render(self.sources, is_styled) + "\n\n");
        let count = match self.problems.len() {
            0 => "no problems".to_owned(),
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        let has_errors = exit_code(self.problems) == 2;
        let refusal = if has_errors && self.is_configuration {
            "; supervisord would refuse to start"
        } else {
            ""
        };
        problems.chain([format!("{}: {count}{refusal}\n", self.file)]).collect()
    }

    pub(super) fn json(&self) -> Value {
        let result = match exit_code(self.problems) {
            0 => "ok",
            1 => "warnings",
            _ => "refused",
        };
        let problems: Vec<Value> = self.problems.iter().map(|it| self.problem_json(it)).collect();
        json!({"file": self.file, "result": result, "problems": problems})
    }

    fn problem_json(&self, problem: &Diagnostic) -> Value {
        let place = problem.span.map(|span| self.sources.place(span));
        json!({
            "severity": match problem.severity {
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            "code": problem.code,
            "message": problem.message,
            "file": place.as_ref().map(|place| &place.file),
            "line": place.as_ref().map(|place| place.line),
            "column": place.as_ref().map(|place| place.column),
            "text": problem.span.map(|span| self.sources.marked(span)),
            "cause": problem.label,
            "suggestion": problem.help,
            "supervisor": (self.original)(problem),
        })
    }
}

fn is_styled() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
