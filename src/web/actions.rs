//! The actions of the status page: what they do, and their result message, identical to
//! Supervisor's.

use crate::core::Process;
use crate::core::state::ProcessState;
use crate::rpc::access::Access;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::names::Target;
use crate::rpc::record::{Record, shortened};
use crate::rpc::value::Value;
use crate::rpc::{self, Context, Outcome, Pending, audit, info, names, permission, web_ops};

/// An action of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Refresh,
    StopAll,
    RestartAll,
    Start,
    Stop,
    Restart,
    RestartRolling,
    ClearLog,
}

use Action as A;

/// The action, its name in a request and its button label.
const TABLE: &[(Action, &str, &str)] = &[
    (A::Refresh, "refresh", "Refresh"),
    (A::StopAll, "stopall", "Stop all"),
    (A::RestartAll, "restartall", "Restart all"),
    (A::Start, "start", "Start"),
    (A::Stop, "stop", "Stop"),
    (A::Restart, "restart", "Restart"),
    (A::RestartRolling, "restartrolling", "Restart one by one"),
    (A::ClearLog, "clearlog", "Clear log"),
];

impl Action {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    pub(super) fn label(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
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
    fn progress(self, what: &str) -> String {
        match self {
            A::Refresh => String::new(),
            A::StopAll => "Stopping all processes".to_owned(),
            A::RestartAll => "Restarting all processes".to_owned(),
            A::Start => format!("Starting {what}"),
            A::Stop => format!("Stopping {what}"),
            A::Restart => format!("Restarting {what}"),
            A::RestartRolling => format!("Restarting {what} one by one"),
            A::ClearLog => format!("Cleared the logs of {what}"),
        }
    }

    /// What an account needs for it.
    pub(super) fn access(self) -> Access {
        match self {
            A::Refresh => Access::See,
            A::StopAll | A::RestartAll => Access::ControlAll,
            A::Start | A::Stop | A::Restart | A::ClearLog => Access::Control,
            A::RestartRolling => Access::ControlListed,
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

    /// Whether the action applies to one process.
    pub(super) fn needs_name(self) -> bool {
        matches!(self, A::Start | A::Stop | A::Restart | A::RestartRolling | A::ClearLog)
    }
}

/// Starts an action on processes, or on all members of `group:*`, and reports the result so far.
/// Of several processes those are left out that are in the wanted state.
pub(super) fn begin(context: &mut Context<'_>, action: Action, names: &[&str]) -> String {
    if action.needs_name() && names.iter().all(|name| name.is_empty()) {
        return "ERROR: no process is selected".to_owned();
    }
    if action == A::RestartRolling {
        return PendingAction::restart_rolling(context, names).progress(context);
    }
    let targets: Vec<String> = names.iter().flat_map(|name| expand(context, name)).collect();
    let [first, _, ..] = targets.as_slice() else {
        let name = targets.first().map_or("", String::as_str);
        return PendingAction::start(context, action, name).progress(context);
    };
    let is_group = names.len() == 1 && first != names[0];
    let wanted: Vec<&String> =
        targets.iter().filter(|name| makes_sense(context, action, name)).collect();
    let mut failures = Vec::new();
    for name in &wanted {
        let message = PendingAction::start(context, action, name).progress(context);
        if is_failure(&message) {
            failures.push(message);
        }
    }
    if let Some(first) = failures.first() {
        return format!("ERROR: {} of {} failed; first: {first}", failures.len(), wanted.len());
    }
    action.progress(&if is_group { names[0].to_owned() } else { count(wanted.len()) })
}

fn count(number: usize) -> String {
    format!("{number} process{}", if number == 1 { "" } else { "es" })
}

fn expand(context: &Context<'_>, name: &str) -> Vec<String> {
    let group = match names::find(context.supervisor, name) {
        Ok(Target::Group(group)) if name.ends_with(":*") => group,
        _ => return vec![name.to_owned()],
    };
    let Some(group) = context.supervisor.group(&group) else { return Vec::new() };
    let members = context.supervisor.members_by_priority(group);
    let process = members.iter().filter_map(|id| context.supervisor.process(*id));
    process.map(Process::full_name).collect()
}

fn makes_sense(context: &Context<'_>, action: Action, name: &str) -> bool {
    let process = names::find_process(context, name);
    action == A::Restart
        || process.map_or(true, |process| Action::of(process.state()).contains(&action))
}

/// Whether a message reports a failure.
pub(super) fn is_failure(message: &str) -> bool {
    ["ERROR", "unexpected", "No such process"].iter().any(|start| message.starts_with(start))
}

/// An action in progress.
#[derive(Clone, Debug)]
pub(super) struct PendingAction {
    action: Action,
    name: String,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Waiting(Box<Pending>),
    Done(Result<(), Fault>),
    /// There is no process with that name.
    Unknown,
}

impl PendingAction {
    /// One job for all of them.
    fn restart_rolling(context: &mut Context<'_>, names: &[&str]) -> Self {
        let name = match names {
            [name] => (*name).to_owned(),
            names => count(names.len()),
        };
        let answer = web_ops::restart_rolling(context, names);
        A::RestartRolling.audit(context, &names.join(" "), &answer);
        Self { action: A::RestartRolling, name, state: State::of(answer) }
    }

    pub(super) fn start(context: &mut Context<'_>, action: Action, name: &str) -> Self {
        if action == A::RestartRolling {
            return Self::restart_rolling(context, &[name]);
        }
        let state = if action.needs_name() && !is_process(context, name) {
            State::Unknown
        } else {
            let answer = perform(context, action, name);
            action.audit(context, name, &answer);
            State::of(answer)
        };
        Self { action, name: name.to_owned(), state }
    }

    /// The result message if the action is complete, else what it is doing.
    pub(super) fn progress(&mut self, context: &mut Context<'_>) -> String {
        self.poll(context).unwrap_or_else(|| self.action.progress(&self.name))
    }

    /// The result message, if the action is complete.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Option<String> {
        if let State::Waiting(pending) = &mut self.state {
            self.state = State::Done(pending.poll(context)?.and_then(|it| first_failure(&it)));
        }
        Some(match &self.state {
            State::Done(Err(fault)) => self.failure(fault),
            State::Unknown => format!("No such process named {}", self.name),
            State::Done(Ok(())) | State::Waiting(_) => self.success(context),
        })
    }

    fn success(&self, context: &Context<'_>) -> String {
        let name = &self.name;
        let when = || info::ctime(&context.services.local_time(context.now.wall));
        match self.action {
            A::Refresh => format!("Page refreshed at {}", when()),
            A::StopAll => format!("All stopped at {}", when()),
            A::RestartAll => format!("All restarted at {}", when()),
            A::Start => format!("Process {name} started"),
            A::Stop => format!("Process {name} stopped"),
            A::Restart => format!("Process {name} restarted"),
            A::RestartRolling => format!("{name} restarted one by one"),
            A::ClearLog => format!("Log for {name} cleared"),
        }
    }

    fn failure(&self, fault: &Fault) -> String {
        let unexpected = format!("unexpected rpc fault [{}] {}", fault.code, fault.string);
        if self.action != A::Start {
            return unexpected;
        }
        let why = match Code::from_number(fault.code) {
            Some(Code::NoFile) => "no such file",
            Some(Code::NotExecutable) => "file not executable",
            Some(Code::AlreadyStarted) => "already started",
            Some(Code::SpawnError) => "spawn error",
            Some(Code::AbnormalTermination) => "abnormal termination",
            _ => &unexpected,
        };
        format!("ERROR: Process {}: {why}", self.name)
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
        A::RestartRolling => web_ops::restart_rolling(context, &[name]),
        A::ClearLog => web_ops::clear_log(context, name),
    }
}
