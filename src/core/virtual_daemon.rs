//! A daemon without an operating system: it performs the effects of the core on children that exist
//! only as pids, and moves a clock from one deadline to the next. What the children do is decided by
//! the [`World`]: the scripts of `supkit simulate`, and the stories of the tests.

use std::collections::BTreeMap;

use super::Supervisor;
use super::effect::{Effect, ExchangeId, Input, OutputStream, Pid, ProcId, WaitStatus};
use super::exchange::{Answer, Exchange};
use super::exit_report::ExitReport;
use super::time::{Mono, Now};
use crate::conf::hook::Hook;
use crate::conf::probe::ProbeId;

/// One request of a probe.
pub type ProbeKey = (ProcId, ProbeId, u64);

/// Something that a child does.
#[derive(Clone, Debug)]
pub enum ChildEvent {
    Ends {
        pid: Pid,
        status: WaitStatus,
    },
    Prints {
        id: ProcId,
        bytes: Vec<u8>,
    },
    Notifies {
        id: ProcId,
        message: String,
    },
    Answers {
        key: ProbeKey,
        result: Result<(), String>,
    },
    /// It prints the line that its probe waits for.
    PrintsReadyLine {
        id: ProcId,
    },
}

/// What a virtual daemon consists of, borrowed from its world.
pub struct VirtualDaemon<'w> {
    pub core: &'w mut Supervisor,
    pub now: &'w mut Now,
    pub next_pid: &'w mut i32,
    pub alive: &'w mut BTreeMap<Pid, ProcId>,
    /// The commands that run beside processes.
    pub hooks: &'w mut BTreeMap<Pid, ProcId>,
}

/// The children and what else happens around a daemon.
pub trait World {
    fn daemon(&mut self) -> VirtualDaemon<'_>;

    /// Why a child cannot be started, if that is so.
    fn fork_error(&mut self, id: ProcId) -> Option<String>;

    /// A child exists.
    fn on_fork(&mut self, _: ProcId, _: Pid) {}

    /// A command runs beside a process.
    fn on_hook(&mut self, _: ProcId, _: Pid, _: Hook) {}

    /// A process is examined; `None` if it does not answer yet.
    fn probe(&mut self, key: ProbeKey) -> Option<Result<(), String>>;

    /// A proxy or a program answers at once, unless the world decides otherwise.
    fn exchange(&mut self, _: ExchangeId, _: Exchange) -> Option<Answer> {
        Some(Ok(0))
    }

    /// The bytes of memory that a process uses.
    fn memory(&mut self, _: ProcId) -> u64 {
        0
    }

    /// What is left of the tree of an ended child after it was killed.
    fn sweep(&mut self, _: Pid) -> Vec<String> {
        Vec::new()
    }

    /// Sees each effect before it is performed.
    fn observe(&mut self, effect: &Effect);

    /// All effects were performed.
    fn settle(&mut self) {}

    /// When something happens next without the daemon.
    fn next(&self) -> Option<Mono> {
        None
    }

    /// Lets happen what is due.
    fn act(&mut self) {}

    /// Performs all pending effects, as the shell does.
    fn perform(&mut self) {
        while let Some(effect) = self.daemon().core.next_effect() {
            self.observe(&effect);
            match effect {
                Effect::Spawn { id } => self.fork(id),
                Effect::CheckCommand { id } => {
                    let usable = self.fork_error(id).is_none();
                    self.take(Input::CommandChecked { id, usable });
                }
                Effect::Kill { id, pid, .. } => {
                    let VirtualDaemon { alive, hooks, .. } = self.daemon();
                    let owner = alive.get(&pid).or_else(|| hooks.get(&pid)).copied();
                    debug_assert_eq!(
                        owner,
                        Some(id),
                        "the signal goes to a pid that is not a child"
                    );
                }
                Effect::RunHook { id, hook, .. } => self.run_hook(id, hook),
                Effect::KillHook { pid } => {
                    let is_hook = self.daemon().hooks.contains_key(&pid);
                    debug_assert!(is_hook, "the signal goes to a foreign pid");
                }
                Effect::Exchange { id, exchange } => {
                    if let Some(answer) = self.exchange(id, exchange) {
                        self.take(Input::Exchanged { id, answer });
                    }
                }
                Effect::MeasureMemory { id, pid, .. } => {
                    let bytes = self.memory(id);
                    self.take(Input::MemoryMeasured { id, pid, bytes });
                }
                Effect::Sweep { id, target } => {
                    let left = self.sweep(target.pid);
                    self.take(Input::Swept { id, left });
                }
                Effect::Probe { id, probe, number } => {
                    let key = (id, probe, number);
                    if let Some(result) = self.probe(key) {
                        self.take(Input::Probed { id, probe, number, result });
                    }
                }
                _ => {}
            }
        }
        self.settle();
    }

    fn take(&mut self, input: Input) {
        let VirtualDaemon { core, now, .. } = self.daemon();
        core.take(input, *now);
    }

    fn fork(&mut self, id: ProcId) {
        if let Some(error) = self.fork_error(id) {
            return self.take(Input::SpawnFailed { id, error });
        }
        let VirtualDaemon { next_pid, alive, .. } = self.daemon();
        debug_assert!(!alive.values().any(|it| *it == id), "two children of {id:?}");
        let pid = Pid(*next_pid);
        *next_pid += 1;
        alive.insert(pid, id);
        self.on_fork(id, pid);
        self.take(Input::Spawned { id, pid });
    }

    fn run_hook(&mut self, id: ProcId, hook: Hook) {
        if let Some(error) = self.fork_error(id) {
            return self.take(Input::HookFailed { id, error });
        }
        let VirtualDaemon { next_pid, hooks, .. } = self.daemon();
        debug_assert!(!hooks.values().any(|it| *it == id), "two hooks of {id:?}");
        let pid = Pid(*next_pid);
        *next_pid += 1;
        hooks.insert(pid, id);
        self.on_hook(id, pid, hook);
        self.take(Input::HookStarted { id, pid });
    }

    /// Applies what a child does. What an ended child would have done is ignored.
    fn apply(&mut self, event: ChildEvent) {
        match event {
            ChildEvent::Ends { pid, status } => {
                let VirtualDaemon { alive, hooks, .. } = self.daemon();
                if alive.remove(&pid).or_else(|| hooks.remove(&pid)).is_some() {
                    let report = ExitReport::default();
                    self.take(Input::Reaped { pid, status, report });
                }
            }
            ChildEvent::Prints { id, bytes } => {
                self.take(Input::Output { id, stream: OutputStream::Stdout, bytes });
            }
            ChildEvent::Notifies { id, message } => self.take(Input::Notified { id, message }),
            ChildEvent::Answers { key: (id, probe, number), result } => {
                self.take(Input::Probed { id, probe, number, result });
            }
            ChildEvent::PrintsReadyLine { id } => {
                let VirtualDaemon { core, now, .. } = self.daemon();
                core.report_ready_line(id, *now);
            }
        }
    }

    /// Moves the clock to `until` and lets happen on the way what is due.
    fn run_until(&mut self, until: Mono) {
        while let Some(at) = self.next_moment().filter(|at| *at <= until) {
            self.set_time(at);
            self.act();
            let VirtualDaemon { core, now, .. } = self.daemon();
            core.expire(*now);
            self.perform();
        }
        self.set_time(until);
    }

    fn next_moment(&mut self) -> Option<Mono> {
        let VirtualDaemon { core, now, .. } = self.daemon();
        let of_core = core.deadline(*now);
        [of_core, self.next()].into_iter().flatten().min()
    }

    /// Both clocks move alike.
    fn set_time(&mut self, to: Mono) {
        let now = self.daemon().now;
        let passed = to.since(now.mono);
        now.wall.0 += passed;
        now.mono.0 += passed;
    }
}
