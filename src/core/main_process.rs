//! `MAINPID` of `sd_notify(3)`: a program names one of its descendants as its main process, usually because
//! the first one is about to end. While the first one lives, both get the stop signal, and the signals of
//! clients go to the main process. When it ends, the main process takes its place.

use super::effect::{Effect, MainProcess, Pid, ProcId};
use super::group::Process;
use super::supervisor::Supervisor;
use crate::conf::config::LogLevel;
use crate::conf::signals::Signal;

impl Supervisor {
    /// A program has named a process; the error is the reason why that is refused.
    pub(super) fn on_main_named(&mut self, id: ProcId, claim: Result<MainProcess, String>) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let name = process.full_name();
        match claim {
            Ok(main) if process.main == Some(main) => {}
            Ok(main) => {
                process.main = Some(main);
                self.log(LogLevel::Info, format!("{name}: its main process is pid {}", main.pid.0));
            }
            Err(why) => self.log(LogLevel::Warn, format!("{name}: {why}")),
        }
    }

    /// The supervised process has ended, and its main process is a child of this daemon now.
    pub(super) fn on_followed(&mut self, id: ProcId, from: Pid, how: &str) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Some(main) = process.main else { return };
        process.machine.follow(main.pid);
        let name = process.full_name();
        self.pids.remove(&from);
        self.pids.insert(main.pid, id);
        let (from, to) = (from.0, main.pid.0);
        let message =
            format!("{name}: pid {from} has ended ({how}); its main process, pid {to}, goes on");
        self.log(LogLevel::Info, message);
        self.touch(id);
    }

    /// Sends the stop signal or SIGKILL.
    pub(super) fn send(&mut self, id: ProcId, pid: Pid, signal: Signal, group: bool) {
        let main = self.processes.get(&id).and_then(|process| process.main);
        match main {
            Some(main) if main.pid == pid => {
                let group = group && main.leads_group;
                self.request(Effect::Kill { id, pid, signal, group });
            }
            Some(main) => {
                self.request(Effect::Kill { id, pid, signal, group });
                self.request(Effect::SignalMain { id, main, signal });
            }
            None => self.request(Effect::Kill { id, pid, signal, group }),
        }
    }

    /// Sends the signal of a client.
    pub(super) fn send_to_main(&mut self, id: ProcId, pid: Pid, signal: Signal) {
        let main = self.processes.get(&id).and_then(Process::main_process);
        self.request(match main {
            Some(main) => Effect::SignalMain { id, main, signal },
            None => Effect::Kill { id, pid, signal, group: false },
        });
    }
}

impl Process {
    /// The process that it has named, unless that is the supervised one.
    pub fn main_process(&self) -> Option<MainProcess> {
        self.main.filter(|main| self.pid() != Some(main.pid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::config;
    use crate::core::effect::{Input, WaitStatus};
    use crate::core::sim::{Simulation, TERMINATED, one, program};
    use crate::core::state::ProcessState;
    use crate::core::virtual_daemon::World;

    const MAIN: MainProcess = MainProcess { pid: Pid(700), started: 5, leads_group: true };

    impl Simulation {
        fn name_main(&mut self, claim: Result<MainProcess, String>) {
            let id = self.id("web");
            self.take(Input::MainNamed { id, claim });
            World::perform(self);
        }

        /// The first process ends, and the main one becomes a child.
        fn follow(&mut self) {
            let (id, from) = (self.id("web"), self.process("web").pid().expect("it runs"));
            self.alive.remove(&from);
            self.alive.insert(MAIN.pid, id);
            self.take(Input::Followed { id, pid: from, status: WaitStatus::Exited(0) });
            World::perform(self);
        }
    }

    fn web() -> Simulation {
        let mut sim = one(config::Process {
            stopasgroup: true,
            reloadsignal: Some(Signal(1)),
            ..program("web")
        });
        sim.advance(2);
        sim.log.clear();
        sim
    }

    #[test]
    fn the_main_process_takes_the_place_of_one_that_ends() {
        let mut sim = web();
        sim.name_main(Ok(MAIN));
        sim.name_main(Ok(MAIN));
        sim.follow();
        assert_eq!(
            (sim.state("web"), sim.process("web").pid()),
            (ProcessState::Running, Some(MAIN.pid))
        );
        sim.stop("web");
        sim.terminate("web", TERMINATED);
        insta::assert_snapshot!(sim.log, @r"
        2s web: its main process is pid 700
        2s web: pid 101 has ended (exit status 0); its main process, pid 700, goes on
        2s kill group 700 SIGTERM
        2s stopped: web (terminated by SIGTERM)
        ");
        sim.start("web");
        assert_eq!(sim.process("web").main_process(), None);
    }

    #[test]
    fn both_get_the_stop_signal_and_the_main_process_that_of_a_client() {
        let mut sim = web();
        sim.name_main(Ok(MAIN));
        let id = sim.id("web");
        sim.core.reload_process(id, sim.now).expect("it runs");
        sim.core.signal(id, Signal(10), "test", sim.now).expect("it runs");
        sim.stop("web");
        sim.follow();
        sim.advance(10);
        sim.terminate("web", TERMINATED);
        assert_eq!(sim.state("web"), ProcessState::Stopped);
        insta::assert_snapshot!(sim.log, @r"
         2s web: its main process is pid 700
         2s reloading: web (pid 101) with SIGHUP
         2s signal main pid 700 SIGHUP
         2s signal main pid 700 SIGUSR1
         2s kill group 101 SIGTERM
         2s signal main pid 700 SIGTERM
         2s web: pid 101 has ended (exit status 0); its main process, pid 700, goes on
        12s killing 'web' (700) with SIGKILL
        12s kill pid 700 SIGKILL
        12s stopped: web (terminated by SIGTERM)
        ");
    }

    #[test]
    fn a_refused_process_changes_nothing() {
        let mut sim = web();
        sim.name_main(Err("MAINPID=1 is refused: it is no process of this program".to_owned()));
        assert_eq!(sim.process("web").main_process(), None);
        assert!(sim.log.contains("web: MAINPID=1 is refused"), "{}", sim.log);
    }
}
