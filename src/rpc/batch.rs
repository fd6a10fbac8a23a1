//! A call that starts, stops or signals several processes, and its answer.

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::fault::{Code, Fault};
use super::value::Value;
use crate::core::Process;
use crate::core::effect::ProcId;
use crate::core::jobs::{Failure, Job, JobId, Member, Members};
use crate::core::time::Mono;

/// Several processes and one job. As in Supervisor, the answer lists first what was done when it was
/// first asked for, then what was done within each interval of 50 milliseconds (that in which
/// Supervisor polls); within each the order is that of the call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// When it was first polled: the effects of the call had been performed.
    first_poll: Option<Mono>,
    pub(super) kind: BatchKind,
    pub(super) wait: bool,
    pub(super) job: Option<JobId>,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum BatchKind {
    Start,
    Stop,
    /// All results are known from the beginning.
    Immediate,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) id: ProcId,
    pub(super) group: String,
    pub(super) name: String,
    /// `startsecs=0`: Supervisor answers with the first look, however long the forks take.
    #[serde(default)]
    pub(super) runs_at_once: bool,
    /// What is known without the job.
    pub(super) result: Option<Result<(), Fault>>,
}

const POLL_INTERVAL_MILLIS: u128 = 50;

impl Batch {
    pub(super) fn new(kind: BatchKind, wait: bool) -> Self {
        Self { first_poll: None, kind, wait, job: None, rows: Vec::new() }
    }

    /// One row for each process in a state that allows the call; `check` may refuse it.
    pub(super) fn fill(
        &mut self,
        context: &Context<'_>,
        ids: &[ProcId],
        allowed: impl Fn(&Process) -> bool,
        check: impl Fn(&Context<'_>, &Process, &str) -> Result<(), Fault>,
    ) {
        let processes = ids.iter().filter_map(|id| context.supervisor.process(*id));
        for process in processes.filter(|process| allowed(process)) {
            let result = check(context, process, &process.full_name()).err().map(Err);
            let (group, name) = (process.group().to_owned(), process.name().to_owned());
            let runs_at_once = process.config().startsecs <= 0;
            self.rows.push(Row { id: process.id(), group, name, runs_at_once, result });
        }
    }

    pub(super) fn accepted(&self) -> Vec<ProcId> {
        self.rows.iter().filter(|row| row.result.is_none()).map(|row| row.id).collect()
    }

    pub(super) fn refused(&self) -> Vec<(String, Fault)> {
        let refused = self.rows.iter().filter_map(|row| match &row.result {
            Some(Err(fault)) => {
                Some((crate::core::group::full_name(&row.group, &row.name), fault.clone()))
            }
            _ => None,
        });
        refused.collect()
    }

    pub(super) fn poll(&mut self, context: &Context<'_>) -> Option<Result<Value, Fault>> {
        self.first_poll.get_or_insert(context.now.mono);
        let members = self.job.and_then(|job| context.supervisor.job(job)).and_then(Job::members);
        let is_known = members.is_none_or(|members| match (self.kind, self.wait) {
            (BatchKind::Start, false) => members.are_spawned(),
            (BatchKind::Stop, false) | (BatchKind::Immediate, _) => true,
            (_, true) => members.are_done(),
        });
        is_known.then(|| Ok(self.report(members.into_iter().flat_map(Members::iter))))
    }

    /// One struct for each process.
    pub(super) fn report<'a>(&self, members: impl Iterator<Item = &'a Member>) -> Value {
        let mut members = members.peekable();
        let mut lines: Vec<(u128, Value)> = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            // The members of the job are in the order of the rows.
            let member = members.next_if(|member| member.id == row.id);
            let (at, result) = self.result(row, member);
            let interval = at.map_or(0, |at| self.interval(at));
            lines.push((interval, line(row, &result)));
        }
        lines.sort_by_key(|(interval, _)| *interval);
        Value::Array(lines.into_iter().map(|(_, line)| line).collect())
    }

    fn interval(&self, at: Mono) -> u128 {
        match self.first_poll {
            Some(first) if at > first => 1 + at.since(first).as_millis() / POLL_INTERVAL_MILLIS,
            _ => 0,
        }
    }

    fn result(&self, row: &Row, member: Option<&Member>) -> (Option<Mono>, Result<(), Fault>) {
        if let Some(result) = &row.result {
            return (None, result.clone());
        }
        let ended = member.and_then(|member| match self.kind {
            BatchKind::Start => start_result(member, self.wait).map(|(at, result)| {
                let is_known_at_once = row.runs_at_once && result.is_ok();
                (member.spawned().filter(|_| is_known_at_once).unwrap_or(at), result)
            }),
            _ => member.done().map(|(at, result)| (*at, result.as_ref().copied())),
        });
        let name = || crate::core::group::full_name(&row.group, &row.name);
        match ended {
            Some((at, result)) => (Some(at), result.map_err(|failure| fault(failure, &name()))),
            None => (None, Ok(())),
        }
    }
}

fn line(row: &Row, result: &Result<(), Fault>) -> Value {
    let (status, description) = match result {
        Ok(()) => (Code::Success.number(), "OK"),
        Err(fault) => (fault.code, fault.string.as_str()),
    };
    Value::record([
        ("name", Value::str(&row.name)),
        ("group", Value::str(&row.group)),
        ("status", Value::Int(status)),
        ("description", Value::str(description)),
    ])
}

/// When and how a start ended as far as its caller waits for it.
pub(super) fn start_result(member: &Member, wait: bool) -> Option<(Mono, Result<(), &Failure>)> {
    match (member.done(), member.spawned()) {
        (Some((at, Err(failure))), _) if wait || *failure == Failure::Spawn => {
            Some((*at, Err(failure)))
        }
        (Some((at, Ok(()))), _) if wait => Some((*at, Ok(()))),
        (_, Some(at)) if !wait => Some((at, Ok(()))),
        _ => None,
    }
}

/// The fault that Supervisor answers; `name` as the caller wrote it.
pub(super) fn fault(failure: &Failure, name: &str) -> Fault {
    match failure {
        Failure::Spawn => Fault::new(Code::SpawnError, name),
        Failure::Terminated => Fault::new(Code::AbnormalTermination, name),
        Failure::Stop(why) => Fault::new(Code::Failed, why),
        // A code that Supervisor's client knows for a start.
        Failure::Disabled(why) => Fault::new(Code::SpawnError, format!("{name} {why}")),
        Failure::Dependency(why) => Fault::new(Code::AbnormalTermination, format!("{name}: {why}")),
        Failure::TakenOver(_) | Failure::Command => Fault::new(Code::Failed, failure.to_string()),
    }
}
