//! The supervisor: all groups and processes, the mood of the daemon and the queue of effects.
//! Inputs and commands are passed with the time; effects are returned in order. Other files of this
//! module extend it: `lifecycle` (one process), `event_dispatch`, `output`, `shutdown` and
//! `membership` (changes to an active group).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dependencies::Dependencies;
use super::disabled::Disabled;
use super::effect::{Effect, Input, Pid, ProcId};
use super::exit_report::Requester;
use super::group::{Group, Process};
use super::group_names::GroupNames;
use super::history::History;
use super::jobs::Jobs;
use super::pool_index::PoolIndex;
use super::process::ProcessEvent;
use super::processes::Processes;
use super::result_handler::HandlerState;
use super::running_hook::Hooks;
use super::state::Mood;
use super::sweep::Sweep;
use super::tick_periods::TickPeriods;
use super::time::{Mono, Now};
use super::timers::{TimerKind, Timers};
use crate::conf::config::{self, Config, LogLevel};
use crate::conf::events::EventType;

/// How many timers are processed at once.
const MAX_EXPIRED: usize = 4;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Supervisor {
    pub(super) config: Config,
    /// That of the activity log, which a reread leaves as it is.
    log_level: LogLevel,
    pub(super) mood: Mood,
    /// In the order in which they were added.
    pub(super) groups: Vec<Group>,
    /// Updated with every change of `groups`.
    #[serde(skip)]
    pub(super) pools: PoolIndex,
    /// The same.
    #[serde(skip)]
    pub(super) group_names: GroupNames,
    pub(super) processes: Processes,
    pub(super) pids: BTreeMap<Pid, ProcId>,
    /// Updated with every change of `processes`.
    pub(super) dependencies: Dependencies,
    /// Processes that are started when what they depend on is up.
    pub(super) waiting: BTreeSet<ProcId>,
    /// Those that are started with the daemon and have not had their turn.
    #[serde(default)]
    pub(super) autostarts: VecDeque<ProcId>,
    /// Whether anything that the waiting ones wait for may have changed.
    pub(super) may_be_satisfied: bool,
    /// What an operator has disabled.
    #[serde(default)]
    pub(super) disabled: Disabled,
    /// Processes to which proxies send no requests, as requested.
    pub(super) drained: BTreeSet<ProcId>,
    /// The number of the last request to a proxy or a program.
    pub(super) exchange_number: u64,
    pub(super) timers: Timers,
    /// The commands that run beside processes, also beside those that were removed since.
    pub(super) hooks: BTreeMap<ProcId, Hooks>,
    /// Processes that were reaped and whose end waits for that of their group or tree.
    pub(super) sweeps: BTreeMap<ProcId, Sweep>,
    #[serde(skip)]
    pub(super) effects: VecDeque<Effect>,
    /// Grows with every change, except for output that only goes to a log.
    #[serde(skip)]
    pub(super) revision: u64,
    pub(super) next_id: u32,
    /// The serial of the next event that a pool buffers.
    pub(super) serial: u64,
    /// Whether a client streams events over HTTP, and the number of the next one.
    pub(super) publishing: bool,
    pub(super) published: u64,
    pub(super) ticks: TickPeriods,
    pub(super) handlers: HandlerState,
    pub(super) running: bool,
    pub(super) jobs: Jobs,
    /// In whose name processes are stopped at the moment.
    #[serde(skip)]
    pub(super) acting: Option<Requester>,
    pub(super) history: History,
    /// Who requested the shutdown or restart.
    pub(super) shutdown_requester: String,
    /// With which the daemon exits.
    pub(super) exit_status: u8,
    /// Whether the shutdown job was submitted.
    pub(super) is_ending: bool,
}

impl Supervisor {
    pub fn new(config: Config) -> Self {
        Self {
            log_level: config.supervisord.loglevel,
            config,
            mood: Mood::Running,
            groups: Vec::new(),
            pools: PoolIndex::default(),
            group_names: GroupNames::default(),
            processes: Processes::default(),
            pids: BTreeMap::new(),
            dependencies: Dependencies::default(),
            waiting: BTreeSet::new(),
            autostarts: VecDeque::new(),
            may_be_satisfied: false,
            disabled: Disabled::default(),
            drained: BTreeSet::new(),
            exchange_number: 0,
            timers: Timers::default(),
            hooks: BTreeMap::new(),
            sweeps: BTreeMap::new(),
            effects: VecDeque::new(),
            revision: 0,
            next_id: 0,
            serial: 0,
            publishing: false,
            published: 0,
            ticks: TickPeriods::default(),
            handlers: HandlerState::default(),
            running: false,
            jobs: Jobs::default(),
            acting: None,
            history: History::default(),
            shutdown_requester: String::new(),
            exit_status: 0,
            is_ending: false,
        }
    }

    /// Continues the event serials of the previous run of the daemon (restart).
    #[must_use]
    pub fn with_serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }

    /// The number of events that pools have buffered so far.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Adds the groups of the configuration. Nothing is started yet.
    pub fn boot(&mut self, now: Now) {
        self.ticks.mark_announced(now.wall);
        self.groups.reserve_exact(self.config.groups.len());
        for group in self.config.groups.clone() {
            self.add_group(group, now);
        }
    }

    /// Called when all servers are open: announces RUNNING and starts the `autostart` programs.
    pub fn run(&mut self, now: Now) {
        self.running = true;
        self.relink();
        self.notify_supervisor(EventType::SupervisorStateChangeRunning, now);
        self.autostart_all(now);
        self.pump(now);
    }

    /// Equal numbers mean that nothing has changed but what follows from the same output.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Processes one input.
    pub fn take(&mut self, input: Input, now: Now) {
        let is_output = matches!(input, Input::Output { .. } | Input::HookOutput { .. });
        match input {
            Input::Spawned { id, pid } => self.on_spawned(id, pid, now),
            Input::SpawnFailed { id, error } => {
                self.on_spawn_failed(id, error, now);
                self.sweep_prestart(id, now);
            }
            Input::Reaped { pid, status, report } => self.on_reaped(pid, status, report, now),
            Input::Output { id, stream, bytes } => self.on_output(id, stream, bytes, now),
            Input::OutputClosed { id, stream } => self.on_output_closed(id, stream, now),
            Input::StdinClosed { id } => self.on_stdin_closed(id, now),
            Input::KillFailed { id, error } => self.on_kill_failed(id, &error, now),
            Input::CommandChecked { id, usable } => self.on_command_checked(id, usable, now),
            Input::Probed { id, probe, number, result } => {
                self.on_probed(id, probe, number, result, now);
            }
            Input::NotProbed { id, probe, number, why } => {
                self.on_not_probed(id, probe, number, &why, now);
            }
            Input::HookStarted { id, pid } => self.on_hook_started(id, pid, now),
            Input::HookOutput { id, stream, bytes } => self.on_hook_output(id, stream, bytes, now),
            Input::HookFailed { id, error } => self.on_hook_failed(id, error, now),
            Input::Swept { id, left } => self.on_swept(id, &left, now),
            Input::Exchanged { id, answer } => self.on_exchanged(id, &answer, now),
            Input::MemoryMeasured { id, pid, bytes } => {
                self.on_memory_measured(id, pid, bytes, now);
            }
            Input::Notified { id, message } => self.on_notified(id, &message, now),
            Input::MainNamed { id, claim } => self.on_main_named(id, claim),
            Input::Followed { id, pid, status } => {
                self.on_followed(id, pid, &status.description());
            }
            Input::UpgradeChecked { job, result } => self.on_upgrade_checked(job, result, now),
            Input::Upgraded { job, result } => self.on_upgraded(job, result, now),
            Input::Signal(signal) => self.on_signal(signal, now),
        }
        if is_output { self.advance(now) } else { self.pump(now) }
    }

    /// Processes expired timers, at most a few: after an outage hundreds of programs may be restarted
    /// at once, and each costs a fork. [`Supervisor::is_due`] is true if more have expired.
    pub fn expire(&mut self, now: Now) {
        self.jobs.forget();
        if self.is_due(now) {
            self.revision += 1;
        }
        for (id, kind) in self.timers.due(now.mono, MAX_EXPIRED) {
            match kind {
                TimerKind::Phase => self.step(id, ProcessEvent::Tick, now),
                TimerKind::StopReport => self.report_stop(id, now),
                TimerKind::Sweep => self.sweep(id, now),
                TimerKind::Hook => self.expire_hook(id, now),
                TimerKind::Memory => self.measure_memory(id, now),
                TimerKind::Probe(probe) => self.tick_probe(id, probe, now),
                TimerKind::Schedule => self.on_schedule(id, now),
            }
            self.set_timers(id);
        }
        self.continue_autostart(now);
        self.tick(now);
        self.advance(now);
    }

    pub fn is_due(&self, now: Now) -> bool {
        !self.autostarts.is_empty() || self.timers.nearest().is_some_and(|at| at <= now.mono)
    }

    /// When [`Supervisor::expire`] must be called next; `None` if no timer is set.
    pub fn deadline(&self, now: Now) -> Option<Mono> {
        if !self.autostarts.is_empty() {
            return Some(now.mono);
        }
        let deadlines = [self.timers.nearest(), self.jobs.deadline(), self.next_tick(now)];
        deadlines.into_iter().flatten().min()
    }

    pub fn next_effect(&mut self) -> Option<Effect> {
        let effect = self.effects.pop_front()?;
        if !effect.is_record() {
            self.revision += 1;
        }
        Some(effect)
    }

    /// Whether there are effects that were not performed yet.
    pub fn has_effects(&self) -> bool {
        !self.effects.is_empty()
    }

    /// The configuration as it was last read.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Stores a configuration that was read again. Active groups keep their configuration until
    /// they are removed and added; servers and interfaces stay the open ones.
    pub fn replace_config(&mut self, config: Config) {
        self.revision += 1;
        let Config { servers, rpcinterfaces, .. } = std::mem::replace(&mut self.config, config);
        self.config.servers = servers;
        self.config.rpcinterfaces = rpcinterfaces;
    }

    /// Whether [`Supervisor::run`] was called.
    pub fn is_started(&self) -> bool {
        self.running
    }

    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// Active groups in the order in which they were added.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub fn group(&self, name: &str) -> Option<&Group> {
        self.group_position(name).map(|at| &self.groups[at])
    }

    pub(super) fn group_position(&self, name: &str) -> Option<usize> {
        self.group_names.position(&self.groups, name)
    }

    pub fn process(&self, id: ProcId) -> Option<&Process> {
        self.processes.get(&id)
    }

    /// The process whose child this is, from its fork until it is reaped.
    pub fn owner(&self, pid: Pid) -> Option<ProcId> {
        self.pids.get(&pid).copied()
    }

    /// All children, of which commands beside processes are some.
    pub fn pids(&self) -> impl Iterator<Item = Pid> {
        self.pids.keys().copied()
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

    /// Whether all processes of a group are stopped.
    pub fn is_stopped(&self, group: &Group) -> bool {
        self.members(group).all(|process| process.state().is_stopped())
    }

    /// Sets whether a client streams events, which enables [`Effect::Publish`].
    pub fn set_publishing(&mut self, wanted: bool, now: Now) {
        if wanted && !self.publishing {
            self.tick(now);
        }
        self.publishing = wanted;
    }

    pub(super) fn is_logged(&self, level: LogLevel) -> bool {
        level >= self.log_level
    }

    /// Queues a line for the activity log.
    pub fn log(&mut self, level: LogLevel, message: String) {
        if self.is_logged(level) {
            self.effects.push_back(Effect::Log { level, message });
        }
    }

    /// The same at debug level; the message is built only if that level is enabled.
    pub(super) fn debug(&mut self, message: impl FnOnce() -> String) {
        if self.is_logged(LogLevel::Debug) {
            self.effects.push_back(Effect::Log { level: LogLevel::Debug, message: message() });
        }
    }

    /// False once a shutdown or restart has begun: no process is started then.
    pub(super) fn may_start(&self) -> bool {
        matches!(self.mood, Mood::Running | Mood::Fatal)
    }

    /// Called after a change.
    pub(super) fn pump(&mut self, now: Now) {
        self.revision += 1;
        self.advance(now);
    }

    /// Advances everything that may proceed: running jobs, and the delivery of events to ready
    /// listeners.
    fn advance(&mut self, now: Now) {
        self.begin_ending(now);
        self.start_satisfied(now);
        self.advance_jobs(now);
        // The last step of a job may have ended the daemon.
        if self.begin_ending(now) {
            self.advance_jobs(now);
        }
        self.enable_drained(now);
        self.start_satisfied(now);
        self.dispatch();
    }

    /// Submits the shutdown job if the mood requires it; returns whether that was now.
    fn begin_ending(&mut self, now: Now) -> bool {
        let is_new = !self.may_start() && !std::mem::replace(&mut self.is_ending, true);
        if is_new {
            self.submit_shutdown(now);
        }
        is_new
    }

    /// A process may have changed: jobs and processes that wait for it are considered again.
    pub(super) fn touch(&mut self, id: ProcId) {
        self.revision += 1;
        self.may_be_satisfied = true;
        self.jobs.touch(id);
    }

    /// Queues an effect.
    pub(super) fn request(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(super) fn insert_process(
        &mut self,
        group: &config::Group,
        process: Arc<config::Process>,
    ) -> ProcId {
        let id = ProcId(self.next_id);
        self.next_id += 1;
        self.processes.insert(Process::new(id, group, process));
        self.look_at_schedule(id);
        id
    }

    pub(super) fn drop_process(&mut self, id: ProcId) {
        self.timers.cancel(id);
        // Its command runs on, within its time limit.
        let limit = self.hooks.get(&id).and_then(Hooks::deadline);
        self.timers.set(id, TimerKind::Hook, limit);
        // The end of its tree is awaited, too.
        let at_once = self.sweeps.contains_key(&id).then_some(Mono(Duration::ZERO));
        self.timers.set(id, TimerKind::Sweep, at_once);
        self.waiting.remove(&id);
        self.leave_autostart(id);
        self.set_drained(id, false);
        self.processes.remove(id);
        self.touch(id);
    }

    /// Names of the groups, lowest priority first; groups of equal priority in order of addition.
    pub(super) fn groups_by_priority(&self) -> Vec<String> {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by_key(|group| group.config.priority);
        groups.into_iter().map(|group| group.name().to_owned()).collect()
    }

    /// All processes: groups by priority, then the processes of each by priority.
    pub fn by_priority(&self) -> Vec<ProcId> {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by_key(|group| group.config.priority);
        groups.into_iter().flat_map(|group| self.members_by_priority(group)).collect()
    }

    /// The processes of a group, lowest priority first; equals in the order of the configuration.
    pub fn members_by_priority(&self, group: &Group) -> Vec<ProcId> {
        let mut members: Vec<&Process> = self.members(group).collect();
        members.sort_by_key(|process| process.config.priority);
        members.into_iter().map(Process::id).collect()
    }
}
