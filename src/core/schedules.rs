//! Programs that are started by a schedule. The time of the next run is of the wall clock; a timer of
//! the monotonic clock looks again at least once a minute, because the wall clock may be set and the
//! machine may be suspended.

use std::time::Duration;

use super::Supervisor;
use super::effect::ProcId;
use super::group::Process;
use super::jobs::{Request, Task};
use super::time::{Mono, Now, Wall};
use super::timers::TimerKind;
use crate::conf::config::LogLevel;
use crate::conf::sections::program;

/// The longest time until the wall clock is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A run that is later than this is skipped.
const LATEST: Duration = Duration::from_secs(60 * 60);

impl Supervisor {
    /// The next run is planned as soon as the timers are looked at.
    pub(super) fn look_at_schedule(&mut self, id: ProcId) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.runs.next = None;
        let at = process.config.schedule.is_some().then(Mono::default);
        self.timers.set(id, TimerKind::Schedule, at);
    }

    /// Plans the next run, and the next look at the clock.
    fn plan_run(&mut self, id: ProcId, now: Now) {
        let may_start = self.may_start_process(id);
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.forget_run_of_another_time(now);
        process.runs.next = process.next_run_after(now).filter(|_| may_start);
        let look = process.runs.next.map(|next| {
            let wait = next.0.saturating_sub(now.wall.0).min(LOOK_AGAIN);
            Mono(now.mono.0.saturating_add(wait))
        });
        self.timers.set(id, TimerKind::Schedule, look);
    }

    /// The timer of a schedule: the next run is due, or the clock is only looked at.
    pub(super) fn on_schedule(&mut self, id: ProcId, now: Now) {
        let due = self.processes.get(&id).and_then(|process| process.runs.next);
        if let Some(due) = due.filter(|due| *due <= now.wall) {
            if let Some(process) = self.processes.get_mut(&id) {
                process.runs.last = Some(due);
            }
            self.run_scheduled(id, now.wall.0.saturating_sub(due.0), now);
        }
        self.plan_run(id, now);
    }

    fn run_scheduled(&mut self, id: ProcId, late: Duration, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let (name, state) = (process.full_name(), process.state());
        let is_waiting = self.is_waiting(id);
        if late > LATEST {
            let minutes = late.as_secs() / 60;
            return self.log(
                LogLevel::Warn,
                format!("the scheduled run of {name} is skipped: it would be {minutes} min late"),
            );
        }
        if !process.machine.is_inactive() || is_waiting {
            let state = if is_waiting { "waiting" } else { state.name() };
            return self.log(
                LogLevel::Warn,
                format!("the scheduled run of {name} is skipped: the last one is still {state}"),
            );
        }
        self.log(LogLevel::Info, format!("{name} is started by its schedule"));
        let request = Request {
            requester: program::SCHEDULE.name.to_owned(),
            target: name,
            task: Task::Start(vec![id]),
        };
        self.begin_job(request, now);
    }
}

impl Process {
    /// When its schedule starts it next.
    pub fn next_run(&self) -> Option<Wall> {
        self.runs.next
    }

    /// After the clock was set back a lot, the time of the last run means nothing.
    fn forget_run_of_another_time(&mut self, now: Now) {
        let is_near = |last: &Wall| last.0.saturating_sub(now.wall.0) <= LATEST;
        self.runs.last = self.runs.last.filter(is_near);
    }

    /// A run is not repeated if the clock was set back a little.
    fn next_run_after(&self, now: Now) -> Option<Wall> {
        let schedule = self.config.schedule.as_ref()?;
        let last = self.runs.last.unwrap_or_default();
        schedule.next_after(now.wall.0.max(last.0)).map(Wall)
    }
}
