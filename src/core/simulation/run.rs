//! Runs a script: the world of a simulated daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::script::{Act, Behaviour, Script};
use super::timeline::{Timeline, What, clock};
use crate::conf::config::{Config, LogLevel};
use crate::conf::dependency::{Condition, Requirement};
use crate::conf::hook::Hook;
use crate::conf::nearest::nearest;
use crate::conf::probe::{Method, ProbeId, Purpose};
use crate::conf::signals::Signal;
use crate::core::effect::{Effect, Pid, ProcId, WaitStatus};
use crate::core::jobs::{Request, Scope, Task};
use crate::core::state::ProcessState;
use crate::core::time::{Mono, Now, Wall};
use crate::core::virtual_daemon::{ChildEvent, ProbeKey, VirtualDaemon, World};
use crate::core::{Process, Supervisor};

/// How long a task takes, unless its `startsecs` is longer or the script determines it.
const TASK_TAKES: Duration = Duration::from_secs(1);

/// The requester of the actions of the script.
const REQUESTER: &str = "simulate";

/// Messages that repeat a change of state.
const OF_STATES: [&str; 7] =
    ["spawned: ", "success: ", "exited: ", "stopped: ", "gave up: ", "spawnerr: ", "waiting for "];

#[derive(Clone, Debug)]
enum Planned {
    Act(Act),
    Child(ChildEvent),
    /// The child reports that it is alive, again and again.
    KeepAlive(Pid),
}

/// A daemon that has not been started yet.
pub struct Simulator {
    core: Supervisor,
    now: Now,
    next_pid: i32,
    alive: BTreeMap<Pid, ProcId>,
    hooks: BTreeMap<Pid, ProcId>,
    script: Script,
    /// By time, then in the order in which they were planned.
    planned: BTreeMap<(Mono, u64), Planned>,
    plans: u64,
    /// When the child of each process was started.
    started: BTreeMap<ProcId, Mono>,
    timeline: Timeline,
    is_stopping: bool,
    has_ended: bool,
}

impl Simulator {
    pub fn new(mut config: Config, wall: Wall) -> Self {
        config.supervisord.loglevel = LogLevel::Info;
        let now = Now { mono: Mono::default(), wall };
        let mut core = Supervisor::new(config);
        core.boot(now);
        Self {
            core,
            now,
            next_pid: 101,
            alive: BTreeMap::new(),
            hooks: BTreeMap::new(),
            script: Script::default(),
            planned: BTreeMap::new(),
            plans: 0,
            started: BTreeMap::new(),
            timeline: Timeline::default(),
            is_stopping: false,
            has_ended: false,
        }
    }

    /// The processes that a name means: a process, `group:process`, a group or `group:*`. The error
    /// suggests a name.
    pub fn find(&self, name: &str) -> Result<Vec<ProcId>, String> {
        let group = name.strip_suffix(":*").unwrap_or(name);
        let is_meant = |process: &&Process| {
            process.full_name() == name
                || format!("{}:{}", process.group(), process.name()) == name
                || process.name() == name
                || process.group() == group
        };
        let found: Vec<ProcId> = self.core.processes().filter(is_meant).map(Process::id).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let names: Vec<String> = self.core.processes().map(Process::full_name).collect();
        let near = nearest(name, names.iter().map(String::as_str));
        let hint = match near {
            Some(near) => format!("; did you mean `{near}`?"),
            None if names.is_empty() => "; the configuration has no program".to_owned(),
            None => format!("; there are: {}", names.join(", ")),
        };
        Err(format!("there is no program `{name}`{hint}"))
    }

    /// Whether something can wait for the readiness of a process.
    pub fn has_readiness(&self, id: ProcId) -> bool {
        self.core.process(id).is_some_and(|process| process.config().has_readiness_probe())
    }

    pub fn name(&self, id: ProcId) -> String {
        self.core.process(id).map_or_else(String::new, Process::full_name)
    }

    /// What happens when the daemon is started with its configuration.
    pub fn run(mut self, script: Script) -> Timeline {
        self.script = script;
        for (at, act) in self.script.acts.clone() {
            self.plan(at, Planned::Act(act));
        }
        self.timeline.assumptions = self.assumptions();
        self.core.set_publishing(true, self.now);
        self.core.run(self.now);
        self.perform();
        let until = Mono(self.script.until);
        self.run_until(until);
        if self.script.stops && !self.is_stopping {
            self.plan(self.script.until, Planned::Act(Act::Shutdown));
            self.run_until(Mono(self.script.until * 2));
        }
        let missing: Vec<ProcId> = Self::missing(&self.core).into_iter().collect();
        self.timeline.finish(&self.core, &missing, self.now);
        self.timeline
    }

    /// What the children do that is not as usual, and then what is usual.
    fn assumptions(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let usual = Behaviour::default();
        for process in self.core.processes() {
            let (id, name) = (process.id(), process.full_name());
            let Behaviour { ready_after, stop_takes, .. } = self.behaviour(id);
            if let Some((takes, _)) = self.own_end(id) {
                lines.push(format!("{name} exits by itself {} after each start", clock(takes)));
            }
            match ready_after {
                None => lines.push(format!("{name} never becomes ready")),
                Some(_) if ready_after == usual.ready_after => {}
                Some(wait) => {
                    lines.push(format!("{name} is ready {} after each start", clock(wait)));
                }
            }
            if stop_takes != usual.stop_takes {
                lines.push(format!("{name} ends {} after its stop signal", clock(stop_takes)));
            }
        }
        let all = if lines.is_empty() { "all programs" } else { "otherwise programs" };
        lines.push(format!("{all} run until they are stopped, are ready at once and stop at once"));
        lines
    }

    fn plan(&mut self, at: Duration, planned: Planned) {
        self.plans += 1;
        self.planned.insert((Mono(at), self.plans), planned);
    }

    fn plan_child(&mut self, after: Duration, event: ChildEvent) {
        self.plan(self.now.mono.0.saturating_add(after), Planned::Child(event));
    }

    fn behaviour(&self, id: ProcId) -> Behaviour {
        self.script.behaviours.get(&id).copied().unwrap_or_default()
    }

    fn child_of(&self, id: ProcId) -> Option<Pid> {
        self.alive.iter().find(|(_, it)| **it == id).map(|(pid, _)| *pid)
    }

    fn act_on(&mut self, act: Act) {
        match act {
            Act::Kill(id) => {
                let status = WaitStatus::Signaled { signal: Signal::KILL.0, core_dumped: false };
                self.end(id, status);
            }
            Act::Exit(id, code) => self.end(id, WaitStatus::Exited(code)),
            Act::Restart(id) => {
                let target = self.name(id);
                self.note(id, "its restart is requested");
                let requester = REQUESTER.to_owned();
                let request = Request { requester, target, task: Task::Restart(Scope::One(id)) };
                if let Err(conflict) = self.core.submit(request, self.now) {
                    self.note(id, &format!("not restarted: {conflict}"));
                }
            }
            Act::Shutdown => {
                self.is_stopping = true;
                self.timeline.push(
                    self.now.mono.0,
                    None,
                    What::Act("the daemon is ended".to_owned()),
                );
                self.core.shutdown(REQUESTER, self.now);
            }
        }
    }

    /// The end of a child that the script requires.
    fn end(&mut self, id: ProcId, status: WaitStatus) {
        match self.child_of(id) {
            Some(pid) => {
                self.note(id, &format!("{} (as requested here)", status.description()));
                self.apply(ChildEvent::Ends { pid, status });
            }
            None => self.note(id, "it does not run, so it cannot end"),
        }
    }

    fn note(&mut self, id: ProcId, text: &str) {
        self.timeline.push(self.now.mono.0, Some(self.name(id)), What::Act(text.to_owned()));
    }

    /// Whether a probe of the present child succeeds from now on, and after which time it will.
    fn wait_of(&self, id: ProcId, probe: ProbeId) -> Option<Duration> {
        if probe.purpose == Purpose::Live {
            return Some(Duration::ZERO);
        }
        let up = self.started.get(&id).map(|started| self.now.mono.since(*started));
        let wait = self.behaviour(id).ready_after?;
        Some(wait.saturating_sub(up.unwrap_or_default()))
    }

    /// What a process does by itself to become ready.
    fn plan_readiness(&mut self, id: ProcId) {
        let Some(wait) = self.behaviour(id).ready_after else { return };
        let probes = self.core.process(id).map(|it| it.config().probes()).unwrap_or_default();
        for probe in probes {
            match probe.method {
                Method::Log => self.plan_child(wait, ChildEvent::PrintsReadyLine { id }),
                Method::Notify if probe.purpose == Purpose::Ready => {
                    let message = "READY=1".to_owned();
                    self.plan_child(wait, ChildEvent::Notifies { id, message });
                }
                _ => {}
            }
        }
    }

    fn plan_keep_alive(&mut self, id: ProcId, pid: Pid) {
        let watchdog = self.core.process(id).and_then(|process| process.config().watchdog());
        if let Some(limit) = watchdog {
            self.plan(self.now.mono.0.saturating_add(limit / 2), Planned::KeepAlive(pid));
        }
    }

    fn keep_alive(&mut self, pid: Pid) {
        if let Some(id) = self.alive.get(&pid).copied() {
            self.apply(ChildEvent::Notifies { id, message: "WATCHDOG=1".to_owned() });
            self.plan_keep_alive(id, pid);
        }
    }

    /// When a child ends by itself, and with which status. A task does, unless the script ends it.
    fn own_end(&self, id: ProcId) -> Option<(Duration, i32)> {
        let config = self.core.process(id)?.config();
        let is_ended_by_script =
            self.script.acts.iter().any(|(_, act)| matches!(act, Act::Exit(it, _) if *it == id));
        let is_task = !is_ended_by_script && (config.schedule.is_some() || self.is_awaited(id));
        let startsecs = Duration::from_secs(config.startsecs.try_into().unwrap_or(0));
        let usual = is_task.then(|| startsecs.max(TASK_TAKES));
        let code = config.exitcodes.first().and_then(|code| i32::try_from(*code).ok()).unwrap_or(0);
        Some((self.behaviour(id).takes.or(usual)?, code))
    }

    /// Whether another process needs it to be completed.
    fn is_awaited(&self, id: ProcId) -> bool {
        let needs = |other: &Process| {
            let mut all = other.config().depends_on.iter().flat_map(Requirement::dependencies);
            all.any(|dependency| {
                dependency.condition == Condition::Completed
                    && self.find(&dependency.name).is_ok_and(|ids| ids.contains(&id))
            })
        };
        self.core.processes().any(needs)
    }

    fn is_listener(&self, id: ProcId) -> bool {
        self.core.process(id).is_some_and(|process| process.listener().is_some())
    }

    /// The processes that are meant to run and do not.
    fn missing(core: &Supervisor) -> BTreeSet<ProcId> {
        let is_wanted = |process: &&Process| {
            process.config().autostart
                || process.started().is_some()
                || core.is_waiting(process.id())
        };
        let is_up = |process: &Process| match process.state() {
            ProcessState::Running => process.is_ready() != Some(false),
            ProcessState::Exited => {
                !process.is_active() && process.last_exit().is_some_and(|exit| exit.is_expected)
            }
            _ => false,
        };
        core.processes().filter(is_wanted).filter(|it| !is_up(it)).map(Process::id).collect()
    }
}

impl World for Simulator {
    fn daemon(&mut self) -> VirtualDaemon<'_> {
        let Self { core, now, next_pid, alive, hooks, .. } = self;
        VirtualDaemon { core, now, next_pid, alive, hooks }
    }

    fn fork_error(&mut self, _: ProcId) -> Option<String> {
        None
    }

    fn on_fork(&mut self, id: ProcId, pid: Pid) {
        self.started.insert(id, self.now.mono);
        self.plan_readiness(id);
        self.plan_keep_alive(id, pid);
        if let Some((after, code)) = self.own_end(id) {
            let status = WaitStatus::Exited(code);
            self.plan_child(after, ChildEvent::Ends { pid, status });
        }
        if self.is_listener(id) {
            let bytes = b"READY\n".to_vec();
            self.plan_child(Duration::ZERO, ChildEvent::Prints { id, bytes });
        }
    }

    /// Commands succeed at once; the one that stops a program does so.
    fn on_hook(&mut self, id: ProcId, pid: Pid, hook: Hook) {
        let status = WaitStatus::Exited(0);
        self.plan_child(Duration::ZERO, ChildEvent::Ends { pid, status });
        if let Some(pid) = self.child_of(id).filter(|_| hook == Hook::StopCommand) {
            self.plan_child(self.behaviour(id).stop_takes, ChildEvent::Ends { pid, status });
        }
    }

    fn probe(&mut self, key: ProbeKey) -> Option<Result<(), String>> {
        let is_up = self.wait_of(key.0, key.1) == Some(Duration::ZERO);
        Some(if is_up { Ok(()) } else { Err("not ready yet".to_owned()) })
    }

    fn observe(&mut self, effect: &Effect) {
        let at = self.now.mono.0;
        match effect {
            Effect::Kill { id, pid, signal, .. } => {
                let takes = match *signal {
                    Signal::KILL => Duration::ZERO,
                    _ => self.behaviour(*id).stop_takes,
                };
                let status = WaitStatus::Signaled { signal: signal.0, core_dumped: false };
                self.plan_child(takes, ChildEvent::Ends { pid: *pid, status });
            }
            Effect::Stdin { id, .. } if self.is_listener(*id) => {
                let bytes = b"RESULT 2\nOKREADY\n".to_vec();
                self.plan_child(Duration::ZERO, ChildEvent::Prints { id: *id, bytes });
            }
            Effect::Publish { kind, payload, .. } => {
                self.timeline.state_change(at, &self.core, *kind, payload);
            }
            Effect::Log { message, .. }
                if !OF_STATES.iter().any(|prefix| message.starts_with(prefix)) =>
            {
                self.timeline.push(at, None, What::Message(message.clone()));
            }
            Effect::Exit { .. } => {
                self.has_ended = true;
                self.timeline.summary.ended = Some(at);
            }
            _ => {}
        }
    }

    fn settle(&mut self) {
        let missing = Self::missing(&self.core);
        let is_up = !self.is_stopping && missing.is_empty();
        self.timeline.set_up(self.now.mono.0, is_up, &self.core);
        if !self.is_stopping {
            let names: Vec<String> = missing.iter().map(|id| self.name(*id)).collect();
            self.timeline.note_down(names);
        }
        let has_acts = self.planned.values().any(|it| matches!(it, Planned::Act(_)));
        if self.script.stops && is_up && !has_acts && !self.is_stopping {
            self.plan(self.now.mono.0, Planned::Act(Act::Shutdown));
            self.is_stopping = true;
        }
    }

    fn next(&self) -> Option<Mono> {
        if self.has_ended {
            return None;
        }
        self.planned.first_key_value().map(|((at, _), _)| *at)
    }

    fn act(&mut self) {
        while let Some(entry) = self.planned.first_entry().filter(|it| it.key().0 <= self.now.mono)
        {
            match entry.remove() {
                Planned::Act(act) => self.act_on(act),
                Planned::Child(event) => self.apply(event),
                Planned::KeepAlive(pid) => self.keep_alive(pid),
            }
            self.perform();
        }
    }
}
