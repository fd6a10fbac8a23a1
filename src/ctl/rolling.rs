//! `restart --rolling`, which needs supkit's daemon, and its options, which `update` has too.

use super::error::ClientError;
use super::exit;
use super::server::{list, member, text};
use super::session::{ActionError, Flow, Outcome, Session};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

const ROLLING: &str = "--rolling";
const MAX_UNAVAILABLE: &str = "--max-unavailable";

/// The words of a command line with `--rolling`.
pub(super) struct Options<'a> {
    /// How many processes may be out of service at the same time.
    pub(super) max_unavailable: i64,
    pub(super) rest: Vec<&'a str>,
}

/// `None` without `--rolling`: other words are names, as for Supervisor.
pub(super) fn options(words: &str) -> Option<Result<Options<'_>, String>> {
    let mut words = words.split_whitespace().peekable();
    let (mut is_rolling, mut max_unavailable, mut rest) = (false, Ok(1), Vec::new());
    while let Some(word) = words.next() {
        let number = |text: Option<&str>| {
            let number = text.and_then(|text| text.parse().ok()).filter(|number| *number > 0);
            number.ok_or_else(|| format!("{MAX_UNAVAILABLE} requires a number of 1 or more"))
        };
        match (word, word.split_once('=')) {
            (ROLLING, _) => is_rolling = true,
            (MAX_UNAVAILABLE, _) => max_unavailable = number(words.next()),
            (_, Some((MAX_UNAVAILABLE, text))) => max_unavailable = number(Some(text)),
            _ => rest.push(word),
        }
    }
    is_rolling.then(|| max_unavailable.map(|max_unavailable| Options { max_unavailable, rest }))
}

/// What became of one process.
struct Report {
    name: String,
    result: String,
    reason: String,
}

pub(super) fn restart(session: &mut Session, options: Result<Options<'_>, String>) -> Outcome {
    let Options { max_unavailable, rest } = match options {
        Ok(options) if options.rest.is_empty() => {
            session.fail(exit::GENERIC, "Error: restart requires a process name");
            return Ok(Flow::ShowUsage);
        }
        Ok(options) => options,
        Err(problem) => {
            session.fail(exit::GENERIC, format_args!("Error: {problem}"));
            return Ok(Flow::ShowUsage);
        }
    };
    let names = rest.join(" ");
    session.client().show_while_waiting(&format!("restarting {names} one after the other"));
    let answer = session.server().restart_rolling(&rest, max_unavailable);
    session.client().show_while_waiting("");
    match answer {
        Ok(answer) => show(session, &answer)?,
        Err(ClientError::Fault(fault)) => report_fault(session, fault.code, &fault.string),
        Err(error) => return Err(error.into()),
    }
    Ok(Flow::Continue)
}

fn show(session: &mut Session, answer: &Value) -> Result<(), ActionError> {
    for Report { name, result, reason } in list(answer, Report::read)? {
        match result.as_str() {
            "restarted" => session.print_line(format_args!("{name}: restarted")),
            "untouched" => session.fail(exit::GENERIC, format_args!("{name}: not restarted")),
            _ => session.fail(exit::GENERIC, format_args!("{name}: ERROR ({reason})")),
        }
    }
    Ok(())
}

fn report_fault(session: &mut Session, code: i64, why: &str) {
    let detail = |prefix: &str| why.trim_start_matches(prefix).to_owned();
    let line = match Code::from_number(code) {
        Some(Code::UnknownMethod) => {
            format!("ERROR: this daemon does not support {ROLLING}; use `restart` without it")
        }
        Some(Code::BadName) => format!("{}: ERROR (no such process)", detail("BAD_NAME: ")),
        Some(Code::ShutdownState) => "ERROR: already shutting down".to_owned(),
        Some(Code::Failed) => format!("ERROR: {}", detail("FAILED: ")),
        _ => format!("ERROR: {why}"),
    };
    session.fail(exit::GENERIC, line);
}

impl Report {
    fn read(value: &Value) -> Result<Self, ClientError> {
        let word = |name: &str| text(member(value, name)?);
        Ok(Self { name: word("name")?, result: word("result")?, reason: word("reason")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Option<Result<(i64, String), String>> {
        options(words).map(|it| it.map(|it| (it.max_unavailable, it.rest.join(" "))))
    }

    #[test]
    fn the_options_may_be_anywhere_and_count_only_with_rolling() {
        assert_eq!(read("a b"), None);
        assert_eq!(read("--max-unavailable 2 a"), None);
        assert_eq!(read("--rolling a b"), Some(Ok((1, "a b".to_owned()))));
        assert_eq!(read("a --max-unavailable 2 --rolling"), Some(Ok((2, "a".to_owned()))));
        assert_eq!(read("--rolling --max-unavailable=3 a"), Some(Ok((3, "a".to_owned()))));
        for wrong in ["--rolling --max-unavailable", "--rolling --max-unavailable=0 a"] {
            assert!(read(wrong).is_some_and(|it| it.is_err()), "{wrong}");
        }
    }
}
