//! The report of `check`: problems as text or JSON, and the exit status.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::conf::check::Verdict;
use crate::diag::{Diagnostic, Severity, SourceMap};
use crate::os::stdout;

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Each problem with its line and a remedy
    Text,
    /// One JSON object
    Json,
}

/// What was checked.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    /// A configuration, and the process id of its daemon if that runs.
    Configuration {
        running: Option<i32>,
    },
    Project,
}

/// The problems of one file.
pub(super) struct Report<'a> {
    pub(super) file: &'a str,
    pub(super) problems: &'a [Diagnostic],
    pub(super) sources: &'a SourceMap,
    pub(super) subject: Subject,
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
        ExitCode::from(Verdict::of(self.problems).exit_code())
    }

    pub(super) fn text(&self, is_styled: bool) -> String {
        let problems =
            self.problems.iter().map(|problem| problem.render(self.sources, is_styled) + "\n\n");
        let count = match self.problems.len() {
            0 => "no problems".to_owned(),
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        };
        let remark = self.remark();
        problems.chain([format!("{}: {count}{remark}\n", self.file)]).collect()
    }

    fn remark(&self) -> String {
        let Subject::Configuration { running } = self.subject else { return String::new() };
        let verdict = match Verdict::of(self.problems) {
            Verdict::Refused => "; supervisord would refuse to start",
            Verdict::Unsafe => "; supervisord would start, but others could control it",
            Verdict::Ok | Verdict::Warnings => "",
        };
        let running = running.map(|pid| format!("; its supervisord is running (pid {pid})"));
        format!("{verdict}{}", running.unwrap_or_default())
    }

    pub(super) fn json(&self) -> Value {
        let result = Verdict::of(self.problems).name();
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
