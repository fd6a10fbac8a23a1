//! The simulated kernel of the tests: children and a clock that a test controls. All effects
//! and log lines of the core are recorded with their second.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::Supervisor;
use super::effect::{Effect, Ended, Input, OutputStream, Pid, ProcId, WaitStatus};
use super::exit_report::ExitReport;
use super::jobs::{Conflict, Job, JobId, Request, Task};
use super::snapshot;
use super::state::ProcessState;
use super::time::{Mono, Now, Wall};
use crate::conf::config::{
    Config, Group, GroupKind, LogLevel, LogTarget, Notes, Origins, Pool, Process, Supervisord,
};
use crate::conf::events::EventType;
use crate::conf::fake_host::FakeHost;
use crate::conf::hook::Hook;
use crate::conf::probe::ProbeId;
use crate::conf::signals::Signal;

pub(crate) fn program(name: &str) -> Process {
    Process {
        name: name.into(),
        command: "cmd".into(),
        stdout_logfile: LogTarget::File("log".into()),
        stderr_logfile: LogTarget::File("log".into()),
        ..Process::of_section(name, &FakeHost::default())
    }
}

pub(crate) fn group(name: &str, priority: i64, processes: Vec<Process>) -> Group {
    let (name, processes) = (name.into(), shared(processes));
    Group { name, processes, priority, ..Group::with_defaults(&FakeHost::default()) }
}

pub(crate) fn listener(name: &str, events: Vec<EventType>) -> Group {
    let pool = Pool { events, ..Pool::with_defaults(&FakeHost::default()) };
    Group { kind: GroupKind::EventListener(pool), ..group(name, -1, vec![program(name)]) }
}

pub(crate) fn config(groups: Vec<Group>) -> Config {
    Config {
        supervisord: Supervisord {
            logfile_maxbytes: 0,
            logfile_backups: 0,
            childlogdir: "/tmp".into(),
            nodaemon: true,
            history_file: LogTarget::None,
            ..Supervisord::with_defaults(&FakeHost::default())
        },
        servers: Vec::new(),
        groups,
        rpcinterfaces: Vec::new(),
        here: "/".into(),
        file: "/supervisord.conf".into(),
        notes: Notes::default(),
        origins: Origins::default(),
    }
}

fn shared(processes: Vec<Process>) -> Vec<Arc<Process>> {
    processes.into_iter().map(Arc::new).collect()
}

/// Simulated children and a simulated clock. Forks succeed unless `spawn_error` is set; pids count
/// from 101.
pub(crate) struct Simulation {
    pub(crate) core: Supervisor,
    pub(crate) now: Now,
    pub(crate) next_pid: i32,
    pub(crate) alive: BTreeMap<Pid, ProcId>,
    /// The commands that run beside processes.
    pub(crate) hooks: BTreeMap<Pid, ProcId>,
    pub(crate) spawn_error: Option<String>,
    pub(crate) log: String,
    /// The processes whose probes succeed; those of the others are refused.
    pub(crate) serving: BTreeSet<String>,
    /// The processes whose probes are not answered.
    pub(crate) hanging: BTreeSet<String>,
    /// What successive sweeps find.
    pub(crate) left_behind: VecDeque<Vec<String>>,
    unanswered: Vec<(ProcId, ProbeId, u64)>,
    /// After how many performances the core is saved and restored; a long random test does it less
    /// often.
    pub(crate) snapshot_interval: usize,
    performances: usize,
}

impl Simulation {
    pub(crate) fn new(groups: Vec<Group>) -> Self {
        let wall = Wall(Duration::from_secs(1_000_003));
        let now = Now { mono: Mono(Duration::from_secs(100)), wall };
        let mut core = Supervisor::new(config(groups));
        core.boot(now);
        let mut sim = Self {
            core,
            now,
            next_pid: 101,
            alive: BTreeMap::new(),
            hooks: BTreeMap::new(),
            spawn_error: None,
            log: String::new(),
            serving: BTreeSet::new(),
            hanging: BTreeSet::new(),
            left_behind: VecDeque::new(),
            unanswered: Vec::new(),
            snapshot_interval: 1,
            performances: 0,
        };
        sim.core.run(now);
        sim.perform();
        sim
    }

    pub(crate) fn second(&self) -> u64 {
        self.now.mono.0.as_secs() - 100
    }

    pub(crate) fn record(&mut self, text: &str) {
        let second = self.second();
        let _ = writeln!(self.log, "{second:>3}s {text}");
    }

    /// Performs all pending effects, as the shell does.
    pub(crate) fn perform(&mut self) {
        while let Some(effect) = self.core.next_effect() {
            match effect {
                Effect::Spawn { id } => self.fork(id),
                Effect::CheckCommand { id } => {
                    let usable = self.spawn_error.is_none();
                    self.core.take(Input::CommandChecked { id, usable }, self.now);
                }
                Effect::Kill { id, pid, signal, group } => {
                    assert_eq!(
                        self.alive.get(&pid).or_else(|| self.hooks.get(&pid)),
                        Some(&id),
                        "the signal goes to a pid that is not a child"
                    );
                    let target = if group { "group" } else { "pid" };
                    self.record(&format!("kill {target} {} {signal}", pid.0));
                }
                Effect::RunHook { id, hook, ended } => self.run_hook(id, hook, ended),
                Effect::KillHook { pid } => {
                    assert!(self.hooks.contains_key(&pid), "the signal goes to a foreign pid");
                    self.record(&format!("kill hook {}", pid.0));
                }
                Effect::Sweep { id, pid } => {
                    let left = self.left_behind.pop_front().unwrap_or_default();
                    self.record(&format!("sweep {}: {left:?}", pid.0));
                    self.core.take(Input::Swept { id, left }, self.now);
                }
                // The default level.
                Effect::Log { level, message } if level >= LogLevel::Info => self.record(&message),
                Effect::ChildLog { bytes, .. } => {
                    self.record(&format!("log {:?}", String::from_utf8_lossy(&bytes)));
                }
                Effect::Stdin { bytes, .. } => {
                    self.record(&format!("stdin {:?}", String::from_utf8_lossy(&bytes)));
                }
                Effect::Probe { id, probe, number } => self.probe(id, probe, number),
                Effect::CancelProbe { id, probe, number } => {
                    self.unanswered.retain(|it| *it != (id, probe, number));
                }
                Effect::Exit { restart } => self.record(&format!("exit restart={restart}")),
                _ => {}
            }
        }
        self.performances += 1;
        if self.performances % self.snapshot_interval == 0 {
            self.continue_from_snapshot();
        }
    }

    fn run_hook(&mut self, id: ProcId, hook: Hook, ended: Option<Ended>) {
        assert!(!self.hooks.values().any(|it| *it == id), "two hooks of {id:?}");
        let about = ended.map_or_else(String::new, |Ended { pid, status }| {
            let status = status.map(WaitStatus::description);
            format!(" pid {} {}", pid.0, status.unwrap_or_default())
        });
        self.record(format!("run {}{about}", hook.name()).trim_end());
        if let Some(error) = self.spawn_error.clone() {
            return self.core.take(Input::HookFailed { id, error }, self.now);
        }
        let pid = Pid(self.next_pid);
        self.next_pid += 1;
        self.hooks.insert(pid, id);
        self.core.take(Input::HookStarted { id, pid }, self.now);
    }

    /// The command that runs beside a process ends.
    pub(crate) fn end_hook(&mut self, status: WaitStatus) {
        let (pid, _) = self.hooks.pop_first().expect("a hook runs");
        let report = ExitReport::default();
        self.core.take(Input::Reaped { pid, status, report }, self.now);
        self.perform();
        self.advance(0);
    }

    fn probe(&mut self, id: ProcId, probe: ProbeId, number: u64) {
        let process = self.core.process(id).expect("only what exists is examined");
        assert!(process.pid().is_some(), "a process without a child is examined");
        let name = process.name().to_owned();
        let key = (id, probe, number);
        assert!(
            !self.unanswered.iter().any(|it| (it.0, it.1) == (id, probe)),
            "two requests of one probe"
        );
        if self.hanging.contains(&name) {
            return self.unanswered.push(key);
        }
        let is_up = self.serving.contains(&name);
        let result = if is_up { Ok(()) } else { Err("refused".to_owned()) };
        self.core.take(Input::Probed { id, probe, number, result }, self.now);
    }

    /// Replaces the core by one that was made from its saved state, so that every story also shows
    /// that a daemon can be continued at any moment.
    fn continue_from_snapshot(&mut self) {
        let saved = snapshot::save(&self.core).expect("the state can be saved");
        self.core = snapshot::load(&saved).expect("the state can be restored");
        let again = snapshot::save(&self.core).expect("the state can be saved");
        assert!(saved == again, "the restored state is another one");
    }

    pub(crate) fn fork(&mut self, id: ProcId) {
        if let Some(error) = self.spawn_error.clone() {
            self.core.take(Input::SpawnFailed { id, error }, self.now);
            return;
        }
        assert!(!self.alive.values().any(|it| *it == id), "two children of {id:?}");
        let pid = Pid(self.next_pid);
        self.next_pid += 1;
        self.alive.insert(pid, id);
        self.core.take(Input::Spawned { id, pid }, self.now);
    }

    /// Advances the clock and expires the timers on the way.
    pub(crate) fn advance(&mut self, seconds: u64) {
        let until = Mono(self.now.mono.0 + Duration::from_secs(seconds));
        while let Some(at) = self.core.deadline(self.now).filter(|at| *at <= until) {
            self.set_time(at);
            self.core.expire(self.now);
            self.perform();
        }
        self.set_time(until);
    }

    pub(crate) fn set_time(&mut self, to: Mono) {
        let passed = to.since(self.now.mono);
        self.now.wall.0 += passed;
        self.now.mono.0 += passed;
    }

    pub(crate) fn id(&self, name: &str) -> ProcId {
        self.core.processes().find(|process| process.name() == name).unwrap().id()
    }

    pub(crate) fn process(&self, name: &str) -> &crate::core::Process {
        self.core.process(self.id(name)).unwrap()
    }

    pub(crate) fn state(&self, name: &str) -> ProcessState {
        self.process(name).state()
    }

    pub(crate) fn terminate(&mut self, name: &str, status: WaitStatus) {
        self.terminate_id(self.id(name), status);
    }

    pub(crate) fn terminate_id(&mut self, id: ProcId, status: WaitStatus) {
        let (&pid, _) = self.alive.iter().find(|(_, it)| **it == id).unwrap();
        self.alive.remove(&pid);
        let report = ExitReport::default();
        self.core.take(Input::Reaped { pid, status, report }, self.now);
        self.perform();
        self.advance(0);
    }

    pub(crate) fn start(&mut self, name: &str) -> JobId {
        let id = self.id(name);
        self.submit(name, Task::Start(vec![id])).expect("a plain start is never refused")
    }

    pub(crate) fn stop(&mut self, name: &str) -> JobId {
        let id = self.id(name);
        self.submit(name, Task::Stop { ids: vec![id], wait: false })
            .expect("a plain stop is never refused")
    }

    /// Submits a job and performs what it asks for at once.
    pub(crate) fn submit(&mut self, target: &str, task: Task) -> Result<JobId, Conflict> {
        let request = Request { requester: "test".to_owned(), target: target.to_owned(), task };
        let job = self.core.submit(request, self.now);
        self.perform();
        job
    }

    pub(crate) fn shutdown(&mut self) {
        self.core.shutdown("test", self.now);
        self.perform();
    }

    pub(crate) fn job(&self, id: JobId) -> &Job {
        self.core.job(id).expect("the job is known")
    }

    pub(crate) fn is_finished(&self, job: JobId) -> bool {
        self.job(job).finished().is_some()
    }

    pub(crate) fn write_stdout(&mut self, name: &str, text: &str) {
        let (id, stream) = (self.id(name), OutputStream::Stdout);
        let bytes = text.as_bytes().to_vec();
        self.core.take(Input::Output { id, stream, bytes }, self.now);
        self.perform();
    }

    pub(crate) fn signal(&mut self, number: i32) {
        self.core.take(Input::Signal(Signal(number)), self.now);
        self.perform();
    }
}

pub(crate) const KILLED: WaitStatus = WaitStatus::Signaled { signal: 9, core_dumped: false };
pub(crate) const TERMINATED: WaitStatus = WaitStatus::Signaled { signal: 15, core_dumped: false };

pub(crate) fn one(process: Process) -> Simulation {
    Simulation::new(vec![group("web", 999, vec![process])])
}
