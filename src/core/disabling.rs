//! Programs that an operator has disabled: they are not started, neither automatically nor by request,
//! until they are enabled. One that runs when it is disabled keeps running, but is not restarted.

use super::disabled::{Disabled, IS_DISABLED};
use super::effect::ProcId;
use super::group::Process;
use super::notes::NoteKind;
use super::supervisor::Supervisor;
use super::time::Now;

impl Supervisor {
    pub fn disabled(&self) -> &Disabled {
        &self.disabled
    }

    pub fn is_disabled(&self, id: ProcId) -> bool {
        let is = |it: &Process| self.disabled.contains(it.group(), it.name());
        self.disabled != Disabled::default() && self.processes.get(&id).is_some_and(is)
    }

    pub(super) fn may_start_process(&self, id: ProcId) -> bool {
        self.may_start() && !self.is_disabled(id)
    }

    /// Changes what is disabled. A process that waits for its next start is stopped.
    pub fn set_disabled(&mut self, disabled: Disabled, now: Now) {
        let all: Vec<(ProcId, bool)> =
            self.processes.ids().map(|id| (id, self.is_disabled(id))).collect();
        self.disabled = disabled;
        for (id, was_disabled) in all {
            let is_disabled = self.is_disabled(id);
            if is_disabled {
                self.cancel_start(id, now);
            }
            if is_disabled != was_disabled {
                let what = if is_disabled { NoteKind::Disabled } else { NoteKind::Enabled };
                self.note(id, what, now);
                self.look_at_schedule(id);
            }
            self.set_timers(id);
        }
        self.pump(now);
    }

    /// Stops a disabled process that has no child and would get one without a request.
    pub(super) fn cancel_start(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get(&id).filter(|it| it.pid().is_none()) else { return };
        let is_starting = process.is_forking();
        if !is_starting && (process.is_active() || self.is_waiting(id)) {
            // It is not running, so there is nothing that could fail.
            let _ = self.request_stop(id, now);
        }
    }

    /// Why a start of this process is refused.
    pub fn disabled_reason(&self, id: ProcId) -> Option<String> {
        let name = self.processes.get(&id).filter(|_| self.is_disabled(id))?.full_name();
        Some(format!("{IS_DISABLED}; `supervisorctl enable {name}` allows it to start"))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::conf::config::{AutoRestart, Process};
    use crate::core::effect::WaitStatus;
    use crate::core::jobs::{Scope, Task};
    use crate::core::lasting::Lasting;
    use crate::core::sim::{Simulation, group, one, program};
    use crate::core::state::ProcessState;

    impl Simulation {
        pub(in crate::core) fn disable(&mut self, name: &str) {
            let mut disabled = self.core.disabled().clone();
            disabled.insert(name, Some(name));
            self.core.set_disabled(disabled, self.now);
            self.perform();
        }
    }

    #[test]
    fn a_disabled_process_is_not_started_until_it_is_enabled() {
        let mut sim = one(Process { autostart: false, ..program("web") });
        sim.disable("web");
        sim.start("web");
        let id = sim.id("web");
        let restart = sim.submit("web", Task::Restart(Scope::One(id))).unwrap();
        sim.advance(5);
        assert_eq!(sim.state("web"), ProcessState::Stopped);
        let failures = sim.job(restart).failures().join("; ");
        assert_snapshot!(failures, @"web is disabled; `supervisorctl enable web` allows it to start");
        sim.core.set_disabled(Disabled::default(), sim.now);
        sim.start("web");
        assert_eq!(sim.state("web"), ProcessState::Starting);
    }

    #[test]
    fn a_running_process_stays_but_is_not_restarted_when_it_is_disabled() {
        let mut sim = one(Process { autorestart: AutoRestart::Always, ..program("web") });
        sim.advance(2);
        sim.disable("web");
        sim.advance(60);
        assert_eq!(sim.state("web"), ProcessState::Running);
        sim.terminate("web", WaitStatus::Exited(1));
        sim.advance(60);
        assert_eq!(sim.state("web"), ProcessState::Stopped);
        assert_eq!(sim.log.matches("spawned").count(), 1, "{}", sim.log);
    }

    #[test]
    fn a_process_that_fails_again_and_again_is_stopped_when_it_is_disabled() {
        let mut sim = one(Process { startretries: 100, ..program("web") });
        sim.terminate("web", WaitStatus::Exited(1));
        assert_eq!(sim.state("web"), ProcessState::Backoff);
        sim.disable("web");
        assert_eq!(sim.state("web"), ProcessState::Stopped);
        sim.advance(60);
        assert_eq!(sim.log.matches("spawned").count(), 1, "{}", sim.log);
    }

    #[test]
    fn a_disabled_process_is_not_started_automatically() {
        let mut disabled = Disabled::default();
        disabled.insert("web", Some("web"));
        let groups =
            vec![group("web", 1, vec![program("web")]), group("api", 2, vec![program("api")])];
        let config = crate::core::sim::config(groups);
        let now = one(program("any")).now;
        let mut core = Supervisor::new(config);
        core.boot(now);
        core.continue_from(Lasting { disabled, ..Lasting::default() });
        core.run(now);
        let started = core.processes().filter(|it| it.is_active()).map(|it| it.name().to_owned());
        assert_eq!(started.collect::<Vec<_>>(), ["api"]);
    }
}
