//! The explanation for people. The first line is the answer; what follows are the facts.

use std::fmt::Write;
use std::time::Duration;

use super::facts::{Changes, Child, Why};
use super::spans::{duration, memory};
use crate::conf::config::AutoRestart;
use crate::conf::hook::Hook;
use crate::conf::signals::Signal;
use crate::core::effect::{OutputStream, WaitStatus};
use crate::core::exit_report::{OomKill, Usage};
use crate::core::history::{Ending, Outcome, Run, RunEnd};
use crate::core::state::ProcessState;
use crate::core::time::Wall;
use crate::rpc::context::LocalTime;

/// How many lines of output are shown while the process runs.
const PRESENT_LINES: usize = 5;

/// How many earlier ends are listed.
const EARLIER: usize = 5;

type Local<'a> = &'a dyn Fn(Wall) -> LocalTime;

impl Why {
    /// `local` converts to the local time zone.
    pub fn text(&self, local: Local<'_>) -> String {
        let mut text = format!("{} is {}: {}\n", self.name, self.state, self.answer());
        let is_answer = self.state == ProcessState::Stopped && self.waits.is_none();
        if let Some(disabled) = self.disabled.as_ref().filter(|_| !is_answer) {
            let _ = writeln!(text, "it {disabled}");
        }
        if let Some(child) = &self.child {
            self.write_child(&mut text, child);
        }
        self.write_dependencies(&mut text);
        self.write_schedule(&mut text, local);
        self.write_endings(&mut text, local);
        self.write_changes(&mut text);
        for (stream, path) in &self.logs {
            let _ = writeln!(text, "log of {}: {path}", stream.name());
        }
        text
    }

    /// Why it is in its state, in one line.
    pub fn answer(&self) -> String {
        match self.state {
            _ if self.waits.is_some() => self.waiting(),
            ProcessState::Stopped if self.disabled.is_some() => {
                format!("it {}", self.disabled.clone().unwrap_or_default())
            }
            ProcessState::Stopped if !self.was_started => self.never_started(),
            ProcessState::Stopped => match &self.stop {
                Some(stop) => format!("stopped by {}", stop.by),
                None => "it was stopped".to_owned(),
            },
            ProcessState::Starting if self.hook.is_some() => {
                let hook = self.hook.map_or("", Hook::name);
                format!("it is started when {hook} has ended, which is running")
            }
            ProcessState::Starting => {
                let startsecs = self.settings.startsecs;
                format!("it counts as RUNNING when it has been up for {startsecs} s (startsecs)")
            }
            ProcessState::Running => match &self.child {
                Some(child) => Self::running(child),
                None => "it is up".to_owned(),
            },
            ProcessState::Backoff => format!(
                "{}; {}",
                self.failed_starts(),
                self.next_attempt.map_or_else(
                    || "it is not tried again".to_owned(),
                    |wait| format!("the next attempt follows {}", within(wait)),
                )
            ),
            ProcessState::Stopping => self.stopping(),
            ProcessState::Exited => self.exited(),
            ProcessState::Fatal => self.given_up(),
            ProcessState::Unknown => "a signal could not be sent to it".to_owned(),
        }
    }

    /// A start that was requested waits, or an automatic restart.
    fn waiting(&self) -> String {
        let waits = self.waits.as_deref().unwrap_or_default();
        match self.state {
            ProcessState::Backoff => format!("{}; the next attempt {waits}", self.failed_starts()),
            ProcessState::Exited if self.next_attempt.is_some() => {
                format!("{}; its restart {waits}", self.last_exit_text())
            }
            _ => format!("it {waits}"),
        }
    }

    fn given_up(&self) -> String {
        let why = self.spawnerr.as_deref().unwrap_or("its start has failed too often");
        // Supervisor's hint is for those who do not see the output below.
        let why = why.split(" (process log").next().unwrap_or(why);
        let retries = self.settings.startretries;
        format!("{why}; it is not started again without a request (startretries {retries})")
    }

    fn never_started(&self) -> String {
        if self.schedule.is_some() {
            "it has not been started yet by its schedule".to_owned()
        } else if self.settings.autostart {
            "it has not been started since the daemon runs".to_owned()
        } else {
            "it has not been started, because it has autostart=false".to_owned()
        }
    }

    fn running(child: &Child) -> String {
        let up = format!("up for {}", duration(child.up));
        match child.not_ready.as_deref() {
            None => up,
            Some("") => format!("{up}, and ready"),
            Some(why) => format!("{up}, but not ready: {why}"),
        }
    }

    fn failed_starts(&self) -> String {
        let retries = match self.settings.startretries {
            -1 => "without a limit".to_owned(),
            retries => format!("startretries {retries}"),
        };
        let tries = self.tries;
        let times = if tries == 1 { "once".to_owned() } else { format!("{tries} times") };
        format!("its start has failed {times} ({retries})")
    }

    fn stopping(&self) -> String {
        let Some(stop) = &self.stop else { return "it is being stopped".to_owned() };
        let kill = match self.kill_in {
            Some(wait) => format!("; SIGKILL follows {}", within(wait)),
            None => String::new(),
        };
        format!("{}{kill}", stop.description())
    }

    fn exited(&self) -> String {
        let how = self.last_exit_text();
        let next = match (self.next_attempt, self.settings.autorestart) {
            (Some(wait), _) => format!("it is restarted {}", within(wait)),
            (None, AutoRestart::Never) => "it is not restarted (autorestart=false)".to_owned(),
            (None, _) => "it is not restarted, because that was expected".to_owned(),
        };
        format!("{how}; {next}")
    }

    fn last_exit_text(&self) -> String {
        let last = self.record.as_ref().and_then(|record| record.endings.back());
        match last.map(|ending| &ending.outcome) {
            Some(Outcome::Ended(run)) => self.exit_text(run),
            _ => "it has ended".to_owned(),
        }
    }

    fn exit_text(&self, run: &Run) -> String {
        let codes: Vec<String> = self.settings.exitcodes.iter().map(i64::to_string).collect();
        let expected = match run.kind {
            RunEnd::Expected => "expected",
            _ => "not expected",
        };
        format!("{} ({expected}; exitcodes {})", run.status.description(), codes.join(","))
    }

    fn write_child(&self, text: &mut String, child: &Child) {
        let _ = write!(text, "  pid {}", child.pid);
        if self.state != ProcessState::Running {
            let _ = write!(text, ", up for {}", duration(child.up));
        }
        let usage = child.usage.map(|usage| format!(", {} so far", usage_text(usage)));
        let _ = writeln!(text, "{}", usage.unwrap_or_default());
        write_output(text, &child.output, PRESENT_LINES);
    }

    fn write_dependencies(&self, text: &mut String) {
        for dependency in &self.dependencies {
            let (name, condition) = (&dependency.name, dependency.condition.name());
            let is_met = if dependency.is_met { "met" } else { "not met" };
            let any = if dependency.any.is_some() { "any of " } else { "" };
            let _ = writeln!(text, "depends on {any}{name}:{condition}: {is_met}");
        }
    }

    fn write_schedule(&self, text: &mut String, local: Local<'_>) {
        let Some((schedule, next)) = &self.schedule else { return };
        let _ = write!(text, "schedule {}", schedule.expression);
        if !schedule.zone.name.is_empty() {
            let _ = write!(text, " ({})", schedule.zone.name);
        }
        let _ = match next {
            Some(next) => writeln!(text, ": next run {}", local(*next)),
            None => writeln!(text, ": no run is planned"),
        };
    }

    fn write_endings(&self, text: &mut String, local: Local<'_>) {
        let Some(record) = &self.record else {
            if self.child.is_some() || self.was_started {
                text.push_str("no earlier end is recorded\n");
            }
            return;
        };
        let mut endings = record.endings.iter().rev();
        let Some(last) = endings.next() else { return };
        let when = local(last.when);
        let _ = writeln!(text, "last end: {when}{}", self.ago(last.when));
        self.write_ending(text, last);
        let earlier: Vec<&Ending> = endings.take(EARLIER).collect();
        if !earlier.is_empty() {
            text.push_str("before that:\n");
        }
        for ending in earlier {
            let when = local(ending.when);
            let _ = writeln!(text, "  {when}  {}", brief(ending));
        }
        if record.total > 1 {
            let (total, failures) = (record.total, record.failures);
            let since = local(record.since);
            let _ =
                writeln!(text, "ended {total} times since {since}, {failures} of them failures");
        }
    }

    /// Nothing if the clock was set back.
    fn ago(&self, when: Wall) -> String {
        match self.now.0.checked_sub(when.0) {
            Some(passed) if passed < Duration::from_secs(1) => ", just now".to_owned(),
            Some(passed) => format!(", {} ago", duration(whole_seconds(passed))),
            None => String::new(),
        }
    }

    fn write_ending(&self, text: &mut String, ending: &Ending) {
        match &ending.outcome {
            Outcome::NotSpawned { error } => {
                let _ = writeln!(text, "  it could not be started: {error}");
            }
            Outcome::Ended(run) => {
                let _ = writeln!(text, "  {}", self.run_text(run));
                let usage = run.report.usage.map(|usage| format!(", {}", usage_text(usage)));
                // A start that was stopped during `prestart` had no child.
                if run.pid.0 != 0 {
                    let _ = writeln!(text, "  pid {}{}", run.pid.0, usage.unwrap_or_default());
                }
                for line in self.causes(run) {
                    let _ = writeln!(text, "  {line}");
                }
            }
        }
        write_output(text, &ending.output, usize::MAX);
    }

    fn run_text(&self, run: &Run) -> String {
        let (how, lasted) = (run.status.description(), duration(run.lasted));
        match run.kind {
            RunEnd::TooQuickly => {
                let startsecs = self.settings.startsecs;
                format!("{how} after {lasted}, sooner than startsecs ({startsecs} s)")
            }
            RunEnd::Stopped => format!("{how} after {lasted}, stopped on request"),
            RunEnd::Expected | RunEnd::Unexpected => {
                let rest = self.exit_text(run);
                format!("{rest} after {lasted}")
            }
        }
    }

    /// Who or what ended a child, as far as that is known.
    pub(super) fn causes(&self, run: &Run) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(stop) = &run.stop {
            lines.push(stop.description());
        }
        if run.was_killed {
            let waited = self.settings.stopwaitsecs;
            lines.push(format!(
                "SIGKILL was sent, because it had not ended within stopwaitsecs ({waited} s)"
            ));
        }
        if let Some(sent) = &run.sent {
            lines.push(format!("{} was sent on request through {}", sent.signal, sent.requester));
        }
        lines.extend(foreign_signal(run));
        lines.extend(oom_text(run.report.oom).map(str::to_owned));
        lines
    }

    fn write_changes(&self, text: &mut String) {
        match &self.changes {
            Changes::Options(options) if options.is_empty() => {}
            Changes::Options(options) => {
                text.push_str("changed on disk, and not applied yet (`update` applies it):\n");
                for changed in options {
                    let change = &changed.change;
                    let (option, from, to) =
                        (change.option, quoted(&change.from), quoted(&change.to));
                    let place = match changed.file.as_str() {
                        "" => "(the default)".to_owned(),
                        file => format!("({file}:{})", changed.line),
                    };
                    let _ = writeln!(text, "  {option}: {from} -> {to} {place}");
                }
            }
            Changes::Gone => {
                text.push_str("the configuration on disk does not have it any more\n");
            }
            Changes::Unreadable(why) => {
                let _ = writeln!(text, "the configuration on disk cannot be read: {why}");
            }
        }
    }
}

/// `in 3 s`, `at once`
fn within(wait: Duration) -> String {
    if wait.is_zero() { "at once".to_owned() } else { format!("in {}", duration(wait)) }
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

fn quoted(value: &str) -> String {
    if value.is_empty() { "(empty)".to_owned() } else { value.to_owned() }
}

fn usage_text(usage: Usage) -> String {
    let cpu = duration(usage.user + usage.system);
    format!("peak memory {}, CPU time {cpu}", memory(usage.peak_memory))
}

/// A signal that this daemon did not send.
fn foreign_signal(run: &Run) -> Option<String> {
    let WaitStatus::Signaled { signal, .. } = run.status else { return None };
    let is_own = |it: Signal| it.0 == signal;
    let was_sent = run.stop.as_ref().is_some_and(|it| is_own(it.signal) || it.has_command)
        || run.sent.as_ref().is_some_and(|it| is_own(it.signal))
        || run.was_killed && is_own(Signal::KILL);
    let signal = Signal(signal);
    let is_crash = ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP"]
        .contains(&signal.to_string().as_str());
    match (was_sent, is_crash) {
        (true, _) => None,
        (false, true) => Some(format!("{signal} usually means a defect of the program itself")),
        (false, false) => Some(format!("supervisord did not send {signal}")),
    }
}

fn oom_text(oom: OomKill) -> Option<&'static str> {
    match oom {
        OomKill::NotSuspected => None,
        OomKill::Confirmed => {
            Some("the kernel killed it because memory was short (the kernel log names its pid)")
        }
        OomKill::Likely => Some(
            "the kernel probably killed it because memory was short: it killed a process of this \
             control group (oom_kill)",
        ),
        OomKill::Possible => Some(
            "the kernel may have killed it because memory was short: it killed a process of this \
             machine (oom_kill in /proc/vmstat); the kernel log cannot be read",
        ),
        OomKill::Excluded => Some("it was not the kernel for want of memory (oom_kill)"),
        OomKill::Unknown => Some(
            "whether the kernel killed it for want of memory is unknown: neither memory.events of \
             the control group nor /proc/vmstat can be read",
        ),
    }
}

/// One line for an earlier end.
pub(super) fn brief(ending: &Ending) -> String {
    match &ending.outcome {
        Outcome::NotSpawned { error } => format!("could not be started: {error}"),
        Outcome::Ended(run) => {
            let (how, lasted) = (run.status.description(), duration(run.lasted));
            let why = match (run.kind, &run.stop) {
                (RunEnd::TooQuickly, _) => ", too quickly".to_owned(),
                (RunEnd::Stopped, Some(stop)) => format!(", stopped by {}", stop.by),
                (RunEnd::Stopped, None) => ", stopped".to_owned(),
                (RunEnd::Expected, _) => ", expected".to_owned(),
                (RunEnd::Unexpected, _) => ", not expected".to_owned(),
            };
            format!("{how} after {lasted}{why}")
        }
    }
}

fn write_output(text: &mut String, output: &[(OutputStream, Vec<String>)], limit: usize) {
    for (stream, lines) in output {
        let _ = writeln!(text, "  last lines of {}:", stream.name());
        for line in &lines[lines.len().saturating_sub(limit)..] {
            let _ = writeln!(text, "    {line}");
        }
    }
}
