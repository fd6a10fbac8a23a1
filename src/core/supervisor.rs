//! The world of supervision: all groups and processes, the mood of the daemon, and what is asked of
//! the shell. Inputs and commands come in with the time; effects go out in order. The families of
//! rules live next door: one process in `life`, events in `announce`, output in `output`, the end
//! in `shutdown`, changes of a running group in `membership`.

use std::collections::{BTreeMap, VecDeque};

use super::effect::{Effect, Input, Pid, ProcId};
use super::group::{Group, Process};
use super::process::Happening;
use super::relay::Relay;
use super::shutdown::Stopping;
use super::state::Mood;
use super::tick::Ticks;
use super::time::{Mono, Now};
use super::timers::Timers;
use crate::conf::config::{self, Config, LogLevel};
use crate::conf::events::EventType;

#[derive(Clone, Debug)]
pub struct Supervisor {
    pub(super) config: Config,
    pub(super) mood: Mood,
    /// In the order in which they were added.
    pub(super) groups: Vec<Group>,
    pub(super) processes: BTreeMap<ProcId, Process>,
    pub(super) pids: BTreeMap<Pid, ProcId>,
    pub(super) timers: Timers,
    pub(super) effects: VecDeque<Effect>,
    pub(super) next_id: u32,
    /// The serial of the next event that some pool takes.
    pub(super) serial: u64,
    /// Whether somebody streams events over HTTP, and the number of the next one.
    pub(super) publishing: bool,
    pub(super) published: u64,
    pub(super) ticks: Ticks,
    pub(super) relay: Relay,
    pub(super) running: bool,
    pub(super) stopping: Option<Stopping>,
}

impl Supervisor {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            mood: Mood::Running,
            groups: Vec::new(),
            processes: BTreeMap::new(),
            pids: BTreeMap::new(),
            timers: Timers::default(),
            effects: VecDeque::new(),
            next_id: 0,
            serial: 0,
            publishing: false,
            published: 0,
            ticks: Ticks::default(),
            relay: Relay::default(),
            running: false,
            stopping: None,
        }
    }

    /// The count of events goes on where an earlier life of the daemon left it.
    #[must_use]
    pub fn counting_from(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }

    /// How many events pools have taken so far.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Adds the groups of the configuration. Nothing is started yet.
    pub fn boot(&mut self, now: Now) {
        self.ticks.catch_up(now.wall);
        for group in self.config.groups.clone() {
            self.add_group(group, now);
        }
    }

    /// All servers are open: announces RUNNING and starts what is to be started.
    pub fn run(&mut self, now: Now) {
        self.running = true;
        self.announce_supervisor(EventType::SupervisorStateChangeRunning, now);
        for name in self.groups_by_priority() {
            self.autostart(&name, now);
        }
        self.settle(now);
    }

    /// Takes in what happened.
    pub fn take(&mut self, input: Input, now: Now) {
        match input {
            Input::Spawned { id, pid } => self.spawned(id, pid, now),
            Input::SpawnFailed { id, error } => self.spawn_failed(id, error, now),
            Input::Died { pid, status } => self.died(pid, status, now),
            Input::Output { id, stream, bytes } => self.output(id, stream, bytes, now),
            Input::OutputClosed { id, stream } => self.output_closed(id, stream, now),
            Input::StdinClosed { id } => self.stdin_closed(id, now),
            Input::KillFailed { id, error } => self.kill_failed(id, &error, now),
            Input::Signal(signal) => self.signalled(signal, now),
        }
        self.settle(now);
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Now) {
        for id in self.timers.due(now.mono) {
            self.step(id, Happening::Tick, now);
            self.report_stop(id, now);
            self.set_timer(id);
        }
        self.tick(now);
        self.settle(now);
    }

    /// When [`Supervisor::expire`] is wanted next; `None` lets the daemon sleep until something
    /// happens.
    pub fn deadline(&self, now: Now) -> Option<Mono> {
        let report = self.stopping.as_ref().and_then(Stopping::report_at);
        [self.timers.nearest(), report, self.next_tick(now)].into_iter().flatten().min()
    }

    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether something is asked for that was not yet performed.
    pub fn has_effects(&self) -> bool {
        !self.effects.is_empty()
    }

    /// The configuration as it was last read.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A file was read again. Active groups keep what they have until they are removed and added.
    pub fn replace_config(&mut self, config: Config) {
        self.config = config;
    }

    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// Active groups in the order in which they were added.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name() == name)
    }

    pub fn process(&self, id: ProcId) -> Option<&Process> {
        self.processes.get(&id)
    }

    /// All processes, group by group.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.groups.iter().flat_map(|group| self.members(group))
    }

    /// The processes of a group in the order of its configuration.
    pub fn members<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Process> {
        group.processes.iter().filter_map(|id| self.processes.get(id))
    }

    pub fn find(&self, group: &str, process: &str) -> Option<ProcId> {
        let group = self.group(group)?;
        self.members(group).find(|member| member.name() == process).map(Process::id)
    }

    /// Makes a group active; false if there is one of that name.
    pub fn add_group(&mut self, config: config::Group, now: Now) -> bool {
        if self.group(&config.name).is_some() {
            return false;
        }
        // What is due is for those who were there before.
        self.tick(now);
        let name = config.name.clone();
        let processes = config.processes.iter().map(|it| self.admit(&config, it.clone())).collect();
        self.groups.push(Group { config, processes, queue: super::pool::Queue::default() });
        self.effects.push_back(Effect::GroupAdded { name: name.clone() });
        self.announce_group(EventType::ProcessGroupAdded, &name, now);
        if self.running {
            self.autostart(&name, now);
            self.settle(now);
        }
        true
    }

    /// Forgets a group; false if there is none or something of it is not stopped.
    pub fn remove_group(&mut self, name: &str, now: Now) -> bool {
        let Some(at) = self.groups.iter().position(|group| group.name() == name) else {
            return false;
        };
        if !self.is_stopped(&self.groups[at]) {
            return false;
        }
        let group = self.groups.remove(at);
        for id in &group.processes {
            self.dismiss(*id);
        }
        self.effects
            .push_back(Effect::GroupRemoved { name: name.to_owned(), ids: group.processes });
        self.announce_group(EventType::ProcessGroupRemoved, name, now);
        self.settle(now);
        true
    }

    /// Whether nothing of a group is alive or about to be.
    pub fn is_stopped(&self, group: &Group) -> bool {
        self.members(group).all(|process| process.state().is_stopped())
    }

    /// Whether somebody streams events, so that [`Effect::Publish`] is wanted.
    pub fn set_publishing(&mut self, wanted: bool, now: Now) {
        if wanted && !self.publishing {
            self.tick(now);
        }
        self.publishing = wanted;
    }

    /// Queues a line for the activity log.
    pub fn log(&mut self, level: LogLevel, message: String) {
        if level >= self.config.supervisord.loglevel {
            self.effects.push_back(Effect::Log { level, message });
        }
    }

    /// The same, where making the text is a waste if nobody reads it.
    pub(super) fn debug(&mut self, message: impl FnOnce() -> String) {
        if LogLevel::Debug >= self.config.supervisord.loglevel {
            self.effects.push_back(Effect::Log { level: LogLevel::Debug, message: message() });
        }
    }

    /// Nothing is started any more once the daemon is told to end.
    pub(super) fn may_start(&self) -> bool {
        matches!(self.mood, Mood::Running | Mood::Fatal)
    }

    /// Follows up on whatever changed: events reach listeners that are ready, and a daemon that
    /// ends takes its next step.
    pub(super) fn settle(&mut self, now: Now) {
        self.advance_shutdown(now);
        self.dispatch();
    }

    pub(super) fn admit(&mut self, group: &config::Group, process: config::Process) -> ProcId {
        let id = ProcId(self.next_id);
        self.next_id += 1;
        self.processes.insert(id, Process::new(id, group, process));
        id
    }

    pub(super) fn dismiss(&mut self, id: ProcId) {
        self.timers.set(id, None);
        self.processes.remove(&id);
    }

    /// Names of the groups, lowest priority first; equals keep the order of their adding.
    pub(super) fn groups_by_priority(&self) -> Vec<String> {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by_key(|group| group.config.priority);
        groups.into_iter().map(|group| group.name().to_owned()).collect()
    }

    /// Starts the programs of a group that are to be started and never were.
    fn autostart(&mut self, name: &str, now: Now) {
        let Some(group) = self.group(name) else { return };
        let fresh: Vec<ProcId> = self
            .members(group)
            .filter(|process| process.config.autostart && process.started.is_none())
            .map(Process::id)
            .collect();
        for id in fresh {
            self.autostart_one(id, now);
        }
    }

    pub(super) fn autostart_one(&mut self, id: ProcId, now: Now) {
        if self.running && self.may_start() {
            self.step(id, Happening::Start, now);
        }
    }
}
