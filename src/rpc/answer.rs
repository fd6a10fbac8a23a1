//! The answer to a call: a value now, or something to observe until there is one. Observing changes
//! nothing: what a call began is a job of the core and continues without its client.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::batch::{Batch, fault, start_result};
use super::context::Context;
use super::fault::{Code, Fault};
use super::job_info;
use super::plan;
use super::rolling_report;
use super::value::Value;
use crate::core::effect::ProcId;
use crate::core::jobs::{Job, JobId};

/// The result of a call.
pub type Answer = Result<Outcome, Fault>;

/// A function that dispatches a call by the name of its method.
pub type Call = fn(&mut Context<'_>, &str, &[Value]) -> Answer;

/// The outcome of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    Now(Value),
    Later(Pending),
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        Self::Now(value)
    }
}

/// An answer that is not known yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Pending {
    /// One process of a start: until it was forked, or with `wait` until it has stayed up for
    /// `startsecs`.
    Started {
        job: JobId,
        id: ProcId,
        name: String,
        wait: bool,
    },
    /// One process of a stop.
    Stopped {
        job: JobId,
    },
    /// A restart or an update.
    Finished {
        job: JobId,
    },
    /// Not awaited: its id is the answer.
    Begun {
        job: JobId,
    },
    /// Until the job has finished, or so many of its processes are done.
    Progress {
        job: JobId,
        done: Option<usize>,
        /// How many of them are left out of the answer.
        from: usize,
    },
    /// Several processes that were started or stopped by one call.
    Batch(Batch),
    Multicall(Multicall),
}

impl Pending {
    /// The answer, once it is known.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Option<Result<Value, Fault>> {
        match self {
            Self::Started { job, id, name, wait } => started(context, *job, *id, name, *wait),
            Self::Stopped { job } => {
                let job = context.supervisor.job(*job);
                job.is_none_or(|job| job.finished().is_some()).then_some(Ok(Value::Bool(true)))
            }
            Self::Finished { job } => finished(context, *job),
            Self::Begun { job } => Some(Ok(job_info::number(*job))),
            Self::Progress { job, done, from } => job_info::progress(context, *job, *done, *from),
            Self::Batch(batch) => batch.poll(context),
            Self::Multicall(calls) => calls.poll(context),
        }
    }

    /// The processes that a call for several ones left out, with the reasons.
    pub(super) fn refused(&self) -> Vec<(String, Fault)> {
        match self {
            Self::Batch(batch) => batch.refused(),
            _ => Vec::new(),
        }
    }

    /// Whether it continues without any event.
    pub fn is_runnable(&self) -> bool {
        matches!(self, Self::Multicall(calls) if calls.pending.is_none())
    }

    /// Whether another daemon can continue it.
    pub fn can_be_saved(&self) -> bool {
        match self {
            Self::Multicall(calls) => !calls.results.iter().any(Value::has_log),
            _ => true,
        }
    }

    /// Sets the function that dispatches calls, which is not saved.
    pub fn continue_with(&mut self, call: Call) {
        if let Self::Multicall(calls) = self {
            calls.call = call;
        }
    }

    /// About the number of bytes that its calls and results occupy.
    pub fn memory(&self) -> usize {
        match self {
            Self::Multicall(calls) => calls.calls_size + calls.size,
            _ => 0,
        }
    }
}

fn started(
    context: &Context<'_>,
    job: JobId,
    id: ProcId,
    name: &str,
    wait: bool,
) -> Option<Result<Value, Fault>> {
    let members = context.supervisor.job(job).and_then(Job::members);
    let Some(member) = members.and_then(|members| members.iter().find(|it| it.id == id)) else {
        return Some(Err(Fault::new(Code::Failed, format!("job {} is not known", job.0))));
    };
    let (_, result) = start_result(member, wait)?;
    Some(result.map(|()| Value::Bool(true)).map_err(|failure| fault(failure, name)))
}

fn finished(context: &Context<'_>, job: JobId) -> Option<Result<Value, Fault>> {
    let Some(job) = context.supervisor.job(job) else {
        return Some(Err(Fault::new(Code::Failed, format!("job {} is not known", job.0))));
    };
    job.finished()?;
    let value = match (job.update(), job.rolling()) {
        (Some(update), _) => Value::Array(update.reports().iter().map(plan::executed).collect()),
        (None, Some(rolling)) => rolling_report::report(rolling),
        (None, None) => Value::Bool(true),
    };
    Some(Ok(value))
}

/// How many calls are made, and how many bytes of results are collected, before other clients get
/// their turn.
const MAX_CALLS_PER_POLL: usize = 50;
const MAX_BYTES_PER_POLL: usize = 128 * 1024;

/// Calls that are made in sequence, each after the previous one was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Multicall {
    /// In reverse order.
    calls: Vec<Value>,
    /// Set by [`Pending::continue_with`] after it was saved.
    #[serde(skip, default = "no_call")]
    call: Call,
    pending: Option<Box<Pending>>,
    results: Vec<Value>,
    /// About the size of the calls.
    calls_size: usize,
    /// About the size of the results.
    size: usize,
}

fn no_call() -> Call {
    |_, name, _| Err(Fault::new(Code::UnknownMethod, name))
}

impl Multicall {
    pub(super) fn new(mut calls: Vec<Value>, call: Call) -> Self {
        calls.reverse();
        let size = calls.iter().map(Value::size).sum();
        Self { calls, call, pending: None, results: Vec::new(), calls_size: size, size: 0 }
    }

    /// The results, values or fault structs, when all calls are answered. Makes a limited number
    /// of calls at once, and none after the limit of the reply is exceeded.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Option<Result<Value, Fault>> {
        let end = self.size + MAX_BYTES_PER_POLL;
        for _ in 0..MAX_CALLS_PER_POLL {
            if let Some(pending) = &mut self.pending {
                let result = pending.poll(context)?;
                self.pending = None;
                self.collect(result);
            }
            let Some(call) = self.calls.pop() else {
                return Some(Ok(Value::Array(std::mem::take(&mut self.results))));
            };
            if self.size > context.max_reply.bytes {
                return Some(Err(self.too_large(context)));
            }
            match dispatch(context, self.call, &call) {
                Ok(Outcome::Now(value)) => self.collect(Ok(value)),
                Ok(Outcome::Later(pending)) => self.pending = Some(Box::new(pending)),
                Err(fault) => self.collect(Err(fault)),
            }
            if self.size >= end {
                break;
            }
        }
        None
    }

    fn too_large(&self, context: &Context<'_>) -> Fault {
        let (made, left) = (self.results.len(), self.calls.len() + 1);
        let mut fault = Fault::too_large(&context.max_reply);
        let _ = write!(fault.string, "; {made} of {} calls were made", made + left);
        fault
    }

    fn collect(&mut self, result: Result<Value, Fault>) {
        let value = result.unwrap_or_else(|fault| fault_value(&fault));
        self.size += value.size();
        self.results.push(value);
    }
}

fn dispatch(context: &mut Context<'_>, dispatch: Call, call: &Value) -> Answer {
    let incorrect = |detail: &str| Fault::new(Code::IncorrectParameters, detail);
    let name = match call.get("methodName") {
        None | Some(Value::Nil) => return Err(incorrect("No methodName")),
        Some(name) => name.as_str().ok_or_else(|| Fault::bare(Code::IncorrectParameters))?,
    };
    if name == "system.multicall" {
        return Err(incorrect("Recursive system.multicall forbidden"));
    }
    match call.get("params") {
        None => dispatch(context, name, &[]),
        Some(Value::Array(params)) => dispatch(context, name, params),
        Some(_) => Err(Fault::bare(Code::IncorrectParameters)),
    }
}

fn fault_value(fault: &Fault) -> Value {
    Value::record([
        ("faultCode", Value::Int(fault.code)),
        ("faultString", Value::str(&fault.string)),
    ])
}
