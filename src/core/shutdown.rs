//! The end: groups are stopped one after the other, the highest priority first, each waited for.
//! Also the signals that the daemon itself receives.

use super::effect::{Effect, ProcId};
use super::group::Process;
use super::process::Happening;
use super::state::{Mood, ProcessState};
use super::supervisor::Supervisor;
use super::time::{Mono, Now};
use crate::conf::config::LogLevel;
use crate::conf::events::EventType;
use crate::conf::signals::Signal;

/// "waiting for a, b to die" is said again after this many seconds.
const REPORT_SECS: i64 = 3;

/// What is still to be stopped.
#[derive(Clone, Debug)]
pub(super) struct Stopping {
    /// The last is the one whose turn it is.
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
    /// Stops everything in order, then asks for [`Effect::Exit`].
    pub fn shutdown(&mut self, now: Now) {
        self.mood = Mood::Shutdown;
        self.settle(now);
    }

    /// The same, and then starts afresh.
    pub fn restart(&mut self, now: Now) {
        self.mood = Mood::Restarting;
        self.settle(now);
    }

    pub(super) fn signalled(&mut self, signal: Signal, _now: Now) {
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

    /// Takes the next step towards the end, if that is where the daemon goes.
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
        // No process may wake the daemon for a start that will not come.
        let ids: Vec<ProcId> = self.processes.keys().copied().collect();
        for id in ids {
            self.set_timer(id);
        }
        self.announce_supervisor(EventType::SupervisorStateChangeStopping, now);
    }

    /// Tells every process of a group to stop, the highest priority first.
    fn stop_group(&mut self, name: &str, now: Now) {
        let Some(group) = self.group(name) else { return };
        let mut members: Vec<&Process> = self.members(group).collect();
        members.sort_by_key(|process| process.config.priority);
        let members: Vec<(ProcId, ProcessState)> =
            members.into_iter().rev().map(|process| (process.id, process.state())).collect();
        for (id, state) in members {
            match state {
                ProcessState::Running | ProcessState::Starting => {
                    // An error means that it has no pid yet; its turn comes again.
                    let _ = self.stop_quietly(id, now);
                }
                ProcessState::Backoff => self.step(id, Happening::GiveUp, now),
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
