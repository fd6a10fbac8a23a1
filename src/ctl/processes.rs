//! The actions `start`, `stop`, `restart`, `signal`, `reload-program` and `clear`, on one process, a group or all,
//! and their result messages.

use std::time::Duration;

use super::error::ClientError;
use super::exit;
use super::names::Name;
use super::patterns::{Groups, expand};
use super::rolling;
use super::server::{ProcessResult, Verb};
use super::session::{ActionError, Flow, Outcome, Session, print_error};
use crate::core::disabled::IS_DISABLED;
use crate::core::group::full_name;
use crate::core::waiting::WAITS_FOR;
use crate::os::clock;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::value::Value;

/// The messages and exit statuses of a verb.
struct VerbMessages {
    verb: Verb,
    /// What a call waits for: that a process does this.
    waits_for: Option<&'static str>,
    /// The success message after the name.
    done: &'static str,
    /// The error messages in parentheses.
    failures: &'static [(Code, &'static str)],
    /// The fault that does not affect the exit status.
    harmless: Option<Code>,
    /// The exit status for an unknown group.
    no_group: u8,
}

/// The shortest `stopwaitsecs` but 0.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);

/// What happened to a process that did not stop when it was asked to.
const NEEDED_SIGKILL: &str = "SIGKILL was needed, because it did not stop within its stopwaitsecs";

const NO_PROCESS: (Code, &str) = (Code::BadName, "no such process");
const SIGNALLING: &[(Code, &str)] =
    &[NO_PROCESS, (Code::BadSignal, "bad signal name"), (Code::NotRunning, "not running")];

const START: VerbMessages = VerbMessages {
    verb: Verb::Start,
    waits_for: Some("start"),
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
    waits_for: Some("stop"),
    done: "stopped",
    failures: SIGNALLING,
    harmless: Some(Code::NotRunning),
    no_group: exit::GENERIC,
};

const SIGNAL: VerbMessages = VerbMessages {
    verb: Verb::Signal,
    waits_for: None,
    done: "signalled",
    failures: SIGNALLING,
    harmless: None,
    no_group: exit::GENERIC,
};

const RELOAD: VerbMessages = VerbMessages {
    verb: Verb::Reload,
    waits_for: None,
    done: "reloaded",
    failures: &[
        NO_PROCESS,
        (Code::BadSignal, "no reloadsignal"),
        (Code::NotRunning, "not running"),
        (Code::UnknownMethod, "this daemon cannot reload programs"),
    ],
    harmless: None,
    no_group: exit::GENERIC,
};

const CLEAR: VerbMessages = VerbMessages {
    verb: Verb::Clear,
    waits_for: None,
    done: "cleared",
    failures: &[NO_PROCESS, (Code::Failed, "failed")],
    harmless: None,
    no_group: exit::GENERIC,
};

pub(super) fn start(session: &mut Session, rest: &str) -> Outcome {
    by_name(session, &START, "start", rest, exit::INVALID_ARGS)
}

/// Reports after the results which processes had to be killed. Only a stop that took a while is
/// examined, because that needs another call.
pub(super) fn stop(session: &mut Session, rest: &str) -> Outcome {
    let began = clock::monotonic();
    let (flow, results) = results_by_name(session, &STOP, "stop", rest, exit::GENERIC)?;
    if clock::monotonic().saturating_sub(began) >= SHORTEST_TIMEOUT {
        report_kills(session, &results)?;
    }
    Ok(flow)
}

/// On standard error: the results on standard output are those of Supervisor.
fn report_kills(session: &mut Session, results: &[ProcessResult]) -> Result<(), ActionError> {
    let Value::Array(exits) = session.server().extension("getLastExits")? else { return Ok(()) };
    let is = |exit: &Value, member: &str, text: &str| {
        exit.get(member).and_then(Value::as_str) == Some(text)
    };
    let stopped = results.iter().filter(|result| result.code == Code::Success.number());
    for result in stopped {
        let exit = exits
            .iter()
            .find(|exit| is(exit, "group", &result.group) && is(exit, "name", &result.name));
        if exit.and_then(|exit| exit.get("killed")) == Some(&Value::Bool(true)) {
            let name = full_name(&result.group, &result.name);
            print_error(&format!("{name}: {NEEDED_SIGKILL}"));
        }
    }
    Ok(())
}

pub(super) fn reload(session: &mut Session, rest: &str) -> Outcome {
    by_name(session, &RELOAD, "reload-program", rest, exit::GENERIC)
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
    results_by_name(session, messages, action, rest, missing_name_status).map(|(flow, _)| flow)
}

fn results_by_name(
    session: &mut Session,
    messages: &VerbMessages,
    action: &str,
    rest: &str,
    missing_name_status: u8,
) -> Result<(Flow, Vec<ProcessResult>), ActionError> {
    if !session.upcheck()? {
        return Ok((Flow::Continue, Vec::new()));
    }
    let names: Vec<&str> = rest.split_whitespace().collect();
    if names.is_empty() {
        session.fail(missing_name_status, format_args!("Error: {action} requires a process name"));
        return Ok((Flow::ShowUsage, Vec::new()));
    }
    Ok((Flow::Continue, apply(session, messages, &names, &[])?))
}

pub(super) fn restart(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    if rest.is_empty() {
        session.fail(exit::GENERIC, "Error: restart requires a process name");
        return Ok(Flow::ShowUsage);
    }
    if let Some(options) = rolling::options(rest) {
        return rolling::restart(session, options);
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
        [signal, names @ ..] => {
            apply(session, &SIGNAL, names, &[Value::str(*signal)])?;
            Ok(Flow::Continue)
        }
    }
}

fn apply(
    session: &mut Session,
    messages: &VerbMessages,
    names: &[&str],
    arguments: &[Value],
) -> Result<Vec<ProcessResult>, ActionError> {
    if names.contains(&"all") {
        let results = waiting(session, messages, "all processes", |session| {
            session.server().all(messages.verb, arguments)
        })?;
        print_results(session, messages, &results)?;
        return Ok(results);
    }
    // There is no method that clears the logs of a group.
    let groups = if messages.verb == Verb::Clear { Groups::Expand } else { Groups::Keep };
    let mut all = Vec::new();
    for name in expand(session, names, groups)? {
        all.extend(apply_to_process(session, messages, &name, arguments)?);
    }
    Ok(all)
}

/// Makes a call and shows on a terminal what it waits for.
fn waiting<T>(
    session: &mut Session,
    messages: &VerbMessages,
    name: &str,
    call: impl FnOnce(&mut Session) -> T,
) -> T {
    let text = messages.waits_for.map(|what| format!("waiting for {name} to {what}"));
    session.client().show_while_waiting(&text.unwrap_or_default());
    let result = call(session);
    session.client().show_while_waiting("");
    result
}

fn apply_to_process(
    session: &mut Session,
    messages: &VerbMessages,
    name: &str,
    arguments: &[Value],
) -> Result<Vec<ProcessResult>, ActionError> {
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
    let answer = waiting(session, messages, name, |session| {
        session.server().one(messages.verb, name, arguments)
    });
    let result = match answer {
        Ok(()) => result(Code::Success.number(), String::new()),
        Err(ClientError::Fault(fault)) => result(fault.code, fault.string),
        Err(other) => return Err(other.into()),
    };
    print_results(session, messages, std::slice::from_ref(&result))?;
    Ok(vec![result])
}

fn apply_to_group(
    session: &mut Session,
    messages: &VerbMessages,
    group: &str,
    arguments: &[Value],
) -> Result<Vec<ProcessResult>, ActionError> {
    let answer = waiting(session, messages, &format!("{group}:*"), |session| {
        session.server().group(messages.verb, group, arguments)
    });
    match answer {
        Ok(results) => {
            print_results(session, messages, &results)?;
            Ok(results)
        }
        Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
            session.fail(messages.no_group, format_args!("{group}: ERROR (no such group)"));
            Ok(Vec::new())
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
        // Of supkit's daemon only: the program was not started.
        let reasons = [(Code::AbnormalTermination, WAITS_FOR), (Code::SpawnError, IS_DISABLED)];
        for (code, beginning) in reasons {
            let at = result.description.find(beginning).filter(|_| code.number() == result.code);
            if let Some(at) = at {
                return Ok(format!("{name}: ERROR ({})", &result.description[at..]));
            }
        }
        let fault = Fault { code: result.code, string: result.description.clone() };
        if let Some(refusal) = fault.refusal() {
            return Ok(format!("{name}: ERROR ({refusal})"));
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
