//! What happened in a simulation, as data and as a text like a log.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::conf::events::EventType;
use crate::conf::hook::Hook;
use crate::core::Supervisor;
use crate::core::critical_path::CriticalStep;
use crate::core::effect::ProcId;
use crate::core::exit_report::{Requester, StopRequest};
use crate::core::group::{Process, full_name};
use crate::core::state::ProcessState;
use crate::core::time::{Mono, Now};

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Since the start of the daemon.
    pub at: Duration,
    /// What it is about; `None` for the daemon.
    pub process: Option<String>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    State {
        from: String,
        to: String,
        detail: String,
    },
    /// A line of the activity log.
    Message(String),
    /// What the script does.
    Act(String),
}

/// A span in which everything was up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpSpan {
    /// What was not up at some time since the previous span.
    pub down_before: Vec<String>,
    pub from: Duration,
    /// `None` if it lasted to the end.
    pub to: Option<Duration>,
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub up: Vec<UpSpan>,
    /// What the first complete start waited for.
    pub critical_path: Vec<CriticalStep>,
    /// When the last process of an ended daemon had stopped.
    pub ended: Option<Duration>,
    /// At the end of the simulation: each process that is meant to run and does not, and why.
    pub missing: Vec<(String, String)>,
    /// Processes that are not started.
    pub not_started: Vec<String>,
    /// Processes with a schedule, and the time from the end until their next run.
    pub next_runs: Vec<(String, Duration)>,
    /// How long the simulation was.
    pub length: Duration,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// What the children do, a sentence each.
    pub assumptions: Vec<String>,
    /// What was not up at some time since everything was.
    down: BTreeSet<String>,
    pub entries: Vec<Entry>,
    pub summary: Summary,
}

impl Timeline {
    pub(super) fn push(&mut self, at: Duration, process: Option<String>, what: What) {
        self.entries.push(Entry { at, process, what });
    }

    /// An event of the daemon; only those about states are shown.
    pub(super) fn state_change(
        &mut self,
        at: Duration,
        core: &Supervisor,
        kind: EventType,
        payload: &str,
    ) {
        let Some((to, (group, name, from))) =
            kind.name().strip_prefix("PROCESS_STATE_").zip(parse(payload))
        else {
            return;
        };
        let process = core.find(group, name).and_then(|id| core.process(id));
        let detail = process.map_or_else(String::new, |it| detail(core, it, to, Mono(at)));
        let what = What::State { from: from.to_owned(), to: to.to_owned(), detail };
        self.push(at, Some(full_name(group, name)), what);
    }

    /// Records whether everything is up.
    pub(super) fn set_up(&mut self, at: Duration, is_up: bool, core: &Supervisor) {
        let was_up = self.summary.up.last().is_some_and(|span| span.to.is_none());
        match (was_up, is_up) {
            (false, true) => {
                let last = self.summary.up.last_mut();
                if let Some(span) = last.filter(|span| span.to == Some(at)) {
                    // No time has passed without it, as with a task that is up at once.
                    span.to = None;
                    self.down.clear();
                    return;
                }
                if self.summary.up.is_empty() {
                    self.summary.critical_path = core.critical_path();
                }
                let down_before = std::mem::take(&mut self.down).into_iter().collect();
                self.summary.up.push(UpSpan { down_before, from: at, to: None });
            }
            (true, false) => {
                if let Some(span) = self.summary.up.last_mut() {
                    span.to = Some(at);
                }
            }
            _ => {}
        }
    }

    /// Records what is not up now.
    pub(super) fn note_down(&mut self, names: Vec<String>) {
        self.down.extend(names);
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self, core: &Supervisor, missing: &[ProcId], now: Now) {
        let length = now.mono.0;
        self.summary.length = length;
        let next =
            |it: &Process| Some((it.full_name(), it.next_run()?.0.saturating_sub(now.wall.0)));
        self.summary.next_runs = core.processes().filter_map(next).collect();
        let missing = missing.iter().filter_map(|id| core.process(*id));
        let why = |process: &Process| {
            let name = process.full_name();
            let reason = core.waiting_reason(process.id(), Mono(length));
            let not_ready = process.not_ready_text(Mono(length));
            let state = process.state().to_string();
            let why = match (reason, not_ready) {
                (Some(reason), _) => reason,
                (None, Some(why)) => format!("{state}, not ready: {why}"),
                (None, None) => state,
            };
            (name, why)
        };
        self.summary.missing = missing.map(why).collect();
        let is_idle = |it: &&Process| {
            it.started().is_none()
                && !it.config().autostart
                && it.config().schedule.is_none()
                && !core.is_waiting(it.id())
        };
        self.summary.not_started =
            core.processes().filter(is_idle).map(Process::full_name).collect();
    }

    /// Whether the end is what a person would wish: all is up, or all has stopped.
    pub fn is_good(&self) -> bool {
        self.summary.ended.is_some() || self.summary.missing.is_empty()
    }

    pub fn text(&self) -> String {
        let name = |entry: &Entry| entry.process.clone().unwrap_or_default();
        let last = self.entries.last().map(|it| clock(it.at)).unwrap_or_default();
        let time = last.len().max(8);
        let width = self.entries.iter().map(|it| name(it).chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for (at, line) in self.assumptions.iter().enumerate() {
            let head = if at == 0 { "assumed:" } else { "" };
            let _ = writeln!(text, "{head:<8}  {line}");
        }
        for entry in &self.entries {
            let (name, what) = (name(entry), entry.what.words());
            let line = format!("{:>time$}  {name:width$}  {what}", clock(entry.at));
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
        self.summary.write(&mut text);
        text
    }

    pub fn json(&self) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(Entry::json).collect();
        json!({
            "assumptions": self.assumptions,
            "events": entries,
            "summary": self.summary.json(),
        })
    }
}

/// Group, name and previous state of a process event.
fn parse(payload: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = payload.strip_prefix("processname:")?.split_once(" groupname:")?;
    let (group, rest) = rest.split_once(" from_state:")?;
    Some((group, name, rest.split(' ').next()?))
}

/// What a person wants to know about a new state.
fn detail(core: &Supervisor, process: &Process, to: &str, now: Mono) -> String {
    let ended = process.last_exit().map(|exit| exit.description()).unwrap_or_default();
    let next = process.next_attempt().map(|at| clock(at.since(now)));
    match to {
        "BACKOFF" => {
            let why = process.spawnerr().unwrap_or(&ended);
            let why = why.split(" (process log").next().unwrap_or(why);
            let next = next.map(|wait| format!(", next attempt in {wait}")).unwrap_or_default();
            format!("{why}{next}")
        }
        "STOPPING" => process.stop_request().map_or_else(String::new, |it| stop_text(core, it)),
        "STOPPED" => ended,
        "EXITED" => {
            let next = match (next, process.state()) {
                (Some(wait), ProcessState::Exited) if wait == clock(Duration::ZERO) => {
                    ", restarted at once".to_owned()
                }
                (Some(wait), ProcessState::Exited) => format!(", restarted in {wait}"),
                (None, ProcessState::Exited) => ", not restarted".to_owned(),
                _ => String::new(),
            };
            format!("{ended}{next}")
        }
        "FATAL" => "too many failed starts".to_owned(),
        _ => String::new(),
    }
}

/// `SIGTERM for the restart of web`
fn stop_text(core: &Supervisor, stop: &StopRequest) -> String {
    let how = if stop.has_command {
        Hook::StopCommand.name().to_owned()
    } else {
        stop.signal.to_string()
    };
    match &stop.by {
        Requester::Dependency(name) => format!("{how} because of the end of {name}"),
        Requester::Job { id, .. } => match core.job(*id) {
            Some(job) => format!("{how} for the {} of {}", job.kind().name(), job.target()),
            None => how,
        },
    }
}

/// What is shown in seconds: less than a quarter of an hour.
const IN_SECONDS: Duration = Duration::from_secs(15 * 60);

/// `12.5s`, `1:10:00`, `2d 3:30:00`
pub(super) fn clock(duration: Duration) -> String {
    if duration < IN_SECONDS {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    let seconds = duration.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let days = if days == 0 { String::new() } else { format!("{days}d ") };
    format!("{days}{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60)
}

/// `45.0s`, `12 min`, `3 h 5 min`, `2 d 21 h`
fn span(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (days, hours) = (minutes / 1440, minutes / 60 % 24);
    match (days, hours) {
        (0, 0) if minutes == 0 => clock(duration),
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {hours} h"),
    }
}

fn seconds(duration: Duration) -> Value {
    json!((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl What {
    fn words(&self) -> String {
        match self {
            Self::State { from, to, detail } if detail.is_empty() => format!("{from} -> {to}"),
            Self::State { from, to, detail } => format!("{from} -> {to}  ({detail})"),
            Self::Message(text) => text.clone(),
            Self::Act(text) => format!("*** {text}"),
        }
    }
}

impl Entry {
    fn json(&self) -> Value {
        let (at, process) = (seconds(self.at), &self.process);
        match &self.what {
            What::State { from, to, detail } => json!({
                "time": at, "process": process, "from": from, "to": to, "detail": detail,
            }),
            What::Message(text) => json!({ "time": at, "process": process, "message": text }),
            What::Act(text) => json!({ "time": at, "process": process, "simulated": text }),
        }
    }
}

impl Summary {
    fn write(&self, text: &mut String) {
        let mut lost: Option<Duration> = None;
        for span in &self.up {
            let _ = match lost {
                None => writeln!(text, "everything was up after {}", clock(span.from)),
                Some(lost) => {
                    let outage = clock(span.from.saturating_sub(lost));
                    let (from, to) = (clock(lost), clock(span.from));
                    let down = span.down_before.join(", ");
                    writeln!(
                        text,
                        "not everything was up from {from} to {to}, for {outage}: {down}"
                    )
                }
            };
            lost = span.to;
        }
        if !self.critical_path.is_empty() {
            let steps = self.critical_path.iter();
            let steps: Vec<String> =
                steps.map(|step| format!("{} {}", step.name, clock(step.duration))).collect();
            let _ = writeln!(text, "critical path of the start: {}", steps.join(" -> "));
        }
        if let Some(ended) = self.ended {
            let _ = writeln!(
                text,
                "everything had stopped and the daemon had exited after {}",
                clock(ended)
            );
            return;
        }
        if !self.missing.is_empty() {
            let since = match lost {
                Some(lost) => format!(" (since {})", clock(lost)),
                None => String::new(),
            };
            let _ = writeln!(text, "after {}, not everything is up{since}:", clock(self.length));
        }
        for (name, why) in &self.missing {
            let _ = writeln!(text, "  {name}: {why}");
        }
        if !self.not_started.is_empty() {
            let names = self.not_started.join(", ");
            let _ = writeln!(text, "not started, because nothing requests it: {names}");
        }
        for (name, wait) in &self.next_runs {
            let _ =
                writeln!(text, "{name} runs next {} after the end of this simulation", span(*wait));
        }
    }

    fn json(&self) -> Value {
        let span = |it: &UpSpan| {
            json!({
                "from": seconds(it.from),
                "to": it.to.map(seconds),
                "down_before": it.down_before,
            })
        };
        let up: Vec<Value> = self.up.iter().map(span).collect();
        let next_runs = self.next_runs.iter();
        let next_runs: Vec<Value> = next_runs
            .map(|(name, wait)| json!({ "name": name, "seconds_after_the_end": seconds(*wait) }))
            .collect();
        let path = self.critical_path.iter();
        let path: Vec<Value> = path
            .map(|step| json!({ "name": step.name, "seconds": seconds(step.duration) }))
            .collect();
        let missing = self.missing.iter();
        let missing: Vec<Value> =
            missing.map(|(name, why)| json!({ "name": name, "reason": why })).collect();
        json!({
            "up": up,
            "critical_path": path,
            "ended": self.ended.map(seconds),
            "missing": missing,
            "not_started": self.not_started,
            "next_runs": next_runs,
            "length": seconds(self.length),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_shown_as_clocks_show_them() {
        for (seconds, moment, wait) in [
            (0, "0.0s", "0.0s"),
            (899, "899.0s", "14 min"),
            (900, "0:15:00", "15 min"),
            (4200, "1:10:00", "1 h 10 min"),
            (86_400 + 3661, "1d 1:01:01", "1 d 1 h"),
        ] {
            let duration = Duration::from_secs(seconds);
            assert_eq!((clock(duration).as_str(), span(duration).as_str()), (moment, wait));
        }
    }
}
