//! The explanation for programs.

use std::time::Duration;

use super::facts::{ChangedOption, Changes, Child, Why};
use crate::conf::signals::Signal;
use crate::core::effect::{OutputStream, WaitStatus};
use crate::core::exit_report::{Requester, StopRequest, Usage};
use crate::core::history::{Ending, Outcome, Run, RunEnd};
use crate::rpc::supkit::fields;
use crate::rpc::value::Value;

pub(super) fn of(why: &Why, text: String) -> Value {
    let seconds = |wait: Option<Duration>| wait.map(seconds);
    let (changes, problem) = match &why.changes {
        Changes::Options(options) => (options.iter().map(changed).collect(), String::new()),
        Changes::Gone => (Vec::new(), "it is not in the configuration".to_owned()),
        Changes::Unreadable(why) => (Vec::new(), why.clone()),
    };
    let record = why.record.as_ref();
    let count = |number: Option<u64>| {
        Value::Int(number.map_or(0, |number| i64::try_from(number).unwrap_or(i64::MAX)))
    };
    let endings = record.iter().flat_map(|record| record.endings.iter().rev().map(ending));
    let mut members = vec![
        ("name", Value::str(&why.name)),
        ("state", Value::str(why.state.name())),
        ("text", Value::Str(text)),
        ("failed_starts", Value::Int(why.tries.into())),
        ("spawn_error", Value::str(why.spawnerr.clone().unwrap_or_default())),
        ("waits_for", Value::str(why.waits.clone().unwrap_or_default())),
        ("endings", Value::Array(endings.collect())),
        ("endings_total", count(record.map(|it| it.total))),
        ("endings_failed", count(record.map(|it| it.failures))),
        ("changes", Value::Array(changes)),
        ("changes_problem", Value::Str(problem)),
    ];
    members.extend(why.disabled.is_some().then_some(("disabled", Value::Bool(true))));
    let next_run = why.schedule.as_ref().and_then(|(_, next)| *next);
    members.extend(next_run.map(|next| ("next_run", Value::Int(next.secs()))));
    members.extend(seconds(why.next_attempt).map(|wait| ("next_attempt", wait)));
    members.extend(seconds(why.kill_in).map(|wait| ("kill_in", wait)));
    members.extend(why.stop.as_ref().map(|stop| ("stop", stop_value(stop))));
    members.extend(why.child.as_ref().map(|it| ("child", child(it))));
    structure(members)
}

fn structure(members: Vec<(&'static str, Value)>) -> Value {
    Value::record(members)
}

fn seconds(duration: Duration) -> Value {
    Value::Double((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

fn child(child: &Child) -> Value {
    fields([
        ("pid", Value::Int(child.pid.into())),
        ("up", seconds(child.up)),
        ("usage", usage(child.usage)),
        ("not_ready", Value::str(child.not_ready.clone().unwrap_or_default())),
        ("output", output(&child.output)),
    ])
}

/// An empty struct if nothing is known.
fn usage(usage: Option<Usage>) -> Value {
    let Some(usage) = usage else { return fields([]) };
    fields([
        // An integer of XML-RPC has 32 bits.
        ("peak_memory_kib", Value::Int(i64::try_from(usage.peak_memory >> 10).unwrap_or(i64::MAX))),
        ("cpu_user", seconds(usage.user)),
        ("cpu_system", seconds(usage.system)),
    ])
}

fn output(output: &[(OutputStream, Vec<String>)]) -> Value {
    let lines = |lines: &Vec<String>| Value::Array(lines.iter().map(Value::str).collect());
    Value::record(output.iter().map(|(stream, it)| (stream.name(), lines(it))))
}

fn stop_value(stop: &StopRequest) -> Value {
    let job = match &stop.by {
        Requester::Job { id, .. } => i64::try_from(id.0).unwrap_or(i64::MAX),
        Requester::Dependency(_) => 0,
    };
    fields([
        ("by", Value::Str(stop.by.to_string())),
        ("job", Value::Int(job)),
        ("signal", Value::Str(stop.signal.to_string())),
        ("time", Value::Int(stop.when.wall.secs())),
    ])
}

fn ending(ending: &Ending) -> Value {
    let mut members = vec![
        ("time", Value::Int(ending.when.secs())),
        ("failed", Value::Bool(ending.is_failure())),
        ("output", output(&ending.output)),
    ];
    match &ending.outcome {
        Outcome::NotSpawned { error } => {
            members.push(("kind", Value::str("not spawned")));
            members.push(("error", Value::str(error)));
        }
        Outcome::Ended(run) => run_members(run, &mut members),
    }
    structure(members)
}

fn run_members(run: &Run, members: &mut Vec<(&'static str, Value)>) {
    let kind = match run.kind {
        RunEnd::Stopped => "stopped",
        RunEnd::TooQuickly => "too quickly",
        RunEnd::Expected => "expected",
        RunEnd::Unexpected => "unexpected",
    };
    let (code, signal, core_dumped) = match run.status {
        WaitStatus::Exited(code) => (code, String::new(), false),
        WaitStatus::Signaled { signal, core_dumped } => {
            (-1, Signal(signal).to_string(), core_dumped)
        }
    };
    members.extend([
        ("kind", Value::str(kind)),
        ("description", Value::Str(run.status.description())),
        ("pid", Value::Int(run.pid.0.into())),
        ("lasted", seconds(run.lasted)),
        ("exitstatus", Value::Int(code.into())),
        ("signal", Value::Str(signal)),
        ("core_dumped", Value::Bool(core_dumped)),
        ("killed", Value::Bool(run.was_killed)),
        ("oom_kill", Value::str(run.report.oom.name())),
        ("usage", usage(run.report.usage)),
    ]);
    members.extend(run.stop.as_ref().map(|stop| ("stop", stop_value(stop))));
    members.extend(run.sent.as_ref().map(|sent| {
        let sent = fields([
            ("signal", Value::Str(sent.signal.to_string())),
            ("requester", Value::str(&sent.requester)),
            ("time", Value::Int(sent.when.wall.secs())),
        ]);
        ("sent_signal", sent)
    }));
}

fn changed(changed: &ChangedOption) -> Value {
    fields([
        ("option", Value::str(changed.change.option)),
        ("from", Value::str(&changed.change.from)),
        ("to", Value::str(&changed.change.to)),
        ("file", Value::str(&changed.file)),
        ("line", Value::Int(i64::try_from(changed.line).unwrap_or(0))),
    ])
}
