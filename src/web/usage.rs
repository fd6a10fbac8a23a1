//! What processes and the machine use, for the list and for the charts of one process.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use super::language::Choice;
use super::texts::{Language, Value};
use crate::core::Process;
use crate::core::resources::text;
use crate::http::form;
use crate::http::{Reply, Request};
use crate::rpc::fault::Fault;
use crate::rpc::{Context, names, resources};

/// The minutes of a small chart in the list.
const MINUTES: usize = 60;
/// Its height, and the least number that fills it.
const HEIGHT: f64 = 16.0;
const FULL_CPU: f64 = 10.0;
const FULL_MEMORY: f64 = 1024.0;

/// The figures of a row, which are empty while the process does not run.
#[derive(Serialize)]
pub(super) struct Usage {
    cpu: String,
    memory: String,
    /// `7 descriptors, 2 restarts, last exit: terminated by SIGTERM`
    more: String,
    /// The last points of the two charts: percent, and KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<(f64, u64)>,
}

impl Usage {
    /// The last exit is left out if it is shown as a failure.
    pub(super) fn of(
        context: &Context<'_>,
        language: Language,
        process: &Process,
        has_failure: bool,
    ) -> Self {
        let current = context.services.resources().current(process);
        let descriptors = current.and_then(|it| it.descriptors).unwrap_or(0);
        let more = [("usage.descriptors", descriptors), ("usage.restarts", process.restarts())];
        let more = more.into_iter().filter(|(_, number)| *number > 0);
        let more = more.map(|(key, number)| language.count(key, number as usize, &[]));
        let last_exit = process.last_exit().filter(|_| !has_failure).map(|exit| {
            let cause = language.translate(&exit.cause());
            language.fill("usage.last-exit", &[("cause", &cause)])
        });
        let more = more.chain(last_exit);
        Self {
            cpu: current.map(|it| language.amount(text::cpu(it.cpu_percent))).unwrap_or_default(),
            memory: current.map(|it| language.amount(text::memory(it.memory))).unwrap_or_default(),
            more: more.collect::<Vec<_>>().join(", "),
            now: current.map(|it| ((it.cpu_percent * 10.0).round() / 10.0, it.memory >> 10)),
        }
    }
}

/// The small charts of a row for the template: the last hour.
pub(super) fn charts(context: &Context<'_>, process: &Process, usage: &Usage) -> serde_json::Value {
    let (_, minutes) = context.services.resources().minutes(process, MINUTES - 1, context.now);
    let chart = |full: f64, past: Vec<Option<f64>>, now: Option<f64>| {
        let gap = (MINUTES - 1).saturating_sub(past.len());
        let values: Vec<Option<f64>> =
            std::iter::repeat_n(None, gap).chain(past).chain([now]).collect();
        json!({ "values": comma_separated(&values), "path": path(&values, full) })
    };
    let figures = || minutes.iter().map(|minute| minute.figures);
    let cpu = figures().map(|it| Some((it?.cpu_percent * 10.0).round() / 10.0)).collect();
    let memory = figures().map(|it| Some((it?.memory >> 10) as f64)).collect();
    json!({
        "cpu": chart(FULL_CPU, cpu, usage.now.map(|it| it.0)),
        "memory": chart(FULL_MEMORY, memory, usage.now.map(|it| it.1 as f64)),
    })
}

/// What is not known is empty.
fn comma_separated(values: &[Option<f64>]) -> String {
    let texts = values.iter().map(|it| it.map(|it| it.to_string()).unwrap_or_default());
    texts.collect::<Vec<_>>().join(",")
}

/// A line with gaps, as the data of an SVG path. `live.js` draws the same.
fn path(values: &[Option<f64>], full: f64) -> String {
    let highest = values.iter().flatten().fold(full, |one, other| one.max(*other));
    let mut path = String::new();
    let mut is_drawing = false;
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let height = HEIGHT - 1.0 - value / highest * (HEIGHT - 2.0);
            let command = if is_drawing { 'L' } else { 'M' };
            let _ = write!(path, "{command}{at} {height:.1}");
            if !is_drawing {
                // A point alone is visible as well.
                path += "h.5";
            }
        }
        is_drawing = value.is_some();
    }
    path
}

/// `2 processors 35 %, load 0.50, memory 4.2 GB of 23.5 GB`; empty if nothing is known.
pub(super) fn machine(context: &Context<'_>, language: Language) -> String {
    let Some((machine, percent)) = context.services.resources().machine() else {
        return String::new();
    };
    let used = machine.memory.saturating_sub(machine.available);
    let [used, memory] = [used, machine.memory].map(|it| language.amount(text::memory(it)));
    let cpu = language.amount(text::cpu(percent));
    let load = language.amount(format!("{:.2}", machine.load[0]));
    let values: [Value<'_>; 4] =
        [("cpu", &cpu), ("load", &load), ("used", &used), ("memory", &memory)];
    language.count("usage.machine", machine.processors as usize, &values)
}

/// The answer for `/resources.json?processname=NAME&seconds=86400`.
pub(super) fn history(
    context: &mut Context<'_>,
    request: &Request,
) -> Result<serde_json::Value, Reply> {
    let fields = form::parse(request.query());
    let name = form::field(&fields, "processname").unwrap_or_default();
    let seconds = form::field(&fields, "seconds").and_then(|it| it.parse().ok());
    context.services.sample_resources(context.supervisor);
    let context = &*context;
    let process = names::find_process(context, name)
        .map_err(|_: Fault| Reply::error(404, "There is no such process."))?;
    let language = Choice::of(request).language;
    let mut history = resources::history(context, process, seconds.unwrap_or(i64::MAX));
    for mark in &mut history.marks {
        mark.text = language.translate(&mark.text);
    }
    Ok(json!(history))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_gaps_and_fills_its_height() {
        let values = [Some(0.0), Some(20.0), None, Some(10.0)];
        assert_eq!(path(&values, 10.0), "M0 15.0h.5L1 1.0M3 8.0h.5");
        assert_eq!(path(&[Some(1.0)], 10.0), "M0 13.6h.5");
        assert_eq!(comma_separated(&values), "0,20,,10");
    }
}
