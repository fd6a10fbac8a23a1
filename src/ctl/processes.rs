//! The actions `start`, `stop`, `restart`, `signal` and `clear`, on one process, a group or all,
//! and their result messages.

use super::error::ClientError;
use super::exit;
use super::names::Name;
use super::patterns::{Groups, expand};
use super::server::{ProcessResult, Verb};
use super::session::{ActionError, Flow, Outcome, Session};
use crate::core::group::full_name;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// The messages and exit statuses of a verb.
struct VerbMessages {
    verb: Verb,
    /// The success message after the name.
    done: &'static str,
    /// The error messages in parentheses.
    failures: &'static [(Code, &'static str)],
    /// The fault that does not affect the exit status.
    harmless: Option<Code>,
    /// The exit status for an unknown group.
    no_group: u8,
}

const NO_PROCESS: (Code, &str) = (Code::BadName, "no such process");
const SIGNALLING: &[(Code, &str)] =
    &[NO_PROCESS, (Code::BadSignal, "bad signal name"), (Code::NotRunning, "not running")];

const START: VerbMessages = VerbMessages {
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

const STOP: VerbMessages = VerbMessages {
    verb: Verb::Stop,
    done: "stopped",
    failures: SIGNALLING,
    harmless: Some(Code::NotRunning),
    no_group: exit::GENERIC,
};

const SIGNAL: VerbMessages = VerbMessages {
    verb: Verb::Signal,
    done: "signalled",
    failures: SIGNALLING,
    harmless: None,
    no_group: exit::GENERIC,
};

const CLEAR: VerbMessages = VerbMessages {
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

/// An action whose arguments are all names.
fn by_name(
    session: &mut Session,
    messages: &VerbMessages,
    action: &str,
    rest: &str,
    missing_name_status: u8,
) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let names: Vec<&str> = rest.split_whitespace().collect();
    if names.is_empty() {
        session.fail(missing_name_status, format_args!("Error: {action} requires a process name"));
        return Ok(Flow::ShowUsage);
    }
    apply(session, messages, &names, &[])
}

pub(super) fn restart(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    if rest.is_empty() {
        session.fail(exit::GENERIC, "Error: restart requires a process name");
        return Ok(Flow::ShowUsage);
    }
    stop(session, rest)?;
    start(session, rest)
}

pub(super) fn signal(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let arguments: Vec<&str> = rest.split_whitespace().collect();
    match arguments.as_slice() {
        [] | [_] => {
            session.fail(exit::GENERIC, "Error: signal requires a signal name and a process name");
            Ok(Flow::ShowUsage)
        }
        [signal, names @ ..] => apply(session, &SIGNAL, names, &[Value::str(*signal)]),
    }
}

fn apply(
    session: &mut Session,
    messages: &VerbMessages,
    names: &[&str],
    arguments: &[Value],
) -> Outcome {
    if names.contains(&"all") {
        let results = session.server().all(messages.verb, arguments)?;
        print_results(session, messages, &results)?;
    } else {
        // There is no method that clears the logs of a group.
        let groups = if messages.verb == Verb::Clear { Groups::Expand } else { Groups::Keep };
        for name in expand(session, names, groups)? {
            apply_to_process(session, messages, &name, arguments)?;
        }
    }
    Ok(Flow::Continue)
}

fn apply_to_process(
    session: &mut Session,
    messages: &VerbMessages,
    name: &str,
    arguments: &[Value],
) -> Result<(), ActionError> {
    let Name { group, process } = Name::parse(name);
    let Some(process) = process.or((messages.verb == Verb::Clear).then_some("*")) else {
        return apply_to_group(session, messages, group, arguments);
    };
    let result = |code: i64, description: String| ProcessResult {
        group: group.to_owned(),
        name: process.to_owned(),
        code,
        description,
    };
    let result = match session.server().one(messages.verb, name, arguments) {
        Ok(()) => result(Code::Success.number(), String::new()),
        Err(ClientError::Fault(fault)) => result(fault.code, fault.string),
        Err(other) => return Err(other.into()),
    };
    print_results(session, messages, &[result])
}

fn apply_to_group(
    session: &mut Session,
    messages: &VerbMessages,
    group: &str,
    arguments: &[Value],
) -> Result<(), ActionError> {
    match session.server().group(messages.verb, group, arguments) {
        Ok(results) => print_results(session, messages, &results),
        Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
            session.fail(messages.no_group, format_args!("{group}: ERROR (no such group)"));
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

fn print_results(
    session: &mut Session,
    messages: &VerbMessages,
    results: &[ProcessResult],
) -> Result<(), ActionError> {
    for result in results {
        let line = messages.text(result)?;
        session.print_line(line);
        session.record_fault(result.code, messages.harmless);
    }
    Ok(())
}

impl VerbMessages {
    fn text(&self, result: &ProcessResult) -> Result<String, ActionError> {
        let name = full_name(&result.group, &result.name);
        if result.code == Code::Success.number() {
            return Ok(format!("{name}: {}", self.done));
        }
        let failure = self.failures.iter().find(|(code, _)| code.number() == result.code);
        if let Some((_, why)) = failure {
            return Ok(format!("{name}: ERROR ({why})"));
        }
        let has_own_description = matches!(self.verb, Verb::Stop | Verb::Signal);
        if has_own_description && result.code == Code::Failed.number() {
            return Ok(result.description.clone());
        }
        Err(ActionError::Value(format!("Unknown result code {} for {name}", result.code)))
    }
}
