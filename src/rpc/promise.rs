//! Pending replies as data: the started operation and its completion condition. The shell polls
//! every promise after the effects of a loop iteration were performed.

use super::context::Context;
use super::fault::{Code, Fault};
use super::system::Multicall;
use super::value::Value;
use crate::core::effect::ProcId;
use crate::core::state::ProcessState;
use crate::core::time::Mono;

/// The result of a call: a value, or the promise of one.
#[derive(Clone, Debug)]
pub enum Outcome {
    Now(Value),
    Later(Promise),
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        Self::Now(value)
    }
}

#[derive(Clone, Debug)]
pub enum Promise {
    /// A process was started; with `wait`, completes when it has stayed up for `startsecs`.
    Started {
        id: ProcId,
        name: String,
        wait: bool,
    },
    /// A process was asked to stop.
    Stopped {
        id: ProcId,
    },
    /// The same operation on several processes.
    Batch(Batch),
    Multicall(Multicall),
    Restart(super::web_ops::Restart),
    /// A minimal update.
    Update(super::update::Update),
}

impl Promise {
    /// The reply, if the operation is complete.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Option<Result<Value, Fault>> {
        match self {
            Self::Started { id, name, wait } => started(context, *id, name, *wait),
            Self::Stopped { id } => stopped(context, *id),
            Self::Batch(batch) => batch.poll(context),
            Self::Multicall(calls) => calls.poll(context).map(Ok),
            Self::Restart(restart) => restart.poll(context).map(Ok),
            Self::Update(update) => update.poll(context).map(Ok),
        }
    }
}

fn started(
    context: &Context<'_>,
    id: ProcId,
    name: &str,
    wait: bool,
) -> Option<Result<Value, Fault>> {
    let process = context.supervisor.process(id);
    let state = process.map_or(ProcessState::Unknown, crate::core::Process::state);
    let is_forking =
        process.is_some_and(|it| it.pid().is_none()) && state == ProcessState::Starting;
    if process.is_some_and(|it| it.spawnerr().is_some()) {
        return Some(Err(Fault::new(Code::SpawnError, name)));
    }
    match state {
        _ if is_forking => None,
        _ if !wait => Some(Ok(Value::Bool(true))),
        ProcessState::Running => Some(Ok(Value::Bool(true))),
        ProcessState::Starting => None,
        _ => Some(Err(Fault::new(Code::AbnormalTermination, name))),
    }
}

fn stopped(context: &mut Context<'_>, id: ProcId) -> Option<Result<Value, Fault>> {
    let is_stopped = context.supervisor.process(id).is_none_or(|it| it.state().is_stopped());
    if !is_stopped {
        context.supervisor.watch_stop(id, context.now);
    }
    is_stopped.then_some(Ok(Value::Bool(true)))
}

/// The same operation on several processes. The results are ordered by completion time; within the
/// same 50 milliseconds (Supervisor's poll interval) they keep the order of the call.
#[derive(Clone, Debug)]
pub struct Batch {
    began: Mono,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    group: String,
    name: String,
    progress: Progress,
}

#[derive(Clone, Debug)]
enum Progress {
    Waiting(Box<Promise>),
    Done(Mono, Result<(), Fault>),
}

const POLL_INTERVAL_MS: u128 = 50;

impl Batch {
    pub fn new(began: Mono) -> Self {
        Self { began, members: Vec::new() }
    }

    /// Adds a process with the outcome of its call.
    pub fn push(&mut self, group: &str, name: &str, outcome: Result<Outcome, Fault>) {
        let progress = match outcome {
            Ok(Outcome::Later(promise)) => Progress::Waiting(Box::new(promise)),
            Ok(Outcome::Now(_)) => Progress::Done(self.began, Ok(())),
            Err(fault) => Progress::Done(self.began, Err(fault)),
        };
        self.members.push(Member { group: group.to_owned(), name: name.to_owned(), progress });
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Option<Result<Value, Fault>> {
        let mut pending = false;
        for member in &mut self.members {
            let Progress::Waiting(promise) = &mut member.progress else { continue };
            match promise.poll(context) {
                None => pending = true,
                Some(result) => {
                    member.progress = Progress::Done(context.now.mono, result.map(drop));
                }
            }
        }
        (!pending).then(|| Ok(self.report()))
    }

    /// One struct for each completed process.
    pub fn report(&self) -> Value {
        let mut done: Vec<(u128, Value)> =
            self.members.iter().filter_map(|m| self.report_entry(m)).collect();
        done.sort_by_key(|(interval, _)| *interval);
        Value::Array(done.into_iter().map(|(_, entry)| entry).collect())
    }

    fn report_entry(&self, member: &Member) -> Option<(u128, Value)> {
        let Progress::Done(when, result) = &member.progress else { return None };
        let (status, description) = match result {
            Ok(()) => (Code::Success.number(), "OK"),
            Err(fault) => (fault.code, fault.string.as_str()),
        };
        let entry = Value::Struct(vec![
            ("name".to_owned(), Value::str(&member.name)),
            ("group".to_owned(), Value::str(&member.group)),
            ("status".to_owned(), Value::Int(status)),
            ("description".to_owned(), Value::str(description)),
        ]);
        Some((when.since(self.began).as_millis() / POLL_INTERVAL_MS, entry))
    }
}
