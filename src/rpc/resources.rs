//! `supkit.getResources` and `supkit.getResourceHistory`: what processes use, and the last day of one.
//! The web page takes the same facts from here.

use serde::Serialize;

use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use super::supkit::fields;
use super::value::Value;
use super::{info, names};
use crate::core::Process;
use crate::core::history::{Ending, Outcome};
use crate::core::resources::{MachineUsage, Minute, TreeUsage};
use crate::core::state::ProcessState;
use crate::core::time::Wall;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// The last minutes of a process in columns, oldest first.
#[derive(Debug, Serialize)]
pub struct History {
    pub name: String,
    /// When the first minute began, and the seconds between two of them.
    pub begin: i64,
    pub interval: i64,
    /// 100 is one processor.
    pub cpu_percent: Vec<Option<f64>>,
    pub memory_kib: Vec<Option<u64>>,
    pub descriptors: Vec<Option<u64>>,
    pub marks: Vec<Mark>,
}

/// Something that happened to a process.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    pub time: i64,
    /// `started`, `ended` or `failed`.
    pub kind: &'static str,
    /// How it ended; empty if that is not known any more.
    pub text: String,
}

pub(super) fn get_resources(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    context.services.sample_resources(context.supervisor);
    let context = &*context;
    let all = names::by_name(context.supervisor);
    let processes = all.into_iter().map(|process| usage_of(context, process)).collect();
    let resources = context.services.resources();
    Ok(fields([
        ("machine", machine(resources.machine())),
        ("daemon", daemon(context, resources.daemon())),
        ("processes", Value::Array(processes)),
    ])
    .into())
}

pub(super) fn get_resource_history(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let id = names::find_process(context, args.name(0)?)?.id();
    let seconds = if matches!(args.value(1), Value::Nil) { DAY } else { args.number(1)? };
    context.services.sample_resources(context.supervisor);
    let process = context.supervisor.process(id);
    Ok(process.map_or(Value::Nil, |it| history_value(history(context, it, seconds))).into())
}

/// What happened to a process and what it used in the last `seconds`, at most a day.
pub fn history(context: &Context<'_>, process: &Process, seconds: i64) -> History {
    let seconds = u64::try_from(seconds.clamp(MINUTE, DAY)).unwrap_or(0);
    let count = usize::try_from(seconds.div_ceil(MINUTE as u64)).unwrap_or(1);
    let (begin, minutes) = context.services.resources().minutes(process, count, context.now);
    let figures = || minutes.iter().map(|minute| minute.figures);
    History {
        name: process.full_name(),
        begin: begin.secs(),
        interval: MINUTE,
        cpu_percent: figures().map(|it| Some(tenths(it?.cpu_percent))).collect(),
        memory_kib: figures().map(|it| Some(it?.memory >> 10)).collect(),
        descriptors: figures().map(|it| it?.descriptors).collect(),
        marks: marks(context, process, begin, &minutes),
    }
}

/// Exact times where they are known; of the others the minutes are.
fn marks(context: &Context<'_>, process: &Process, begin: Wall, minutes: &[Minute]) -> Vec<Mark> {
    let record = context.supervisor.history().of(process.group(), process.name());
    let endings = record.into_iter().flat_map(|record| &record.endings);
    let mut marks: Vec<Mark> = endings.filter(|it| it.when >= begin).map(mark).collect();
    let started = process.started().filter(|it| process.starts() > 0 && it.wall >= begin);
    marks.extend(started.map(|it| Mark {
        time: it.wall.secs(),
        kind: "started",
        text: String::new(),
    }));
    for (at, minute) in minutes.iter().enumerate() {
        let time = begin.secs() + MINUTE * at as i64;
        for (is_marked, kind) in [(minute.has_started, "started"), (minute.has_failed, "failed")] {
            // A minute of the ring is written up to two minutes after what happened.
            let is_exact = |it: &Mark| it.kind == kind && (it.time - time).abs() <= 2 * MINUTE;
            if is_marked && !marks.iter().any(is_exact) {
                marks.push(Mark { time, kind, text: String::new() });
            }
        }
    }
    marks.sort_by_key(|mark| mark.time);
    marks
}

fn mark(ending: &Ending) -> Mark {
    let text = match &ending.outcome {
        Outcome::NotSpawned { error } => error.clone(),
        Outcome::Ended(run) => run.status.description(),
    };
    let kind = if ending.is_failure() { "failed" } else { "ended" };
    Mark { time: ending.when.secs(), kind, text }
}

/// Why a process is in its state, in a few words; empty if that is as usual.
pub fn reason(context: &Context<'_>, process: &Process) -> String {
    let (supervisor, now) = (&*context.supervisor, context.now.mono);
    let state = process.state();
    let ended = || process.last_exit().map(|exit| exit.description());
    let waits = supervisor.waiting_reason(process.id(), now);
    let reason = match state {
        _ if waits.is_some() => waits,
        ProcessState::Running => process.not_ready_text(now).map(|why| format!("not ready: {why}")),
        ProcessState::Fatal | ProcessState::Backoff => match (process.spawnerr(), ended()) {
            (Some(error), Some(ended)) if process.last_exit().is_some_and(|it| !it.is_expected) => {
                Some(format!("{error}: {ended}"))
            }
            (error, _) => error.map(str::to_owned),
        },
        ProcessState::Exited => ended(),
        _ => None,
    };
    match (reason, supervisor.is_disabled(process.id())) {
        (reason, false) => reason.unwrap_or_default(),
        (Some(reason), true) => format!("{reason}, disabled"),
        (None, true) => "disabled".to_owned(),
    }
}

fn usage_of(context: &Context<'_>, process: &Process) -> Value {
    let resources = context.services.resources();
    let last = process.last_exit();
    let mut members = vec![
        ("group", Value::str(process.group())),
        ("name", Value::str(process.name())),
        ("state", Value::str(process.state().name())),
        ("reason", Value::Str(reason(context, process))),
        ("pid", Value::Int(process.pid().map_or(0, |pid| pid.0.into()))),
        ("uptime", Value::Int(info::uptime(context, process).unwrap_or(0))),
        ("restarts", count(process.restarts())),
        ("last_exit", Value::Str(last.map(|it| it.description()).unwrap_or_default())),
        ("last_exit_time", Value::Int(last.map_or(0, |it| it.when.wall.secs()))),
        ("cpu_seconds", Value::Double(hundredths(resources.cpu(process).as_secs_f64()))),
    ];
    if let Some(current) = resources.current(process) {
        members.extend([
            ("cpu_percent", Value::Double(tenths(current.cpu_percent))),
            ("memory_kib", count(current.memory >> 10)),
            ("processes", count(current.processes)),
        ]);
        members.extend(current.descriptors.map(|it| ("descriptors", count(it))));
    }
    Value::record(members)
}

fn machine(machine: Option<(MachineUsage, f64)>) -> Value {
    let Some((machine, percent)) = machine else { return fields([]) };
    let load = machine.load.map(Value::Double).to_vec();
    fields([
        ("processors", count(machine.processors)),
        ("cpu_percent", Value::Double(tenths(percent))),
        ("load", Value::Array(load)),
        // An integer of XML-RPC has 32 bits.
        ("memory_kib", count(machine.memory >> 10)),
        ("available_kib", count(machine.available >> 10)),
    ])
}

fn daemon(context: &Context<'_>, usage: TreeUsage) -> Value {
    fields([
        ("pid", Value::Int(context.services.pid())),
        ("cpu_seconds", Value::Double(hundredths(usage.cpu.as_secs_f64()))),
        ("memory_kib", count(usage.memory >> 10)),
        ("descriptors", usage.descriptors.map_or(Value::Int(-1), count)),
    ])
}

fn history_value(history: History) -> Value {
    let unknown = || Value::Int(-1);
    let numbers = |all: Vec<Option<u64>>| {
        Value::Array(all.into_iter().map(|it| it.map_or_else(unknown, count)).collect())
    };
    let percents = history.cpu_percent.into_iter().map(|it| Value::Double(it.unwrap_or(-1.0)));
    let mark = |Mark { time, kind, text }: Mark| {
        fields([("time", Value::Int(time)), ("kind", Value::str(kind)), ("text", Value::Str(text))])
    };
    fields([
        ("name", Value::Str(history.name)),
        ("begin", Value::Int(history.begin)),
        ("interval", Value::Int(history.interval)),
        ("cpu_percent", Value::Array(percents.collect())),
        ("memory_kib", numbers(history.memory_kib)),
        ("descriptors", numbers(history.descriptors)),
        ("marks", Value::Array(history.marks.into_iter().map(mark).collect())),
    ])
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
