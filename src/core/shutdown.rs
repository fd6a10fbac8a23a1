//! Ordered shutdown: groups are stopped one after the other, highest priority first; each must be
//! stopped before the next. Also handles the signals that the daemon receives.

use super::effect::{Effect, ProcId};
use super::group::Process;
use super::process::ProcessEvent;
use super::state::{Mood, ProcessState};
use super::supervisor::Supervisor;
use super::time::{Mono, Now};
use crate::conf::config::LogLevel;
use crate::conf::events::EventType;
use crate::conf::signals::Signal;

/// The interval of the message "waiting for a, b to die".
const REPORT_SECS: i64 = 3;

/// A shutdown in progress.
#[derive(Clone, Debug)]
pub(super) struct Stopping {
    /// Groups still to be stopped; the last one is being stopped now.
    groups: Vec<String>,
    report_at: Mono,
    done: bool,
}

impl Stopping {
    pub(super) fn report_at(&self) -> Option<Mono> {
        (!self.done).then_some(self.report_at)
    }
}

impl Supervisor {
    /// Stops all processes in order, then emits [`Effect::Exit`].
    pub fn shutdown(&mut self, now: Now) {
        self.mood = Mood::Shutdown;
        self.pump(now);
    }

    /// The same, followed by a restart of the daemon.
    pub fn restart(&mut self, now: Now) {
        self.mood = Mood::Restarting;
        self.pump(now);
    }

    pub(super) fn on_signal(&mut self, signal: Signal, _now: Now) {
        match signal.to_string().as_str() {
            "SIGTERM" | "SIGINT" | "SIGQUIT" => {
                self.log(LogLevel::Warn, format!("received {signal} indicating exit request"));
                self.mood = Mood::Shutdown;
            }
            "SIGHUP" if self.mood == Mood::Shutdown => {
                let message =
                    format!("ignored {signal} indicating restart request (shutdown in progress)");
                self.log(LogLevel::Warn, message);
            }
            "SIGHUP" => {
                self.log(LogLevel::Warn, format!("received {signal} indicating restart request"));
                self.mood = Mood::Restarting;
            }
            "SIGCHLD" => self.debug(|| format!("received {signal} indicating a child quit")),
            "SIGUSR2" => {
                let message = format!("received {signal} indicating log reopen request");
                self.log(LogLevel::Info, message);
                self.effects.push_back(Effect::ReopenLogs);
            }
            _ => self.log(LogLevel::Blather, format!("received {signal} indicating nothing")),
        }
    }

    /// Advances the shutdown, if one is in progress.
    pub(super) fn advance_shutdown(&mut self, now: Now) {
        if self.may_start() {
            return;
        }
        if self.stopping.is_none() {
            self.begin_shutdown(now);
        }
        while let Some(name) = self.stopping.as_ref().and_then(|it| it.groups.last().cloned()) {
            self.stop_group(&name, now);
            if self.group(&name).is_some_and(|group| !self.is_stopped(group)) {
                break;
            }
            if let Some(stopping) = &mut self.stopping {
                stopping.groups.pop();
            }
        }
        self.report_shutdown(now);
    }

    fn begin_shutdown(&mut self, now: Now) {
        let groups = self.groups_by_priority();
        self.stopping = Some(Stopping { groups, report_at: now.mono, done: false });
        // Cancels the timers of pending starts, which are not performed any more.
        let ids: Vec<ProcId> = self.processes.keys().copied().collect();
        for id in ids {
            self.set_timer(id);
        }
        self.notify_supervisor(EventType::SupervisorStateChangeStopping, now);
    }

    /// Stops all processes of a group, highest priority first.
    fn stop_group(&mut self, name: &str, now: Now) {
        let Some(group) = self.group(name) else { return };
        let mut members: Vec<&Process> = self.members(group).collect();
        members.sort_by_key(|process| process.config.priority);
        let members: Vec<(ProcId, ProcessState)> =
            members.into_iter().rev().map(|process| (process.id, process.state())).collect();
        for (id, state) in members {
            match state {
                ProcessState::Running | ProcessState::Starting => {
                    // An error means that it has no pid yet; the stop is tried again later.
                    let _ = self.request_stop(id, now);
                }
                ProcessState::Backoff => self.step(id, ProcessEvent::GiveUp, now),
                _ => {}
            }
        }
    }

    fn report_shutdown(&mut self, now: Now) {
        let waiting: Vec<String> = self
            .processes()
            .filter(|process| !process.state().is_stopped())
            .map(|process| process.name().to_owned())
            .collect();
        let restart = self.mood == Mood::Restarting;
        let Some(stopping) = &mut self.stopping else { return };
        if waiting.is_empty() {
            if !std::mem::replace(&mut stopping.done, true) {
                self.effects.push_back(Effect::Exit { restart });
            }
        } else if now.mono >= stopping.report_at {
            stopping.report_at = now.mono.plus_secs(REPORT_SECS);
            self.log(LogLevel::Info, format!("waiting for {} to die", waiting.join(", ")));
        }
    }
}
