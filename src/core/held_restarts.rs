//! Automatic restarts of processes with `depends_on`: one that is due while a dependency is not met waits, as
//! a start does, so that an outage of the dependency does not use up `startretries`. The process keeps
//! its state, BACKOFF or EXITED, and starts nothing that it depends on.

use super::effect::ProcId;
use super::group::Process;
use super::process::{Phase, ProcessEvent};
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::LogLevel;

impl Supervisor {
    /// Lets a process wait whose automatic restart is due and whose dependencies are not met; returns whether
    /// it waits.
    pub(super) fn hold_restart(&mut self, id: ProcId, now: Now) -> bool {
        let Some(process) = self.processes.get(&id) else { return false };
        let is_due = process.next_attempt().is_some_and(|at| now.mono >= at);
        if !is_due || !self.may_start_process(id) || self.is_satisfied(id) {
            return false;
        }
        // Nothing else would end the daemon: its own retries do.
        if process.config.essential && self.failed_dependency(id).is_some() {
            return false;
        }
        if self.waiting.insert(id) {
            let name = process.full_name();
            if let Some(reason) = self.waiting_reason(id, now.mono) {
                self.log(LogLevel::Info, format!("the restart of {name} {reason}"));
            }
            self.touch(id);
            self.end_if_done();
        }
        true
    }

    /// How a process that has waited is started: one whose last start failed makes its next attempt.
    pub(super) fn start_event(process: &Process) -> Option<ProcessEvent> {
        match process.machine.phase() {
            Phase::Backoff { .. } => Some(ProcessEvent::Tick),
            _ if Self::may_wait(process) => Some(ProcessEvent::Start),
            _ => None,
        }
    }

    /// Whether a start of this process waits for what it depends on: it is down.
    pub(super) fn may_wait(process: &Process) -> bool {
        process.machine.is_inactive() || process.state() == ProcessState::Exited
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::conf::config;
    use crate::core::dependency_tests::{dependent, simulation};
    use crate::core::effect::WaitStatus;
    use crate::core::sim::{KILLED, Simulation, program};

    /// An instance that has crashed while its ZEO server is in an outage of a minute.
    fn outage(instance: config::Process) -> Simulation {
        let zeo = config::Process {
            restartdelay: Some(std::time::Duration::from_secs(60)),
            ..program("zeo")
        };
        let mut sim = simulation(vec![zeo, instance]);
        sim.advance(5);
        sim.log.clear();
        sim.terminate("zeo", KILLED);
        sim.terminate("instance", WaitStatus::Exited(1));
        sim
    }

    #[test]
    fn a_crashed_process_is_restarted_when_its_dependency_is_back() {
        let mut sim = outage(dependent("instance", &["zeo"]));
        sim.advance(30);
        assert_eq!(sim.state("instance"), ProcessState::Exited);
        assert_eq!(sim.reason("instance"), "waits for zeo: EXITED, terminated by SIGKILL");
        assert!(
            sim.core.deadline(sim.now).is_some_and(|at| at.since(sim.now.mono).as_secs() >= 25)
        );
        sim.advance(60);
        assert_snapshot!(sim.log, @r"
         5s exited: zeo (terminated by SIGKILL; not expected)
         5s exited: instance (exit status 1; not expected)
         5s the restart of instance waits for zeo: EXITED, terminated by SIGKILL
        65s spawned: 'zeo' with pid 103
        66s success: zeo entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
        66s spawned: 'instance' with pid 104
        67s success: instance entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
        ");
    }

    #[test]
    fn failed_starts_are_not_repeated_while_a_dependency_is_down() {
        let mut sim = outage(config::Process {
            startsecs: 10,
            startretries: 1,
            ..dependent("instance", &["zeo"])
        });
        assert_eq!(sim.state("instance"), ProcessState::Backoff);
        sim.advance(40);
        assert_eq!(sim.state("instance"), ProcessState::Backoff);
        assert_eq!(sim.reason("instance"), "waits for zeo: EXITED, terminated by SIGKILL");
        sim.advance(40);
        assert_eq!(sim.state("instance"), ProcessState::Running);
        assert_snapshot!(sim.log, @r"
         5s exited: zeo (terminated by SIGKILL; not expected)
         5s exited: instance (exit status 1; not expected)
         6s the restart of instance waits for zeo: EXITED, terminated by SIGKILL
        65s spawned: 'zeo' with pid 103
        66s success: zeo entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
        66s spawned: 'instance' with pid 104
        76s success: instance entered RUNNING state, process has stayed up for > than 10 seconds (startsecs)
        ");
    }

    #[test]
    fn a_stop_ends_the_wait() {
        for startsecs in [1, 10] {
            let mut sim = outage(config::Process { startsecs, ..dependent("instance", &["zeo"]) });
            sim.advance(10);
            let job = sim.stop("instance");
            assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
            sim.advance(100);
            assert_eq!(sim.state("instance"), ProcessState::Stopped);
        }
    }

    #[test]
    fn a_shutdown_does_not_wait_for_it() {
        for startsecs in [1, 10] {
            let mut sim = outage(config::Process { startsecs, ..dependent("instance", &["zeo"]) });
            sim.advance(10);
            sim.shutdown();
            assert!(sim.log.contains("exit restart=false"), "{}", sim.log);
        }
    }

    #[test]
    fn a_requested_start_brings_the_dependency_up_instead_of_waiting_for_it() {
        let mut sim = outage(dependent("instance", &["zeo"]));
        sim.stop("zeo");
        sim.advance(10);
        assert_eq!(sim.reason("instance"), "waits for zeo: STOPPED");
        let job = sim.start("instance");
        sim.advance(3);
        assert!(sim.is_finished(job) && sim.job(job).failures().is_empty(), "{}", sim.log);
        assert_eq!(sim.state("instance"), ProcessState::Running);
    }

    #[test]
    fn an_essential_process_ends_the_daemon_when_its_dependency_has_failed() {
        let zeo = config::Process { autorestart: config::AutoRestart::Never, ..program("zeo") };
        let instance = config::Process {
            essential: true,
            startsecs: 10,
            startretries: 1,
            ..dependent("instance", &["zeo"])
        };
        let mut sim = simulation(vec![zeo, instance]);
        sim.advance(5);
        sim.terminate("zeo", WaitStatus::Exited(1));
        sim.terminate("instance", WaitStatus::Exited(1));
        sim.advance(2);
        sim.terminate("instance", WaitStatus::Exited(1));
        assert!(sim.log.contains("the essential program instance has ended"), "{}", sim.log);
    }

    #[test]
    fn a_daemon_whose_last_restart_waits_in_vain_is_done() {
        let zeo = config::Process { autorestart: config::AutoRestart::Never, ..program("zeo") };
        let mut sim = simulation(vec![zeo, dependent("instance", &["zeo"])]);
        let mut config = sim.core.config().clone();
        config.supervisord.exit_when_done = true;
        sim.core.replace_config(config);
        sim.advance(5);
        sim.terminate("zeo", WaitStatus::Exited(3));
        sim.terminate("instance", WaitStatus::Exited(1));
        sim.advance(2);
        assert!(sim.log.contains("all programs have ended"), "{}", sim.log);
        assert_eq!(sim.core.exit_status(), 3);
    }
}
