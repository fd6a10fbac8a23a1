//! The state of a core whose processes another supervisor has started.

use super::reported::Reported;
use crate::conf::config::Config;
use crate::core::effect::{ProcId, WaitStatus};
use crate::core::event_queue::EventQueue;
use crate::core::exit_report::OomKill;
use crate::core::group::{LastExit, Process};
use crate::core::policy::Policy;
use crate::core::process::{Machine, Phase};
use crate::core::state::ProcessState;
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};

/// How long a process may be EXITED that is about to be restarted: Supervisor restarts it in its next turn.
const TURN_SECS: i64 = 2;

impl Supervisor {
    /// A core that supervises what another supervisor has reported. Groups that it does not report stay
    /// inactive, as after a reread. Nothing is to be done for that: no effect is requested.
    pub fn taken_over(config: Config, all: &[Reported], now: Now) -> Self {
        let mut core = Self::new(config);
        core.ticks.mark_announced(now.wall);
        for group in core.config.groups.clone() {
            if all.iter().any(|reported| reported.group == group.name) {
                core.add_group(group, now);
            }
        }
        // What was announced before concerns no listener of this daemon.
        for group in &mut core.groups {
            group.queue = EventQueue::default();
        }
        core.serial = 0;
        core.running = true;
        core.relink();
        for reported in all {
            if let Some(id) = core.find(&reported.group, &reported.name) {
                core.adopt(id, reported, now);
            }
        }
        core.effects.clear();
        core
    }

    fn adopt(&mut self, id: ProcId, reported: &Reported, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.adopt(reported, now);
        self.pids.extend(process.pid().map(|pid| (pid, id)));
        self.adjust_memory_checks(id, now);
        self.set_timers(id);
        self.adjust_probes(id, now);
    }
}

impl Process {
    fn adopt(&mut self, reported: &Reported, now: Now) {
        self.machine = Machine::continuing(self.reported_phase(reported, now));
        self.started = reported.started(now);
        self.stopped = reported.stopped(now);
        let error = &reported.spawnerr;
        self.spawnerr = (!error.is_empty()).then(|| error.clone());
        if matches!(reported.state, ProcessState::Exited | ProcessState::Stopped) {
            self.exitstatus = self.stopped.map(|_| reported.exitstatus);
        }
        if reported.state == ProcessState::Exited {
            self.last_exit = self.reported_exit(reported);
        }
        if reported.state == ProcessState::Running {
            self.milestones.running = self.started.map(|started| started.mono);
        }
        self.starts = u64::from(self.pid().is_some());
        if let Some(member) = &mut self.listener {
            member.protocol.lose_track();
        }
    }

    fn reported_phase(&self, reported: &Reported, now: Now) -> Phase {
        let since = reported.started(now).map_or(now.mono, |started| started.mono);
        match (reported.state, reported.pid) {
            (ProcessState::Running, Some(pid)) => Phase::Running { pid, since },
            (ProcessState::Starting, Some(pid)) => Phase::Starting { pid, since },
            (ProcessState::Stopping, Some(pid)) => {
                Phase::Stopping { pid, kill_at: now.mono.plus_secs(self.config.stopwaitsecs) }
            }
            (ProcessState::Unknown, pid) => Phase::Unknown { pid },
            (ProcessState::Backoff, _) => Phase::Backoff { until: now.mono },
            (ProcessState::Exited, _) => {
                Phase::Exited { restart_at: self.reported_restart(reported, now) }
            }
            (ProcessState::Fatal, _) => Phase::Fatal,
            // One without a pid is not up.
            _ => Phase::Stopped,
        }
    }

    /// When one that has exited is restarted.
    fn reported_restart(&self, reported: &Reported, now: Now) -> Option<Mono> {
        let has_just_ended = reported.now - reported.stop <= TURN_SECS;
        let restarts = Policy::of(&self.config, true).restarts_after(reported.exitstatus);
        (has_just_ended && restarts).then_some(now.mono)
    }

    /// How it ended, as far as that is known: after a signal only that it was one.
    fn reported_exit(&self, reported: &Reported) -> Option<LastExit> {
        let status = WaitStatus::Exited(i32::try_from(reported.exitstatus).ok()?);
        let is_expected = self.config.exitcodes.contains(&reported.exitstatus);
        let when = self.stopped.filter(|_| reported.exitstatus >= 0)?;
        let oom = OomKill::Unknown;
        Some(LastExit { status, is_expected, was_killed: false, oom, when })
    }
}
