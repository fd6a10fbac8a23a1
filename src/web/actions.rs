//! The actions of the status page: what they do, and their result message. In English it is identical
//! to Supervisor's.

use serde::{Deserialize, Serialize};

use super::replies::explanation;
use super::texts::{Language, Value as Text};
use crate::core::jobs::JobId;
use crate::core::state::ProcessState;
use crate::rpc::access::Access;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::record::{Record, shortened};
use crate::rpc::value::Value;
use crate::rpc::{self, Context, Outcome, Pending, audit, info, names, permission, web_ops};

/// An action of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Action {
    Refresh,
    StopAll,
    RestartAll,
    Start,
    Stop,
    Restart,
    RestartRolling,
    ClearLog,
    CancelJob,
}

use Action as A;

/// The action, and its name in a request and in the keys of its texts.
const TABLE: &[(Action, &str)] = &[
    (A::Refresh, "refresh"),
    (A::StopAll, "stopall"),
    (A::RestartAll, "restartall"),
    (A::Start, "start"),
    (A::Stop, "stop"),
    (A::Restart, "restart"),
    (A::RestartRolling, "restartrolling"),
    (A::ClearLog, "clearlog"),
    (A::CancelJob, "canceljob"),
];

/// The result of an action, or its state, in the language of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) is_error: bool,
}

impl Message {
    pub(super) fn success(text: String) -> Self {
        Self { text, is_error: false }
    }

    pub(super) fn failure(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: true }
    }

    /// The field of a query by which it reports a failure.
    pub(super) fn failed(&self) -> &'static str {
        if self.is_error { "&failed=1" } else { "" }
    }

    /// One that a page of Supervisor's form has sent.
    pub(super) fn from_query(text: &str, has_failed: bool) -> Self {
        let is_failure = |start: &&str| text.starts_with(start);
        let is_error = ["ERROR", "unexpected", "No such process"].iter().any(is_failure);
        Self { text: text.to_owned(), is_error: is_error || has_failed }
    }
}

impl Action {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The actions that make sense in a state.
    pub(super) fn of(state: ProcessState) -> &'static [Action] {
        match state {
            ProcessState::Running => &[A::Restart, A::Stop, A::ClearLog],
            ProcessState::Starting | ProcessState::Backoff => &[A::Stop, A::ClearLog],
            ProcessState::Stopped | ProcessState::Exited | ProcessState::Fatal => {
                &[A::Start, A::ClearLog]
            }
            ProcessState::Stopping | ProcessState::Unknown => &[A::ClearLog],
        }
    }

    /// The message while it is in progress.
    pub(super) fn progress(self, language: Language, what: &str) -> Message {
        Message::success(language.word("begun", self.name(), &[("what", &what)]))
    }

    /// The question before it is done.
    pub(super) fn question(self, language: Language, name: &str) -> String {
        language.word("question", self.name(), &[("name", &name)])
    }

    /// What an account needs for it.
    pub(super) fn access(self) -> Access {
        match self {
            A::Refresh => Access::See,
            A::StopAll | A::RestartAll => Access::ControlAll,
            A::Start | A::Stop | A::Restart | A::ClearLog => Access::Control,
            A::RestartRolling | A::CancelJob => Access::ControlListed,
        }
    }

    /// Whether the account of the client may do this.
    pub(super) fn check(self, context: &Context<'_>, name: &str) -> Result<(), Fault> {
        permission::check(context, self.access(), self.name(), name)
    }

    /// Writes what came of it to the audit log.
    pub(super) fn audit(self, context: &mut Context<'_>, name: &str, answer: &rpc::answer::Answer) {
        if self.access().is_action() {
            let names = self.needs_name().then(|| shortened(name).into());
            context.services.audit(Record {
                interface: "web",
                action: self.name().to_owned(),
                arguments: names.into_iter().collect(),
                result: audit::result_of(answer),
            });
        }
    }

    /// Whether the action applies to processes.
    pub(super) fn is_for_process(self) -> bool {
        self.needs_name() && self != A::CancelJob
    }

    /// Whether the action applies to processes, or to a job.
    pub(super) fn needs_name(self) -> bool {
        !matches!(self, A::Refresh | A::StopAll | A::RestartAll)
    }

    /// Why it failed for a process.
    pub(super) fn failure(self, language: Language, name: &str, fault: &Fault) -> String {
        let text = translated(language, fault);
        let values: [Text<'_>; 2] = [("code", &fault.code), ("fault", &text)];
        let unexpected = language.fill("failure.rpc", &values);
        if self == A::CancelJob {
            return failure(language, fault);
        }
        if self != A::Start {
            return unexpected;
        }
        let why = match Code::from_number(fault.code) {
            Some(Code::NoFile) => language.text("failure.start.no-file"),
            Some(Code::NotExecutable) => language.text("failure.start.not-executable"),
            Some(Code::AlreadyStarted) => language.text("failure.start.already-started"),
            Some(Code::SpawnError) => language.text("failure.start.spawn-error"),
            Some(Code::AbnormalTermination) => language.text("failure.start.abnormal-termination"),
            _ => &unexpected,
        };
        language.fill("failure.start", &[("name", &name), ("why", &why)])
    }
}

/// A fault that no message of Supervisor exists for.
pub(super) fn failure(language: Language, fault: &Fault) -> String {
    language.fill("failure.plain", &[("why", &language.translate(explanation(fault)))])
}

/// The text of a fault, with the name of its code.
fn translated(language: Language, fault: &Fault) -> String {
    match fault.string.split_once(": ") {
        Some((code, text)) => format!("{code}: {}", language.translate(text)),
        None => fault.string.clone(),
    }
}

/// An action in progress.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PendingAction {
    language: Language,
    action: Action,
    name: String,
    state: State,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Waiting(Box<Pending>),
    Done(Result<(), Fault>),
    /// There is no process with that name.
    Unknown,
}

impl PendingAction {
    /// One job for all of them.
    pub(super) fn restart_rolling(
        context: &mut Context<'_>,
        language: Language,
        names: &[&str],
        max_unavailable: usize,
    ) -> Self {
        let name = match names {
            [name] => (*name).to_owned(),
            names => language.count("processes", names.len(), &[]),
        };
        let answer = web_ops::restart_rolling(context, names, max_unavailable);
        A::RestartRolling.audit(context, &names.join(" "), &answer);
        Self { language, action: A::RestartRolling, name, state: State::of(answer) }
    }

    /// The job that it waits for.
    pub(super) fn job(&self) -> Option<JobId> {
        match &self.state {
            State::Waiting(pending) => pending.job(),
            _ => None,
        }
    }

    pub(super) fn start(
        context: &mut Context<'_>,
        language: Language,
        action: Action,
        name: &str,
    ) -> Self {
        if action == A::RestartRolling {
            return Self::restart_rolling(context, language, &[name], 1);
        }
        let state = if action.needs_name() && action != A::CancelJob && !is_process(context, name) {
            State::Unknown
        } else {
            let answer = perform(context, action, name);
            action.audit(context, name, &answer);
            State::of(answer)
        };
        Self { language, action, name: name.to_owned(), state }
    }

    /// The result message if the action is complete, else what it is doing.
    pub(super) fn progress(&mut self, context: &mut Context<'_>) -> Message {
        self.poll(context).unwrap_or_else(|| self.action.progress(self.language, &self.name))
    }

    /// The result message, if the action is complete.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Option<Message> {
        if let State::Waiting(pending) = &mut self.state {
            self.state = State::Done(pending.poll(context)?.and_then(|it| first_failure(&it)));
        }
        Some(match &self.state {
            State::Done(Err(fault)) => {
                Message::failure(self.action.failure(self.language, &self.name, fault))
            }
            State::Unknown => {
                let values: [Text<'_>; 1] = [("name", &self.name)];
                Message::failure(self.language.fill("failure.unknown-process", &values))
            }
            State::Done(Ok(())) | State::Waiting(_) => Message::success(self.success(context)),
        })
    }

    fn success(&self, context: &Context<'_>) -> String {
        let local = context.services.local_time(context.now.wall);
        let time = match self.language {
            Language::English => info::ctime(&local),
            Language::German => local.to_string(),
        };
        let values: [Text<'_>; 2] = [("name", &self.name), ("time", &time)];
        self.language.word("done", self.action.name(), &values)
    }
}

impl State {
    fn of(outcome: Result<Outcome, Fault>) -> Self {
        match outcome {
            Ok(Outcome::Later(pending)) => Self::Waiting(Box::new(pending)),
            Ok(Outcome::Now(_)) => Self::Done(Ok(())),
            Err(fault) => Self::Done(Err(fault)),
        }
    }
}

/// The first process of a rolling restart that failed. Other actions have no such result.
fn first_failure(value: &Value) -> Result<(), Fault> {
    let Value::Array(reports) = value else { return Ok(()) };
    let text = |report: &Value, name: &str| {
        report.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    match reports.iter().find(|report| !text(report, "reason").is_empty()) {
        Some(failed) => {
            let why = format!("{} {}", text(failed, "name"), text(failed, "reason"));
            Err(Fault::new(Code::Failed, why))
        }
        None => Ok(()),
    }
}

fn is_process(context: &Context<'_>, name: &str) -> bool {
    names::find_process(context, name).is_ok()
}

fn perform(context: &mut Context<'_>, action: Action, name: &str) -> Result<Outcome, Fault> {
    match action {
        A::Refresh => Ok(Value::Nil.into()),
        A::StopAll => web_ops::stop_all(context),
        A::RestartAll => web_ops::restart_all(context),
        A::Start => web_ops::start(context, name),
        A::Stop => web_ops::stop(context, name),
        A::Restart => web_ops::restart(context, name),
        A::RestartRolling => web_ops::restart_rolling(context, &[name], 1),
        A::CancelJob => web_ops::cancel_job(context, name),
        A::ClearLog => web_ops::clear_log(context, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_all_texts() {
        for language in Language::ALL {
            for (action, name) in TABLE {
                let mut families = vec!["action", "question", "done"];
                if *action != A::Refresh {
                    families.push("begun");
                }
                if action.needs_name() {
                    families.push("action-of");
                }
                for family in families {
                    assert_ne!(language.word(family, name, &[]), *name, "{language:?} {family}");
                }
            }
        }
    }

    #[test]
    fn a_failure_is_recognised_in_messages_of_supervisor() {
        for text in ["ERROR: Process a: x", "unexpected rpc fault [1] x", "No such process named a"]
        {
            assert!(Message::from_query(text, false).is_error, "{text}");
        }
        assert!(!Message::from_query("Process a started", false).is_error);
        assert!(Message::from_query("FEHLER: x", true).is_error);
    }
}
