//! The process information of `getProcessInfo` and its description text.

use super::answer::Answer;
use super::args::Args;
use super::context::{Context, LocalTime, Log};
use super::names;
use super::value::{Members, Value};
use super::xml::ArrayWriter;
use crate::core::Process;
use crate::core::effect::OutputStream;
use crate::core::state::ProcessState;
use crate::core::time::{Now, Wall};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

pub(super) fn get_process_info(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let process = names::find_process(context, args.name(0)?)?;
    let mut members = Vec::with_capacity(MEMBERS);
    info(context, process, &mut members);
    Ok(Value::Struct(members).into())
}

pub(super) fn get_all_process_info(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let mut all = ArrayWriter::default();
    for process in names::by_name(context.supervisor) {
        all.record(|members| info(context, process, members));
    }
    Ok(all.finish().into())
}

/// How many members the information of a process has.
const MEMBERS: usize = 15;

fn info(context: &Context<'_>, process: &Process, members: &mut dyn Members) {
    let path = |stream| context.services.log_path(Log::Child(process.id(), stream));
    let stdout = path(OutputStream::Stdout).unwrap_or_default();
    let state = process.state();
    members.text("name", process.name());
    members.text("group", process.group());
    members.int("start", secs(process.started()));
    members.int("stop", secs(process.stopped()));
    members.int("now", context.now.wall.secs());
    members.int("state", state.code());
    members.text("statename", state.name());
    members.text("spawnerr", process.spawnerr().unwrap_or_default());
    members.int("exitstatus", process.exitstatus().unwrap_or(0));
    members.text("logfile", &stdout);
    members.text("stdout_logfile", &stdout);
    members.text("stderr_logfile", &path(OutputStream::Stderr).unwrap_or_default());
    members.int("pid", process.pid().map_or(0, |pid| i64::from(pid.0)));
    members.text("description", &description(context, process));
    if context.supervisor.is_disabled(process.id()) {
        members.flag("disabled", true);
    }
}

fn secs(moment: Option<Now>) -> i64 {
    moment.map_or(0, |moment| moment.wall.secs())
}

/// The description in `supervisorctl status`.
pub fn description(context: &Context<'_>, process: &Process) -> String {
    let text = with_next_run(context, process);
    match context.supervisor.is_disabled(process.id()) {
        false => text,
        true if text.is_empty() => "disabled".to_owned(),
        true => format!("{text}, disabled"),
    }
}

fn with_next_run(context: &Context<'_>, process: &Process) -> String {
    let text = state_text(context, process);
    let shows_next =
        matches!(process.state(), ProcessState::Running) || !process.state().is_running();
    let next = process.next_run().filter(|_| shows_next);
    match next.map(|next| short_date(&context.services.local_time(next))) {
        Some(next) if text.is_empty() => format!("next run {next}"),
        Some(next) => format!("{text}, next run {next}"),
        None => text,
    }
}

fn state_text(context: &Context<'_>, process: &Process) -> String {
    let reason = context.supervisor.waiting_reason(process.id(), context.now.mono);
    match process.state() {
        _ if reason.is_some() => reason.unwrap_or_default(),
        ProcessState::Running => {
            let pid = process.pid().map_or(0, |pid| pid.0);
            let uptime = uptime(context, process).unwrap_or_default();
            let text = format!("pid {pid}, uptime {}", timedelta(uptime));
            match process.not_ready_text(context.now.mono) {
                Some(why) => format!("{text}, not ready: {why}"),
                None if context.supervisor.is_drained(process.id()) => format!("{text}, drained"),
                None => text,
            }
        }
        ProcessState::Fatal | ProcessState::Backoff => {
            let unknown = || format!("unknown error (try \"tail {}\")", process.name());
            process.spawnerr().map_or_else(unknown, str::to_owned)
        }
        ProcessState::Stopped | ProcessState::Exited if process.started().is_some() => {
            let stopped = process.stopped().map_or(Wall::default(), |stopped| stopped.wall);
            short_date(&context.services.local_time(stopped))
        }
        ProcessState::Stopped | ProcessState::Exited => "Not started".to_owned(),
        ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => String::new(),
    }
}

/// The seconds since the start of a running process.
pub fn uptime(context: &Context<'_>, process: &Process) -> Option<i64> {
    let started = process.started().filter(|_| process.state() == ProcessState::Running)?;
    Some(seconds_since(started, context.now))
}

/// As in Supervisor, it is the difference of the shown times, unless the system clock was set in
/// between.
fn seconds_since(started: Now, now: Now) -> i64 {
    let shown = now.wall.secs() - started.wall.secs();
    let passed = i64::try_from(now.mono.since(started.mono).as_secs()).unwrap_or(i64::MAX);
    if shown.abs_diff(passed) <= 1 { shown } else { passed }
}

/// Formats seconds like a Python `timedelta`; negative values (a clock that was set back) count as
/// zero.
fn timedelta(secs: i64) -> String {
    let secs = secs.max(0);
    let (days, hours, minutes, secs) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60, secs % 60);
    let clock = format!("{hours}:{minutes:02}:{secs:02}");
    match days {
        0 => clock,
        1 => format!("1 day, {clock}"),
        _ => format!("{days} days, {clock}"),
    }
}

/// `Nov 23 05:31 PM`
fn short_date(when: &LocalTime) -> String {
    let month = MONTHS.get(when.month.wrapping_sub(1) as usize).unwrap_or(&"");
    let hour = (when.hour + 11) % 12 + 1;
    let half = if when.hour < 12 { "AM" } else { "PM" };
    format!("{month} {:02} {hour:02}:{:02} {half}", when.day, when.minute)
}

/// `Mon Nov 23 17:31:32 2026`, the format of `time.ctime`.
pub fn ctime(when: &LocalTime) -> String {
    let weekday = WEEKDAYS.get(weekday(when)).unwrap_or(&"");
    let month = MONTHS.get(when.month.wrapping_sub(1) as usize).unwrap_or(&"");
    let LocalTime { year, day, hour, minute, second, .. } = when;
    format!("{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}")
}

/// Days since Sunday, by Sakamoto's method: the year starts in March, so the leap day comes last.
fn weekday(when: &LocalTime) -> usize {
    const SHIFT: [i32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let month = when.month.wrapping_sub(1) as usize;
    let year = when.year - i32::from(when.month < 3);
    let shift = SHIFT.get(month).copied().unwrap_or(0);
    let days = year + year / 4 - year / 100 + year / 400 + shift + when.day as i32;
    days.rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::core::time::Mono;

    #[test]
    fn uptimes_are_shown_as_python_shows_them() {
        let cases = [
            (-5, "0:00:00"),
            (5, "0:00:05"),
            (3_661, "1:01:01"),
            (86_400, "1 day, 0:00:00"),
            (864_000 + 43_200, "10 days, 12:00:00"),
        ];
        for (secs, want) in cases {
            assert_eq!(timedelta(secs), want);
        }
    }

    #[test]
    fn an_uptime_does_not_jump_with_the_system_clock() {
        let at = |mono, wall| Now {
            mono: Mono(Duration::from_millis(mono)),
            wall: Wall(Duration::from_millis(wall)),
        };
        let started = at(5_000, 1_000_900);
        assert_eq!(seconds_since(started, at(6_100, 1_002_000)), 2, "as Supervisor shows it");
        assert_eq!(seconds_since(started, at(65_000, 900)), 60);
        assert_eq!(seconds_since(started, at(65_000, 1_060_900 + 86_400_000)), 60);
    }

    #[test]
    fn dates_are_shown_as_python_shows_them() {
        let mut when = LocalTime { year: 2026, month: 11, day: 3, hour: 0, minute: 5, second: 9 };
        assert_eq!(short_date(&when), "Nov 03 12:05 AM");
        assert_eq!(ctime(&when), "Tue Nov  3 00:05:09 2026");
        when.hour = 12;
        assert_eq!(short_date(&when), "Nov 03 12:05 PM");
        when.hour = 23;
        assert_eq!(short_date(&when), "Nov 03 11:05 PM");
    }
}
