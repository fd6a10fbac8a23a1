//! `supkit check` and `supervisord --check`: every problem of a configuration, and nothing started.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::conf::check::{check, exit_code};
use crate::conf::options::{self, CommandLine, Invocation};
use crate::conf::read::{Examined, examine};
use crate::daemon::real_host::RealHost;
use crate::diag::{Diagnostic, Severity, SourceMap};

#[derive(clap::Args)]
pub(super) struct Args {
    /// A configuration, or a project (`*.cfg`); without it ./buildout.cfg, else the places that
    /// supervisord searches
    #[arg(short = 'c', long = "configuration", value_name = "FILE")]
    file: Option<String>,
    /// How problems are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people: the line, the mark, the remedy
    Text,
    /// For programs: one JSON object
    Json,
}

pub(super) fn main(args: Args) -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    if let Some(project) = super::check_project::asked_for(args.file.as_deref()) {
        return super::check_project::report(&project, args.format);
    }
    let file = args.file.map_or_else(|| find(&program), Ok);
    report(file, &CommandLine::default(), args.format)
}

/// What `supervisord` is asked if `--check` stands among its arguments, unabbreviated: Supervisor's
/// own abbreviations keep their meaning.
pub(super) fn instead_of_supervisord(program: &str, args: &[String]) -> Option<ExitCode> {
    if !args.iter().any(|arg| arg == "--check") {
        return None;
    }
    let mut rest = Vec::new();
    let mut format = Format::Text;
    let mut words = args.iter().filter(|arg| *arg != "--check");
    while let Some(word) = words.next() {
        match word.strip_prefix("--format") {
            Some(value) => {
                let value = value.strip_prefix('=').map(str::to_owned);
                let value = value.or_else(|| words.next().cloned()).unwrap_or_default();
                format = match value.as_str() {
                    "json" => Format::Json,
                    "text" => Format::Text,
                    _ => {
                        return Some(refuse(&format!("`--format` is text or json, not `{value}`")));
                    }
                };
            }
            None => rest.push(word.clone()),
        }
    }
    Some(match options::parse(&rest, &RealHost) {
        Ok(Invocation::Run(line)) => {
            let file = line.configuration.clone().map_or_else(|| find(program), Ok);
            report(file, &line, format)
        }
        Ok(Invocation::Help | Invocation::Version) => {
            refuse("`--check` goes with options of a run")
        }
        Err(error) => refuse(&error),
    })
}

fn find(program: &str) -> Result<String, String> {
    options::find(&options::own_path(program, &RealHost), &RealHost)
}

fn refuse(error: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "Error: {error}");
    ExitCode::from(2)
}

fn report(file: Result<String, String>, line: &CommandLine, format: Format) -> ExitCode {
    let file = match file {
        Ok(file) => file,
        Err(error) => return refuse(&error),
    };
    let examined = examine(&file, line, &RealHost);
    let problems = check(&examined, &RealHost);
    let text = match format {
        Format::Text => people(&file, &examined, &problems, styled()),
        Format::Json => format!("{:#}\n", programs(&file, &examined, &problems)),
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(exit_code(&problems)),
        Err(_) => ExitCode::FAILURE,
    }
}

pub(super) fn styled() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn people(file: &str, examined: &Examined, problems: &[Diagnostic], styled: bool) -> String {
    let sources = &examined.loaded.sources;
    let shown = problems.iter().map(|problem| problem.render(sources, styled) + "\n\n");
    let verdict = match (problems.len(), exit_code(problems)) {
        (0, _) => format!("{file}: no problems\n"),
        (1, 2) => format!("{file}: 1 problem; supervisord would refuse to start\n"),
        (n, 2) => format!("{file}: {n} problems; supervisord would refuse to start\n"),
        (1, _) => format!("{file}: 1 problem\n"),
        (n, _) => format!("{file}: {n} problems\n"),
    };
    shown.chain([verdict]).collect()
}

fn programs(file: &str, examined: &Examined, problems: &[Diagnostic]) -> Value {
    let verdict = match exit_code(problems) {
        0 => "ok",
        1 => "warnings",
        _ => "refused",
    };
    let sources = &examined.loaded.sources;
    let said = |problem: &Diagnostic| {
        let fault = examined.faults.iter().find(|fault| *fault.diagnostic == *problem);
        fault.map(|fault| fault.text.as_str())
    };
    let problems = problems.iter().map(|problem| one(sources, problem, said(problem)));
    let problems: Vec<Value> = problems.collect();
    json!({"file": file, "result": verdict, "problems": problems})
}

/// One problem, and what Supervisor would have said.
pub(super) fn one(sources: &SourceMap, problem: &Diagnostic, said: Option<&str>) -> Value {
    let place = problem.span.map(|span| sources.place(span));
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
        "text": problem.span.map(|span| sources.marked(span)),
        "cause": problem.label,
        "suggestion": problem.help,
        "supervisor": said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::fake_host::{FakeHost, examine_bytes};

    const TEXT: &str = "[supervisord]\nminfds = many\nlogfle = x\n";

    fn examined() -> (Examined, Vec<Diagnostic>) {
        let examined = examine_bytes(TEXT.as_bytes());
        let problems = check(&examined, &FakeHost::default());
        (examined, problems)
    }

    #[test]
    fn people_see_the_line_and_the_remedy() {
        let (examined, problems) = examined();
        insta::assert_snapshot!(people("s.conf", &examined, &problems, false), @"
        error[bad-value]: bad value for `minfds`
         --> /etc/supervisord.conf:2:10
          |
        2 | minfds = many
          |          ^^^^ invalid literal for int() with base 10: 'many'
          |
          = help: write an integer

        warning[unknown-option]: unknown option `logfle` in `[supervisord]`
         --> /etc/supervisord.conf:3:1
          |
        3 | logfle = x
          | ^^^^^^ not an option of `[supervisord]`
          |
          = help: did you mean `logfile`?

        s.conf: 2 problems; supervisord would refuse to start
        ");
    }

    #[test]
    fn programs_get_an_object() {
        let (examined, problems) = examined();
        let got = programs("s.conf", &examined, &problems);
        assert_eq!(got["result"], "refused");
        assert_eq!(
            got["problems"][0]["supervisor"],
            "invalid literal for int() with base 10: 'many'"
        );
        assert_eq!(got["problems"][1]["suggestion"], "did you mean `logfile`?");
        assert_eq!(
            (&got["problems"][1]["line"], &got["problems"][1]["column"]),
            (&json!(3), &json!(1))
        );
        assert_eq!(got["problems"][1]["text"], "logfle");
    }
}
