//! The actions of the page: what they do, as promises, and Supervisor's sentence for how it went.

use crate::rpc::fault::{Code, Fault};
use crate::rpc::value::Value;
use crate::rpc::{Outcome, Promise, World, act, info, names};

/// What a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Refresh,
    StopAll,
    RestartAll,
    Start,
    Stop,
    Restart,
    ClearLog,
}

use Action as A;

/// The action, its name in a request, its label on a button.
const TABLE: &[(Action, &str, &str)] = &[
    (A::Refresh, "refresh", "Refresh"),
    (A::StopAll, "stopall", "Stop all"),
    (A::RestartAll, "restartall", "Restart all"),
    (A::Start, "start", "Start"),
    (A::Stop, "stop", "Stop"),
    (A::Restart, "restart", "Restart"),
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

    /// Whether it is about one process.
    pub(super) fn needs_name(self) -> bool {
        matches!(self, A::Start | A::Stop | A::Restart | A::ClearLog)
    }
}

/// An action under way.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    action: Action,
    name: String,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Waiting(Box<Promise>),
    Done(Result<(), Fault>),
    /// There is no process of that name.
    Unknown,
}

impl Doing {
    pub(super) fn begin(world: &mut World<'_>, action: Action, name: &str) -> Self {
        let state = if action.needs_name() && !is_process(world, name) {
            State::Unknown
        } else {
            match perform(world, action, name) {
                Ok(Outcome::Later(promise)) => State::Waiting(Box::new(promise)),
                Ok(Outcome::Now(_)) => State::Done(Ok(())),
                Err(fault) => State::Done(Err(fault)),
            }
        };
        Self { action, name: name.to_owned(), state }
    }

    /// The sentence, once it is over.
    pub(super) fn poll(&mut self, world: &mut World<'_>) -> Option<String> {
        if let State::Waiting(promise) = &mut self.state {
            self.state = State::Done(promise.poll(world)?.map(drop));
        }
        Some(match &self.state {
            State::Done(Err(fault)) => self.failure(fault),
            State::Unknown => format!("No such process named {}", self.name),
            State::Done(Ok(())) | State::Waiting(_) => self.success(world),
        })
    }

    fn success(&self, world: &World<'_>) -> String {
        let name = &self.name;
        let when = || info::ctime(&world.services.civil(world.now.wall));
        match self.action {
            A::Refresh => format!("Page refreshed at {}", when()),
            A::StopAll => format!("All stopped at {}", when()),
            A::RestartAll => format!("All restarted at {}", when()),
            A::Start => format!("Process {name} started"),
            A::Stop => format!("Process {name} stopped"),
            A::Restart => format!("Process {name} restarted"),
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

fn is_process(world: &World<'_>, name: &str) -> bool {
    names::find_process(world, name).is_ok()
}

fn perform(world: &mut World<'_>, action: Action, name: &str) -> Result<Outcome, Fault> {
    match action {
        A::Refresh => Ok(Value::Nil.into()),
        A::StopAll => act::stop_all(world),
        A::RestartAll => act::restart_all(world),
        A::Start => act::start(world, name),
        A::Stop => act::stop(world, name),
        A::Restart => act::restart(world, name),
        A::ClearLog => act::clear_log(world, name),
    }
}
