//! `supkit check` and `supervisord --check`: report every problem of a configuration without
//! starting anything.

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::conf::check::{check, sort};
use crate::conf::fault::Fault;
use crate::conf::host::Host;
use crate::conf::options::{self, CommandLine, Invocation};
use crate::conf::read::{Examined, examine};
use crate::daemon::preflight::{Preflight, preflight};
use crate::daemon::real_host::RealHost;
use crate::diag::{Diagnostic, SourceMap};

use super::check_project;
use super::check_report::{Format, Report, Subject};

#[derive(clap::Args)]
pub(super) struct Args {
    /// A configuration or a project (*.cfg). The default is the project in the working directory,
    /// otherwise the configuration that supervisord would use
    #[arg(short = 'c', long = "configuration", value_name = "FILE")]
    file: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Refuse a configuration that root reads and other users own or may change
    #[arg(long)]
    strict: bool,
}

pub(super) fn main(args: Args) -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    if let Some(project) = check_project::project_file(args.file.as_deref()) {
        return check_project::check(&project, args.format);
    }
    let file = args.file.map_or_else(|| find(&program), Ok);
    let line = CommandLine { strict: args.strict, ..CommandLine::default() };
    check_configuration(file, &line, args.format)
}

/// Checks instead of starting the daemon if the arguments of `supervisord` contain `--check`. It
/// cannot be abbreviated, because Supervisor's own options can.
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
                        return Some(fail(&format!(
                            "`--format` must be `text` or `json`, not `{value}`"
                        )));
                    }
                };
            }
            None => rest.push(word.clone()),
        }
    }
    Some(match options::parse(&rest, &RealHost) {
        Ok(Invocation::Run(line)) => {
            let file = line.configuration.clone().map_or_else(|| find(program), Ok);
            check_configuration(file, &line, format)
        }
        Ok(Invocation::Help | Invocation::Version) => {
            fail("`--check` cannot be combined with `--help` or `--version`")
        }
        Err(error) => fail(&error),
    })
}

fn find(program: &str) -> Result<String, String> {
    options::find(&options::own_path(program, &RealHost), &RealHost)
}

fn fail(error: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "Error: {error}");
    ExitCode::from(2)
}

fn check_configuration(
    file: Result<String, String>,
    line: &CommandLine,
    format: Format,
) -> ExitCode {
    let file = match file {
        Ok(file) => file,
        Err(error) => return fail(&error),
    };
    let examined = examine(&file, line, &RealHost);
    let (problems, preflight) = problems(&examined, &RealHost);
    let faults: Vec<Fault> = examined.faults.iter().cloned().chain(preflight.faults).collect();
    let checked = Checked { file: &file, faults: &faults, sources: &examined.loaded.sources };
    checked.report(&problems, preflight.running, |report| report.print(format))
}

/// All problems of a configuration, also those of this host. As [`preflight`], this may change the user
/// of the process.
pub(super) fn problems(examined: &Examined, host: &dyn Host) -> (Vec<Diagnostic>, Preflight) {
    let mut problems = check(examined, host);
    let preflight = preflight(examined);
    problems.extend(preflight.faults.iter().map(|fault| (*fault.diagnostic).clone()));
    problems.extend(preflight.warnings.iter().cloned());
    sort(&mut problems);
    (problems, preflight)
}

/// A configuration with its errors and texts.
struct Checked<'a> {
    file: &'a str,
    faults: &'a [Fault],
    sources: &'a SourceMap,
}

impl Checked<'_> {
    fn report<T>(
        &self,
        problems: &[Diagnostic],
        running: Option<i32>,
        print: impl FnOnce(Report<'_>) -> T,
    ) -> T {
        let original = |problem: &Diagnostic| {
            // A lint may have replaced the remedy.
            let fault = self.faults.iter().find(|fault| {
                let of_fault = &*fault.diagnostic;
                (of_fault.code, of_fault.span) == (problem.code, problem.span)
                    && of_fault.message == problem.message
            });
            fault.map(|fault| fault.text.clone())
        };
        let Self { file, sources, .. } = *self;
        let subject = Subject::Configuration { running };
        print(Report { file, problems, sources, subject, original: &original })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conf::fake_host::{FakeHost, examine_bytes};

    const TEXT: &str = "[supervisord]\nminfds = many\nlogfle = x\n";

    fn reported<T>(print: impl FnOnce(Report<'_>) -> T) -> T {
        let examined = examine_bytes(TEXT.as_bytes());
        let problems = check(&examined, &FakeHost::default());
        let (faults, sources) = (&examined.faults, &examined.loaded.sources);
        Checked { file: "s.conf", faults, sources }.report(&problems, None, print)
    }

    #[test]
    fn the_text_has_the_line_and_the_remedy() {
        let text = reported(|report| report.text(false));
        insta::assert_snapshot!(text, @"
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
    fn the_json_has_an_object_for_each_problem() {
        let got = reported(|report| report.json());
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
