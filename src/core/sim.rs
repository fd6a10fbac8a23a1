//! The world of the tests: children that do what a test says and a clock that it advances, on the
//! virtual daemon of `supkit simulate`. Everything that the core asks for and logs is recorded with
//! its second.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::Supervisor;
use super::effect::{Effect, ExchangeId, Input, OutputStream, Pid, ProcId, WaitStatus};
use super::exchange::{Answer, Exchange};
use super::jobs::{Conflict, Job, JobId, Request, Task};
use super::lasting::Lasting;
use super::snapshot;
use super::state::ProcessState;
use super::time::{Mono, Now, Wall};
use super::virtual_daemon::{ChildEvent, ProbeKey, VirtualDaemon, World};
use crate::conf::config::{
    Config, Group, GroupKind, LogTarget, Notes, Origins, Pool, Process, Supervisord,
};
use crate::conf::events::EventType;
use crate::conf::fake_host::FakeHost;
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
        users: Vec::new(),
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
    unanswered: Vec<ProbeKey>,
    /// How many requests proxies have at a process; one ends at each count.
    pub(crate) connections: BTreeMap<String, u64>,
    /// The requests to proxies and programs that fail, as `NAME: REQUEST`.
    pub(crate) failing: BTreeSet<String>,
    /// The requests that are not answered.
    pub(crate) unanswered_exchanges: BTreeMap<ExchangeId, Exchange>,
    /// The processes that proxies have to avoid.
    pub(crate) avoided: BTreeSet<ProcId>,
    /// What was stored last for a daemon after this one.
    pub(crate) stored: Lasting,
    /// When that was done, and when a process was drained.
    pub(crate) order: Vec<&'static str>,
    /// The memory that the processes use.
    pub(crate) memory: BTreeMap<String, u64>,
    /// After how many performances the core is saved and restored; a long random test does it less
    /// often.
    pub(crate) snapshot_interval: usize,
    performances: usize,
}

impl Simulation {
    pub(crate) fn new(groups: Vec<Group>) -> Self {
        Self::with(groups, |_| {})
    }

    /// The same with a change before anything is started.
    pub(crate) fn with(groups: Vec<Group>, change: impl FnOnce(&mut Supervisor)) -> Self {
        let wall = Wall(Duration::from_secs(1_000_003));
        let now = Now { mono: Mono(Duration::from_secs(100)), wall };
        let mut core = Supervisor::new(config(groups));
        core.boot(now);
        change(&mut core);
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
            connections: BTreeMap::new(),
            failing: BTreeSet::new(),
            unanswered_exchanges: BTreeMap::new(),
            avoided: BTreeSet::new(),
            stored: Lasting::default(),
            order: Vec::new(),
            memory: BTreeMap::new(),
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
        World::perform(self);
    }

    /// The command that runs beside a process ends.
    pub(crate) fn end_hook(&mut self, status: WaitStatus) {
        let (&pid, _) = self.hooks.first_key_value().expect("a hook runs");
        self.apply(ChildEvent::Ends { pid, status });
        self.perform();
        self.advance(0);
    }

    /// Replaces the core by one that was made from its saved state, so that every story also shows
    /// that a daemon can be continued at any moment.
    fn continue_from_snapshot(&mut self) {
        let saved = snapshot::save(&self.core).expect("the state can be saved");
        self.core = snapshot::load(&saved).expect("the state can be restored");
        let again = snapshot::save(&self.core).expect("the state can be saved");
        assert!(saved == again, "the restored state is another one");
    }

    /// Advances the clock and expires the timers on the way.
    pub(crate) fn advance(&mut self, seconds: u64) {
        self.run_until(Mono(self.now.mono.0 + Duration::from_secs(seconds)));
    }

    /// The same up to a moment.
    pub(crate) fn run_to(&mut self, moment: Mono) {
        self.run_until(moment);
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
        self.apply(ChildEvent::Ends { pid, status });
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

impl World for Simulation {
    fn daemon(&mut self) -> VirtualDaemon<'_> {
        let Self { core, now, next_pid, alive, hooks, .. } = self;
        VirtualDaemon { core, now, next_pid, alive, hooks }
    }

    fn fork_error(&mut self, _: ProcId) -> Option<String> {
        self.spawn_error.clone()
    }

    fn probe(&mut self, key: ProbeKey) -> Option<Result<(), String>> {
        let process = self.core.process(key.0).expect("only what exists is examined");
        assert!(process.pid().is_some(), "a process without a child is examined");
        let name = process.name().to_owned();
        assert!(
            !self.unanswered.iter().any(|it| (it.0, it.1) == (key.0, key.1)),
            "two requests of one probe"
        );
        if self.hanging.contains(&name) {
            self.unanswered.push(key);
            return None;
        }
        let is_up = self.serving.contains(&name);
        Some(if is_up { Ok(()) } else { Err("refused".to_owned()) })
    }

    fn sweep(&mut self, pid: Pid) -> Vec<String> {
        let left = self.left_behind.pop_front().unwrap_or_default();
        self.record(&format!("sweep {}: {left:?}", pid.0));
        left
    }

    fn exchange(&mut self, id: ExchangeId, exchange: Exchange) -> Option<Answer> {
        let process = self.core.process(id.process).expect("a request is about what exists");
        let name = process.name().to_owned();
        let text = format!("{name}: {exchange}");
        let is_question = matches!(exchange, Exchange::Count(_) | Exchange::CheckUse(_));
        if !is_question {
            self.record(&text);
        }
        if self.hanging.contains(&text) {
            assert!(self.unanswered_exchanges.insert(id, exchange).is_none(), "a number is reused");
            return None;
        }
        let left = self.connections.entry(name).or_default();
        let answer = match exchange {
            _ if self.failing.contains(&text) => Err("refused".to_owned()),
            Exchange::Count(_) => Ok(*left),
            _ => Ok(0),
        };
        *left = left.saturating_sub(u64::from(is_question));
        match exchange {
            Exchange::Drain(_) => drop(self.avoided.insert(id.process)),
            Exchange::Enable(_) if answer.is_ok() => drop(self.avoided.remove(&id.process)),
            _ => {}
        }
        Some(answer)
    }

    fn memory(&mut self, id: ProcId) -> u64 {
        let name = self.core.process(id).expect("it exists").name();
        self.memory.get(name).copied().unwrap_or(0)
    }

    fn observe(&mut self, effect: &Effect) {
        match effect {
            Effect::SaveState => {
                self.stored = self.core.lasting();
                self.order.push("stored");
            }
            Effect::Exchange { exchange: Exchange::Drain(_), .. } => self.order.push("drain"),
            Effect::CancelExchange { id } => {
                self.unanswered_exchanges.remove(id);
            }
            Effect::Kill { pid, signal, group, .. } => {
                let target = if *group { "group" } else { "pid" };
                self.record(&format!("kill {target} {} {signal}", pid.0));
            }
            Effect::SignalMain { main, signal, .. } => {
                self.record(&format!("signal main pid {} {signal}", main.pid.0));
            }
            Effect::RunHook { hook, ended, .. } => {
                let about = ended.map_or_else(String::new, |ended| {
                    let status = ended.status.map(WaitStatus::description);
                    format!(" pid {} {}", ended.pid.0, status.unwrap_or_default())
                });
                self.record(format!("run {}{about}", hook.name()).trim_end());
            }
            Effect::KillHook { pid } => self.record(&format!("kill hook {}", pid.0)),
            Effect::Log { message, .. } => self.record(message),
            Effect::ChildLog { bytes, .. } => {
                self.record(&format!("log {:?}", String::from_utf8_lossy(bytes)));
            }
            Effect::Stdin { bytes, .. } => {
                self.record(&format!("stdin {:?}", String::from_utf8_lossy(bytes)));
            }
            Effect::CancelProbe { id, probe, number } => {
                self.unanswered.retain(|it| *it != (*id, *probe, *number));
            }
            Effect::Upgrade { program, .. } => self.record(&format!("upgrade to {program}")),
            Effect::Exit { restart } => self.record(&format!("exit restart={restart}")),
            _ => {}
        }
    }

    fn settle(&mut self) {
        self.performances += 1;
        if self.performances % self.snapshot_interval == 0 {
            self.continue_from_snapshot();
        }
    }
}

pub(crate) const KILLED: WaitStatus = WaitStatus::Signaled { signal: 9, core_dumped: false };
pub(crate) const TERMINATED: WaitStatus = WaitStatus::Signaled { signal: 15, core_dumped: false };

pub(crate) fn one(process: Process) -> Simulation {
    Simulation::new(vec![group("web", 999, vec![process])])
}
