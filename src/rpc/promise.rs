//! Replies that wait, as data: what was begun, and what it waits for. Nobody is woken; the shell
//! asks every promise again after each turn in which effects were performed.

use super::fault::{Code, Fault};
use super::system::Multicall;
use super::value::Value;
use super::world::World;
use crate::core::effect::ProcId;
use crate::core::state::ProcessState;
use crate::core::time::Mono;

/// What comes of a call: the answer, or a promise of it.
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
    /// A process was told to start; `wait` until it has stayed up for `startsecs`.
    Started {
        id: ProcId,
        name: String,
        wait: bool,
    },
    /// A process was told to stop.
    Stopped {
        id: ProcId,
    },
    /// Several processes were told the same.
    Each(Each),
    Multicall(Multicall),
    Restart(super::act::Restart),
    /// The changes of a configuration are carried out.
    Update(super::update::Update),
}

impl Promise {
    /// The answer, once there is one.
    pub fn poll(&mut self, world: &mut World<'_>) -> Option<Result<Value, Fault>> {
        match self {
            Self::Started { id, name, wait } => started(world, *id, name, *wait),
            Self::Stopped { id } => stopped(world, *id),
            Self::Each(each) => each.poll(world),
            Self::Multicall(calls) => calls.poll(world).map(Ok),
            Self::Restart(restart) => restart.poll(world).map(Ok),
            Self::Update(update) => update.poll(world).map(Ok),
        }
    }
}

fn started(world: &World<'_>, id: ProcId, name: &str, wait: bool) -> Option<Result<Value, Fault>> {
    let process = world.supervisor.process(id);
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

fn stopped(world: &mut World<'_>, id: ProcId) -> Option<Result<Value, Fault>> {
    let is_stopped = world.supervisor.process(id).is_none_or(|it| it.state().is_stopped());
    if !is_stopped {
        world.supervisor.watch_stop(id, world.now);
    }
    is_stopped.then_some(Ok(Value::Bool(true)))
}

/// The same for several processes. The answer tells of those first that were done first; who was
/// done within the same 50 milliseconds (Supervisor's beat) is told of in the order of the call.
#[derive(Clone, Debug)]
pub struct Each {
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

const BEAT: u128 = 50;

impl Each {
    pub fn new(began: Mono) -> Self {
        Self { began, members: Vec::new() }
    }

    /// Another process, and what came of telling it.
    pub fn push(&mut self, group: &str, name: &str, outcome: Result<Outcome, Fault>) {
        let progress = match outcome {
            Ok(Outcome::Later(promise)) => Progress::Waiting(Box::new(promise)),
            Ok(Outcome::Now(_)) => Progress::Done(self.began, Ok(())),
            Err(fault) => Progress::Done(self.began, Err(fault)),
        };
        self.members.push(Member { group: group.to_owned(), name: name.to_owned(), progress });
    }

    fn poll(&mut self, world: &mut World<'_>) -> Option<Result<Value, Fault>> {
        let mut waits = false;
        for member in &mut self.members {
            let Progress::Waiting(promise) = &mut member.progress else { continue };
            match promise.poll(world) {
                None => waits = true,
                Some(result) => {
                    member.progress = Progress::Done(world.now.mono, result.map(drop));
                }
            }
        }
        (!waits).then(|| Ok(self.report()))
    }

    /// One struct for each process.
    pub fn report(&self) -> Value {
        let mut done: Vec<(u128, Value)> =
            self.members.iter().filter_map(|m| self.line(m)).collect();
        done.sort_by_key(|(beat, _)| *beat);
        Value::Array(done.into_iter().map(|(_, line)| line).collect())
    }

    fn line(&self, member: &Member) -> Option<(u128, Value)> {
        let Progress::Done(when, result) = &member.progress else { return None };
        let (status, description) = match result {
            Ok(()) => (Code::Success.number(), "OK"),
            Err(fault) => (fault.code, fault.string.as_str()),
        };
        let line = Value::Struct(vec![
            ("name".to_owned(), Value::str(&member.name)),
            ("group".to_owned(), Value::str(&member.group)),
            ("status".to_owned(), Value::Int(status)),
            ("description".to_owned(), Value::str(description)),
        ]);
        Some((when.since(self.began).as_millis() / BEAT, line))
    }
}
