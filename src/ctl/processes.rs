//! `start`, `stop`, `restart`, `signal`, `clear`: one verb on one process, on a group, on all, and
//! the words for what came of it.

use super::error::ClientError;
use super::exit;
use super::help;
use super::names::{self, Name};
use super::patterns::{Groups, expand};
use super::server::{Verb, Verdict};
use super::session::{Flow, Outcome, Session, Trouble};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// How a verb speaks.
struct Manner {
    verb: Verb,
    /// After the name, when it went well.
    done: &'static str,
    /// In brackets, when it did not.
    failures: &'static [(Code, &'static str)],
    /// The fault that changes no exit status.
    harmless: Option<Code>,
    /// The exit status for a group that does not exist.
    no_group: u8,
}

const NO_PROCESS: (Code, &str) = (Code::BadName, "no such process");
const SIGNALLING: &[(Code, &str)] =
    &[NO_PROCESS, (Code::BadSignal, "bad signal name"), (Code::NotRunning, "not running")];

const START: Manner = Manner {
    verb: Verb::Start,
    done: "started",
    failures: &[
        NO_PROCESS,
        (Code::NoFile, "no such file"),
        (Code::NotExecutable, "file is not executable"),
        (Code::AlreadyStarted, "already started"),
        (Code::SpawnError, "spawn error"),
        (Code::AbnormalTermination, "abnormal termination"),
    ],
    harmless: Some(Code::AlreadyStarted),
    no_group: exit::INVALID_ARGS,
};

const STOP: Manner = Manner {
    verb: Verb::Stop,
    done: "stopped",
    failures: SIGNALLING,
    harmless: Some(Code::NotRunning),
    no_group: exit::GENERIC,
};

const SIGNAL: Manner = Manner {
    verb: Verb::Signal,
    done: "signalled",
    failures: SIGNALLING,
    harmless: None,
    no_group: exit::GENERIC,
};

const CLEAR: Manner = Manner {
    verb: Verb::Clear,
    done: "cleared",
    failures: &[NO_PROCESS, (Code::Failed, "failed")],
    harmless: None,
    no_group: exit::GENERIC,
};

pub(super) fn start(session: &mut Session, rest: &str) -> Outcome {
    by_name(session, &START, "start", rest, exit::INVALID_ARGS)
}

pub(super) fn stop(session: &mut Session, rest: &str) -> Outcome {
    by_name(session, &STOP, "stop", rest, exit::GENERIC)
}

pub(super) fn clear(session: &mut Session, rest: &str) -> Outcome {
    by_name(session, &CLEAR, "clear", rest, exit::GENERIC)
}

/// An action whose words are all names.
fn by_name(session: &mut Session, manner: &Manner, action: &str, rest: &str, lack: u8) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = rest.split_whitespace().collect();
    if names.is_empty() {
        session.fail(lack, format_args!("Error: {action} requires a process name"));
        help::of(session, action);
        return Ok(Flow::Continue);
    }
    act(session, manner, &names, &[])
}

pub(super) fn restart(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    if rest.is_empty() {
        session.fail(exit::GENERIC, "Error: restart requires a process name");
        help::of(session, "restart");
        return Ok(Flow::Continue);
    }
    stop(session, rest)?;
    start(session, rest)
}

pub(super) fn signal(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    if let [signal, names @ ..] = words.as_slice()
        && !names.is_empty()
    {
        return act(session, &SIGNAL, names, &[Value::str(*signal)]);
    }
    session.fail(exit::GENERIC, "Error: signal requires a signal name and a process name");
    help::of(session, "signal");
    Ok(Flow::Continue)
}

fn act(session: &mut Session, manner: &Manner, names: &[&str], words: &[Value]) -> Outcome {
    if names.contains(&"all") {
        let verdicts = session.server().all(manner.verb, words)?;
        say_all(session, manner, &verdicts)?;
    } else {
        // There is no method for the logs of a group.
        let groups = if manner.verb == Verb::Clear { Groups::Unfold } else { Groups::Keep };
        for name in expand(session, names, groups)? {
            act_on(session, manner, &name, words)?;
        }
    }
    Ok(Flow::Continue)
}

fn act_on(
    session: &mut Session,
    manner: &Manner,
    name: &str,
    words: &[Value],
) -> Result<(), Trouble> {
    let Name { group, process } = Name::parse(name);
    let Some(process) = process.or((manner.verb == Verb::Clear).then_some("*")) else {
        return act_on_group(session, manner, group, words);
    };
    let verdict = |code: i64, description: String| Verdict {
        group: group.to_owned(),
        name: process.to_owned(),
        code,
        description,
    };
    let verdict = match session.server().one(manner.verb, name, words) {
        Ok(()) => verdict(Code::Success.number(), String::new()),
        Err(ClientError::Fault(fault)) => verdict(fault.code, fault.string),
        Err(other) => return Err(other.into()),
    };
    say_all(session, manner, &[verdict])
}

fn act_on_group(
    session: &mut Session,
    manner: &Manner,
    group: &str,
    words: &[Value],
) -> Result<(), Trouble> {
    match session.server().group(manner.verb, group, words) {
        Ok(verdicts) => say_all(session, manner, &verdicts),
        Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
            session.fail(manner.no_group, format_args!("{group}: ERROR (no such group)"));
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

fn say_all(session: &mut Session, manner: &Manner, verdicts: &[Verdict]) -> Result<(), Trouble> {
    for verdict in verdicts {
        let line = manner.words(verdict)?;
        session.say(line);
        session.note_fault(verdict.code, manner.harmless);
    }
    Ok(())
}

impl Manner {
    fn words(&self, verdict: &Verdict) -> Result<String, Trouble> {
        let name = names::join(&verdict.group, &verdict.name);
        if verdict.code == Code::Success.number() {
            return Ok(format!("{name}: {}", self.done));
        }
        let failure = self.failures.iter().find(|(code, _)| code.number() == verdict.code);
        if let Some((_, why)) = failure {
            return Ok(format!("{name}: ERROR ({why})"));
        }
        let speaks_for_itself = matches!(self.verb, Verb::Stop | Verb::Signal);
        if speaks_for_itself && verdict.code == Code::Failed.number() {
            return Ok(verdict.description.clone());
        }
        Err(Trouble::Value(format!("Unknown result code {} for {name}", verdict.code)))
    }
}
