//! The actions `tail` and `maintail`.

use super::error::ClientError;
use super::log_output::{LogOutput, Raw};
use super::server::Channel;
use super::session::{Flow, Outcome, Session};
use super::{exit, follow, names};
use crate::conf::python;
use crate::rpc::fault::{Code, Fault};

/// The default number of bytes.
const BYTES: i64 = 1600;

/// The error messages after the name.
const PROCESS_FAILURES: [(Code, &str); 3] =
    [MAIN_FAILURES[0], MAIN_FAILURES[1], (Code::BadName, "no such process name")];
const MAIN_FAILURES: [(Code, &str); 2] =
    [(Code::NoFile, "no log file"), (Code::Failed, "unknown error reading log")];

/// Which part of a log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Bytes(i64),
    Forever,
}

pub(super) fn tail(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let (raw, words) = Raw::split(rest);
    if let ["-f", names @ ..] = words.as_slice() {
        if let Some((names, channel)) = multiple(names) {
            return follow::multiple(session, names, channel, raw);
        }
    }
    match parse_arguments(&words) {
        Ok((Extent::Forever, name, channel)) => {
            follow::one(session, &format!("/logtail/{name}/{}", channel.name()), raw)
        }
        Ok((Extent::Bytes(bytes), name, channel)) => {
            let answer = session.server().read_log(name, channel, bytes);
            print_log(session, name, &PROCESS_FAILURES, answer, raw)
        }
        Err(usage_error) => Ok(usage_error.report(session)),
    }
}

/// An error in the arguments.
struct UsageError {
    line: String,
    show_usage: bool,
}

impl UsageError {
    fn report(&self, session: &mut Session) -> Flow {
        session.fail(exit::GENERIC, format_args!("Error: {}", self.line));
        if self.show_usage { Flow::ShowUsage } else { Flow::Continue }
    }
}

fn usage_error(line: impl Into<String>) -> UsageError {
    UsageError { line: line.into(), show_usage: false }
}

/// `[-f | -N] name [stdout | stderr]`
fn parse_arguments<'a>(words: &[&'a str]) -> Result<(Extent, &'a str, Channel), UsageError> {
    match words.len() {
        0 => return Err(UsageError { show_usage: true, ..usage_error("too few arguments") }),
        1..=3 => {}
        _ => return Err(UsageError { show_usage: true, ..usage_error("too many arguments") }),
    }
    let (modifier, words) = match words {
        [first, rest @ ..] if first.starts_with('-') => (Some(*first), rest),
        _ => (None, words),
    };
    let (name, channel) = match words {
        [] => return Err(usage_error("tail requires process name")),
        [name] => (*name, Channel::Stdout),
        [name, .., channel] => (*name, read_channel(channel)?),
    };
    Ok((modifier.map_or(Ok(Extent::Bytes(BYTES)), read_extent)?, name, channel))
}

fn read_channel(word: &str) -> Result<Channel, UsageError> {
    let word = word.to_lowercase();
    [Channel::Stdout, Channel::Stderr]
        .into_iter()
        .find(|channel| channel.name() == word)
        .ok_or_else(|| usage_error(format!("bad channel {}", python::repr(&word))))
}

fn read_extent(modifier: &str) -> Result<Extent, UsageError> {
    match modifier.get(1..) {
        Some("f") => Ok(Extent::Forever),
        number => number
            .and_then(|number| python::int::decimal(number).ok())
            .map(Extent::Bytes)
            .ok_or_else(|| usage_error(format!("bad argument {modifier}"))),
    }
}

pub(super) fn maintail(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let (raw, words) = Raw::split(rest);
    let extent = match words.as_slice() {
        [] => Ok(Extent::Bytes(BYTES)),
        [modifier] if modifier.starts_with('-') => read_extent(modifier),
        [other] => Err(usage_error(format!("bad argument {other}"))),
        _ => Err(UsageError { show_usage: true, ..usage_error("too many arguments") }),
    };
    match extent {
        Ok(Extent::Forever) => follow::one(session, "/mainlogtail", raw),
        Ok(Extent::Bytes(bytes)) => {
            let answer = session.server().read_main_log(bytes);
            print_log(session, "supervisord", &MAIN_FAILURES, answer, raw)
        }
        Err(usage_error) => Ok(usage_error.report(session)),
    }
}

fn print_log(
    session: &mut Session,
    name: &str,
    failures: &[(Code, &str)],
    answer: Result<Vec<u8>, ClientError>,
    raw: Raw,
) -> Outcome {
    let error = match answer {
        Ok(log) => {
            let mut output = LogOutput::new(raw);
            output.write(&log);
            output.finish();
            Session::write(b"\n");
            return Ok(Flow::Continue);
        }
        Err(error) => error,
    };
    let code = error.fault().map(|fault| fault.code);
    let known = failures.iter().find(|row| code == Some(row.0.number())).map(|(_, why)| *why);
    let refusal = error.fault().and_then(Fault::refusal);
    let Some(why) = refusal.or(known) else { return Err(error.into()) };
    session.fail(exit::GENERIC, format_args!("{name}: ERROR ({why})"));
    Ok(Flow::Continue)
}

/// The names and channel after `-f`, if there is more than one log.
fn multiple<'a, 'w>(words: &'w [&'a str]) -> Option<(&'w [&'a str], Channel)> {
    let (names, channel) = match words {
        [names @ .., last] if !names.is_empty() && read_channel(last).is_ok() => {
            (names, read_channel(last).unwrap_or(Channel::Stdout))
        }
        _ => (words, Channel::Stdout),
    };
    let is_many = names.len() > 1 || names.iter().any(|name| is_many(name));
    is_many.then_some((names, channel))
}

fn is_many(name: &str) -> bool {
    names::is_pattern(name) || names::Name::parse(name).process.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parsed arguments as one line.
    fn parsed(words: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        match parse_arguments(&words) {
            Ok((extent, name, channel)) => format!("{extent:?} {name} {}", channel.name()),
            Err(usage_error) => usage_error.line,
        }
    }

    #[test]
    fn arguments_are_an_extent_a_name_and_a_channel() {
        assert_eq!(parsed("web"), "Bytes(1600) web stdout");
        assert_eq!(parsed("-5 web STDERR"), "Bytes(5) web stderr");
        assert_eq!(parsed("-f web"), "Forever web stdout");
    }

    #[test]
    fn usage_errors_are_specific() {
        assert_eq!(parsed(""), "too few arguments");
        assert_eq!(parsed("-5"), "tail requires process name");
        assert_eq!(parsed("web sdterr"), "bad channel 'sdterr'");
        assert_eq!(parsed("-x web"), "bad argument -x");
        assert_eq!(parsed("a b c d"), "too many arguments");
    }

    #[test]
    fn several_logs_need_more_than_one_name() {
        let count = |words: &[&str]| multiple(words).map(|(names, _)| names.len());
        assert_eq!(count(&["web"]), None);
        assert_eq!(count(&["web", "stderr"]), None);
        assert_eq!(count(&["stderr"]), None);
        assert_eq!(count(&["web", "api", "stderr"]), Some(2));
        assert_eq!(count(&["web-*"]), Some(1));
        assert_eq!(count(&["web:*", "stdout"]), Some(1));
    }
}
