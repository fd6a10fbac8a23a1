//! `tail` and `maintail`: the end of a log, or the log as it grows.

use super::error::ClientError;
use super::server::Channel;
use super::session::{Flow, Outcome, Session};
use super::{exit, follow, help, names};
use crate::conf::python;
use crate::rpc::fault::Code;

/// How much of a log is shown if nobody says.
const BYTES: i64 = 1600;

/// Why a log cannot be read, in the words that follow its name.
const PROCESS_FAILURES: [(Code, &str); 3] =
    [MAIN_FAILURES[0], MAIN_FAILURES[1], (Code::BadName, "no such process name")];
const MAIN_FAILURES: [(Code, &str); 2] =
    [(Code::NoFile, "no log file"), (Code::Failed, "unknown error reading log")];

/// How much is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Bytes(i64),
    Forever,
}

pub(super) fn tail(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    if let ["-f", names @ ..] = words.as_slice()
        && let Some((names, channel)) = several(names)
    {
        return follow::several(session, names, channel);
    }
    match wanted(&words) {
        Ok((Extent::Forever, name, channel)) => {
            follow::one(session, &format!("/logtail/{name}/{}", channel.name()))
        }
        Ok((Extent::Bytes(bytes), name, channel)) => {
            let answer = session.server().read_log(name, channel, bytes);
            say_log(session, name, &PROCESS_FAILURES, answer)
        }
        Err(mistake) => Ok(mistake.tell(session, "tail")),
    }
}

/// Words that `tail` cannot follow.
struct Mistake {
    line: String,
    show_usage: bool,
}

impl Mistake {
    fn tell(&self, session: &mut Session, action: &str) -> Flow {
        session.fail(exit::GENERIC, format_args!("Error: {}", self.line));
        if self.show_usage {
            help::of(session, action);
        }
        Flow::Continue
    }
}

fn mistake(line: impl Into<String>) -> Mistake {
    Mistake { line: line.into(), show_usage: false }
}

/// `[-f | -N] name [stdout | stderr]`
fn wanted<'a>(words: &[&'a str]) -> Result<(Extent, &'a str, Channel), Mistake> {
    match words.len() {
        0 => return Err(Mistake { show_usage: true, ..mistake("too few arguments") }),
        1..=3 => {}
        _ => return Err(Mistake { show_usage: true, ..mistake("too many arguments") }),
    }
    let (modifier, words) = match words {
        [first, rest @ ..] if first.starts_with('-') => (Some(*first), rest),
        _ => (None, words),
    };
    let (name, channel) = match words {
        [] => return Err(mistake("tail requires process name")),
        [name] => (*name, Channel::Stdout),
        [name, .., channel] => (*name, read_channel(channel)?),
    };
    Ok((modifier.map_or(Ok(Extent::Bytes(BYTES)), read_extent)?, name, channel))
}

fn read_channel(word: &str) -> Result<Channel, Mistake> {
    let word = word.to_lowercase();
    [Channel::Stdout, Channel::Stderr]
        .into_iter()
        .find(|channel| channel.name() == word)
        .ok_or_else(|| mistake(format!("bad channel {}", python::repr(&word))))
}

fn read_extent(modifier: &str) -> Result<Extent, Mistake> {
    match modifier.get(1..) {
        Some("f") => Ok(Extent::Forever),
        number => number
            .and_then(|number| python::int::decimal(number).ok())
            .map(Extent::Bytes)
            .ok_or_else(|| mistake(format!("bad argument {modifier}"))),
    }
}

pub(super) fn maintail(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    let extent = match words.as_slice() {
        [] => Ok(Extent::Bytes(BYTES)),
        [modifier] if modifier.starts_with('-') => read_extent(modifier),
        [other] => Err(mistake(format!("bad argument {other}"))),
        _ => Err(Mistake { show_usage: true, ..mistake("too many arguments") }),
    };
    match extent {
        Ok(Extent::Forever) => follow::one(session, "/mainlogtail"),
        Ok(Extent::Bytes(bytes)) => {
            let answer = session.server().read_main_log(bytes);
            say_log(session, "supervisord", &MAIN_FAILURES, answer)
        }
        Err(mistake) => Ok(mistake.tell(session, "maintail")),
    }
}

fn say_log(
    session: &mut Session,
    name: &str,
    failures: &[(Code, &str)],
    answer: Result<String, ClientError>,
) -> Outcome {
    let error = match answer {
        Ok(text) => {
            session.say(text);
            return Ok(Flow::Continue);
        }
        Err(error) => error,
    };
    let code = error.fault().map(|fault| fault.code);
    let Some((_, why)) = failures.iter().find(|row| code == Some(row.0.number())) else {
        return Err(error.into());
    };
    session.fail(exit::GENERIC, format_args!("{name}: ERROR ({why})"));
    Ok(Flow::Continue)
}

/// The words after `-f`, if they ask for more than one log.
fn several<'a, 'w>(words: &'w [&'a str]) -> Option<(&'w [&'a str], Channel)> {
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

    /// What the words ask for, in one line.
    fn asked(words: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        match wanted(&words) {
            Ok((extent, name, channel)) => format!("{extent:?} {name} {}", channel.name()),
            Err(mistake) => mistake.line,
        }
    }

    #[test]
    fn words_are_an_extent_a_name_and_a_channel() {
        assert_eq!(asked("web"), "Bytes(1600) web stdout");
        assert_eq!(asked("-5 web STDERR"), "Bytes(5) web stderr");
        assert_eq!(asked("-f web"), "Forever web stdout");
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(asked(""), "too few arguments");
        assert_eq!(asked("-5"), "tail requires process name");
        assert_eq!(asked("web sdterr"), "bad channel 'sdterr'");
        assert_eq!(asked("-x web"), "bad argument -x");
        assert_eq!(asked("a b c d"), "too many arguments");
    }

    #[test]
    fn only_more_than_one_name_is_several() {
        let count = |words: &[&str]| several(words).map(|(names, _)| names.len());
        assert_eq!(count(&["web"]), None);
        assert_eq!(count(&["web", "stderr"]), None);
        assert_eq!(count(&["stderr"]), None);
        assert_eq!(count(&["web", "api", "stderr"]), Some(2));
        assert_eq!(count(&["web-*"]), Some(1));
        assert_eq!(count(&["web:*", "stdout"]), Some(1));
    }
}
