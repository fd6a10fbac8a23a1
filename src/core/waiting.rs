//! Processes that wait until what they depend on is up. A waiting process keeps the phase that it
//! has; when every dependency is met, it is started. Without `depends_on` nothing here does anything.

use std::collections::BTreeSet;

use super::dependencies::{Dependencies, Edge};
use super::effect::{ProcId, WaitStatus};
use super::exit_report::Requester;
use super::group::Process;
use super::jobs::Job;
use super::milestones::Milestones;
use super::process::ProcessEvent;
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::{Mono, Now};
use crate::conf::config::LogLevel;
use crate::conf::dependency::{Condition, Dependency};

/// How the description of a waiting process begins.
pub const WAITS_FOR: &str = "waits for ";

/// How far a dependency is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Progress {
    Met,
    /// It may still be met without a request.
    Pending(String),
    /// Only a request can change that.
    Failed(String),
}

/// One dependency of a process and whether it is met now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyStatus {
    /// The number of the `any(...)` in which it is written, of which one dependency suffices.
    pub any: Option<usize>,
    /// As it is written.
    pub name: String,
    pub condition: Condition,
    pub is_met: bool,
    /// The full names of the processes that it means.
    pub processes: Vec<String>,
}

impl Supervisor {
    /// Resolves the names in `depends_on` again, after a change of the active processes.
    pub(super) fn relink(&mut self) {
        let has_any = self.processes.values().any(|it| !it.config.depends_on.is_empty());
        if has_any || !self.dependencies.is_empty() {
            self.dependencies = Dependencies::of(&self.groups, &self.processes);
            self.may_be_satisfied = true;
        }
    }

    /// Starts a process, or lets it wait for what it depends on, which is started first.
    pub(super) fn start_or_wait(&mut self, id: ProcId, now: Now) {
        let may_wait = self.processes.get(&id).is_some_and(Self::may_wait);
        if may_wait && self.is_disabled(id) {
            return;
        }
        if !may_wait || !self.may_start() || self.is_satisfied(id) {
            self.leave_autostart(id);
            if !self.waiting.remove(&id) && may_wait {
                self.request_milestones(id, now);
            }
            return self.step(id, ProcessEvent::Start, now);
        }
        self.leave_autostart(id);
        let is_new = self.waiting.insert(id);
        self.may_be_satisfied = true;
        if is_new {
            self.request_milestones(id, now);
        }
        let edges = self.dependencies.of_process(id).iter();
        let needed = edges.filter(|edge| self.has_to_be_started(edge)).flat_map(Edge::targets);
        for on in needed.map(|(on, _)| on).collect::<Vec<_>>() {
            let process = self.processes.get(&on);
            if process.is_some_and(|it| it.machine.is_inactive()) && !self.waiting.contains(&on) {
                self.start_or_wait(on, now);
            }
        }
        if let Some(reason) = self.waiting_reason(id, now.mono).filter(|_| is_new) {
            let name = self.processes.get(&id).map_or_else(String::new, Process::full_name);
            self.log(LogLevel::Info, format!("{name} {reason}"));
        }
    }

    /// A start is requested: its moments are recorded anew.
    fn request_milestones(&mut self, id: ProcId, now: Now) {
        if let Some(process) = self.processes.get_mut(&id) {
            process.milestones = Milestones::of(now.mono);
        }
    }

    /// Starts the waiting processes whose dependencies are met, in the order of their priorities.
    pub(super) fn start_satisfied(&mut self, now: Now) {
        if !std::mem::take(&mut self.may_be_satisfied) || self.waiting.is_empty() {
            return;
        }
        // A job that is cancelled leaves running what it would have stopped.
        let has_held_stops = self.held_stops().next().is_some();
        self.may_be_satisfied = has_held_stops;
        self.touch_waiting();
        if !self.may_start() {
            return;
        }
        let start = |id: ProcId| {
            let process = self.processes.get(&id).filter(|_| self.waiting.contains(&id))?;
            let event = Self::start_event(process)?;
            self.is_satisfied(id).then_some((id, event))
        };
        let ready: Vec<(ProcId, ProcessEvent)> =
            if self.waiting.iter().any(|id| start(*id).is_some()) {
                self.by_priority().into_iter().filter_map(start).collect()
            } else {
                Vec::new()
            };
        for (id, event) in ready {
            self.waiting.remove(&id);
            self.step(id, event, now);
        }
    }

    /// Whether a process is started as soon as what it depends on is up, or as it is its turn.
    pub fn is_waiting(&self, id: ProcId) -> bool {
        self.waiting.contains(&id) || self.autostarts.contains(&id)
    }

    /// Jobs that wait for a waiting process look again: its dependency may have failed.
    fn touch_waiting(&mut self) {
        for id in &self.waiting {
            self.jobs.touch(*id);
        }
    }

    /// Gives up waiting; false if the process does not wait.
    pub(super) fn cancel_waiting(&mut self, id: ProcId) -> bool {
        let did_wait = self.waiting.remove(&id) | self.leave_autostart(id);
        if did_wait {
            self.touch(id);
        }
        did_wait
    }

    /// Why a waiting process is not started, as `waits for a: STARTING; b: FATAL`.
    pub fn waiting_reason(&self, id: ProcId, now: Mono) -> Option<String> {
        let is_down = self.processes.get(&id).is_some_and(|it| it.pid().is_none());
        if !self.waiting.contains(&id) || !is_down {
            return None;
        }
        let edges = self.dependencies.of_process(id).iter();
        let reasons: Vec<String> = edges.flat_map(|edge| self.unmet(edge, now)).collect();
        (!reasons.is_empty()).then(|| format!("{WAITS_FOR}{}", reasons.join("; ")))
    }

    /// Why a waiting process will not be started without a request, if that is so.
    pub fn failed_dependency(&self, id: ProcId) -> Option<String> {
        // A failure has no duration.
        let now = Mono::default();
        let edges = self.dependencies.of_process(id).iter();
        edges
            .filter_map(|edge| self.failure(edge, now))
            .map(|why| format!("{WAITS_FOR}{why}"))
            .next()
    }

    /// What a process depends on.
    pub fn dependencies_of(&self, id: ProcId) -> Vec<DependencyStatus> {
        let mut number = 0;
        let edges = self.dependencies.of_process(id).iter();
        let status = edges.flat_map(|edge| {
            let is_any = edge.requirement.is_any();
            number += usize::from(is_any);
            let any = is_any.then_some(number);
            edge.parts().map(move |(dependency, on)| DependencyStatus {
                any,
                name: dependency.name.clone(),
                condition: dependency.condition,
                is_met: self.is_part_met(dependency, on, is_any),
                processes: self.names_of(on),
            })
        });
        status.collect()
    }

    fn is_part_met(&self, dependency: &Dependency, on: &[ProcId], is_any: bool) -> bool {
        let progress = self.progress(dependency, on, Mono::default());
        let mut is_met = progress.iter().map(|(_, progress)| *progress == Progress::Met);
        if is_any { is_met.any(|it| it) } else { is_met.all(|it| it) }
    }

    fn names_of(&self, ids: &[ProcId]) -> Vec<String> {
        ids.iter().filter_map(|id| self.processes.get(id)).map(Process::full_name).collect()
    }

    /// The processes that depend on one and are not down.
    pub(super) fn live_dependants(&self, id: ProcId) -> Vec<ProcId> {
        let is_alive =
            |id: &ProcId| self.processes.get(id).is_some_and(|it| !it.state().is_stopped());
        self.dependencies.dependants(id).filter(is_alive).collect()
    }

    /// Stops what depends on a process that has terminated and has `depends_restart`. It is started
    /// again when its dependencies are met.
    pub(super) fn restart_dependants(&mut self, id: ProcId, now: Now) {
        if !self.may_start() {
            return;
        }
        for dependant in self.live_dependants(id) {
            let Some(process) = self.processes.get(&dependant) else { continue };
            if !process.is_active() || !self.follows(dependant, id, &[id]) {
                continue;
            }
            let (name, on) = (process.full_name(), self.names_of(&[id]).join(""));
            self.log(LogLevel::Info, format!("{name} is restarted because {on} has terminated"));
            let requester = Requester::Dependency(on);
            if self.act_for(requester, |it| it.request_stop(dependant, now)).is_ok() {
                self.wait_again(dependant, now);
            }
        }
    }

    /// A process that is being stopped, or was, is started again when its dependencies are met.
    pub(super) fn wait_again(&mut self, id: ProcId, now: Now) {
        if self.processes.get(&id).is_none_or(Process::is_active) || self.is_disabled(id) {
            return;
        }
        self.waiting.insert(id);
        self.may_be_satisfied = true;
        self.request_milestones(id, now);
    }

    /// The processes with `depends_restart` that depend on some of `ids`, directly or through each
    /// other, and run: they are stopped first.
    pub(super) fn followers(&self, ids: &[ProcId]) -> BTreeSet<ProcId> {
        let mut found = BTreeSet::new();
        let mut pending = ids.to_vec();
        while let Some(id) = pending.pop() {
            let gone: Vec<ProcId> = ids.iter().chain(&found).copied().collect();
            for dependant in self.live_dependants(id) {
                if !ids.contains(&dependant)
                    && self.follows(dependant, id, &gone)
                    && found.insert(dependant)
                {
                    pending.push(dependant);
                }
            }
        }
        found
    }

    /// Whether a process is restarted when some of `gone` end, of which `id` is one. A disabled one is
    /// left as it is: it would be stopped, and not started again.
    fn follows(&self, dependant: ProcId, id: ProcId, gone: &[ProcId]) -> bool {
        let is_asked = self.processes.get(&dependant).is_some_and(|it| it.config.depends_restart);
        is_asked
            && !self.is_disabled(dependant)
            && self
                .dependencies
                .of_process(dependant)
                .iter()
                .any(|edge| self.has_lost(edge, id, gone))
    }

    /// Whether a requirement is no longer met when some of `gone` end, of which `id` is one.
    fn has_lost(&self, edge: &Edge, id: ProcId, gone: &[ProcId]) -> bool {
        let needs =
            |(on, condition): (ProcId, Condition)| on == id && condition != Condition::Completed;
        let is_left = |(on, condition): (ProcId, Condition)| {
            let process = self.processes.get(&on).filter(|_| !gone.contains(&on));
            process
                .is_some_and(|it| self.progress_of(it, condition, Mono::default()) == Progress::Met)
        };
        edge.targets().any(needs) && !(edge.requirement.is_any() && edge.targets().any(is_left))
    }

    pub(super) fn is_satisfied(&self, id: ProcId) -> bool {
        self.dependencies.of_process(id).iter().all(|edge| self.is_met(edge))
    }

    fn is_met(&self, edge: &Edge) -> bool {
        let is_any = edge.requirement.is_any();
        let mut parts = edge.parts().map(|(it, on)| self.is_part_met(it, on, is_any));
        if is_any { parts.any(|it| it) } else { parts.all(|it| it) }
    }

    /// Whether what a requirement means is started with the process that has it. Of several of which
    /// one suffices, that is all of them, unless one is coming up.
    fn has_to_be_started(&self, edge: &Edge) -> bool {
        let is_pending =
            |(_, progress): &(String, Progress)| matches!(progress, Progress::Pending(_));
        let mut progress = self.progress_of_all(edge, Mono::default()).into_iter();
        let is_coming_up = edge.requirement.is_any() && progress.any(|it| is_pending(&it));
        !self.is_met(edge) && !is_coming_up
    }

    /// What is not met yet, one text for each process; for several of which one suffices a single one.
    fn unmet(&self, edge: &Edge, now: Mono) -> Vec<String> {
        if self.is_met(edge) {
            return Vec::new();
        }
        let progress = self.progress_of_all(edge, now);
        if edge.requirement.is_any() {
            return vec![any_of(&progress)];
        }
        let unmet = progress.into_iter().filter_map(|(name, progress)| match progress {
            Progress::Met => None,
            Progress::Pending(why) | Progress::Failed(why) => Some(format!("{name}: {why}")),
        });
        unmet.collect()
    }

    /// Why a requirement will not be met without a request, if that is so.
    fn failure(&self, edge: &Edge, now: Mono) -> Option<String> {
        let progress = self.progress_of_all(edge, now);
        let is_failed = |it: &(String, Progress)| matches!(it.1, Progress::Failed(_));
        if edge.requirement.is_any() {
            return progress.iter().all(is_failed).then(|| any_of(&progress));
        }
        progress.into_iter().find_map(|(name, progress)| match progress {
            Progress::Failed(why) => Some(format!("{name}: {why}")),
            Progress::Met | Progress::Pending(_) => None,
        })
    }

    fn progress_of_all(&self, edge: &Edge, now: Mono) -> Vec<(String, Progress)> {
        edge.parts().flat_map(|(it, on)| self.progress(it, on, now)).collect()
    }

    /// The progress of each process that a dependency means.
    fn progress(&self, on: &Dependency, ids: &[ProcId], now: Mono) -> Vec<(String, Progress)> {
        let processes = ids.iter().filter_map(|id| self.processes.get(id));
        let all: Vec<(String, Progress)> = processes
            .map(|process| (process.full_name(), self.progress_of(process, on.condition, now)))
            .collect();
        if all.is_empty() {
            return vec![(on.name.clone(), Progress::Failed("not active".to_owned()))];
        }
        all
    }

    fn progress_of(&self, process: &Process, condition: Condition, now: Mono) -> Progress {
        let is_met = match condition {
            Condition::Running => process.state() == ProcessState::Running,
            Condition::Completed => process.has_completed(),
            Condition::Ready => {
                process.is_ready().unwrap_or(process.state() == ProcessState::Running)
            }
        };
        if is_met
            && condition != Condition::Completed
            && self.held_stops().any(|id| *id == process.id)
        {
            return Progress::Pending("is about to be stopped".to_owned());
        }
        if is_met {
            return Progress::Met;
        }
        if self.waiting.contains(&process.id) {
            let failed = self.failed_dependency(process.id).is_some();
            let why = format!("{}, {WAITS_FOR}{}", process.state(), self.awaited_names(process.id));
            return if failed { Progress::Failed(why) } else { Progress::Pending(why) };
        }
        let why = process.progress_text(condition, now);
        if self.is_disabled(process.id) {
            return Progress::Failed(format!("{why}, disabled"));
        }
        if process.machine.is_inactive() || process.state() == ProcessState::Unknown {
            Progress::Failed(why)
        } else {
            Progress::Pending(why)
        }
    }

    /// What jobs stop when what depends on it is down.
    fn held_stops(&self) -> impl Iterator<Item = &ProcId> {
        self.jobs.running.values().filter_map(Job::stops).flat_map(|members| &members.held)
    }

    /// The names of what a process waits for: `zeoserver, initdb`.
    fn awaited_names(&self, id: ProcId) -> String {
        let edges = self.dependencies.of_process(id).iter().filter(|edge| !self.is_met(edge));
        let name = |(dependency, on): (&Dependency, &[ProcId])| match on {
            [] => vec![dependency.name.clone()],
            on => self.names_of(on),
        };
        let names = edges.map(|edge| {
            let names: Vec<String> = edge.parts().flat_map(name).collect();
            let any = if edge.requirement.is_any() { "any of " } else { "" };
            format!("{any}{}", names.join(", "))
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// `any of a (STARTING), b (FATAL, Exited too quickly)`
fn any_of(progress: &[(String, Progress)]) -> String {
    let texts = progress.iter().map(|(name, progress)| match progress {
        Progress::Met => name.clone(),
        Progress::Pending(why) | Progress::Failed(why) => format!("{name} ({why})"),
    });
    format!("any of {}", texts.collect::<Vec<_>>().join(", "))
}

impl Process {
    /// Whether it ended by itself, as the configuration expects.
    pub fn has_completed(&self) -> bool {
        let ended_well = self
            .last_exit
            .is_some_and(|exit| exit.is_expected && matches!(exit.status, WaitStatus::Exited(_)));
        self.state() == ProcessState::Exited && ended_well
    }

    /// `FATAL, Exited too quickly`, `EXITED, exit status 3`
    pub(super) fn progress_text(&self, condition: Condition, now: Mono) -> String {
        if let Some(why) = self.not_ready_text(now).filter(|_| condition == Condition::Ready) {
            return why;
        }
        let state = self.state();
        let more = match (state, condition) {
            (ProcessState::Backoff | ProcessState::Fatal, _) => self
                .spawnerr
                .as_deref()
                .map(|error| error.split(" (process log").next().unwrap_or(error).to_owned()),
            (ProcessState::Exited, _) => self.last_exit.map(|exit| exit.description()),
            (ProcessState::Running, Condition::Completed) => Some("not completed".to_owned()),
            _ => None,
        };
        more.map_or_else(|| state.to_string(), |more| format!("{state}, {more}"))
    }
}
