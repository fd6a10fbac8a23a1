//! The probes of the processes: which of them run, what their results mean for the process, and what
//! is shown of them. Without the options of probes nothing here does anything.

use super::effect::{Effect, OutputStream, ProcId};
use super::group::Process;
use super::jobs::{Request, Scope, Task};
use super::notes::NoteKind;
use super::probe::{Probe, ProbeAction};
use super::process_probe::{ProbeStatus, ProcessProbe};
use super::state::ProcessState;
use super::supervisor::Supervisor;
use super::time::{Mono, Now};
use super::timers::TimerKind;
use crate::conf::config::{self, LogLevel};
use crate::conf::probe::{Method, ProbeId, Purpose};

impl Supervisor {
    /// Begins and ends probes after a change of a process: readiness is examined while a child
    /// exists that is not being stopped, liveness once it is RUNNING and ready.
    pub(super) fn adjust_probes(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let is_up = process.is_up();
        if is_up && process.probes.is_empty() {
            let probes = process.config.probes().into_iter();
            process.probes = probes.map(ProcessProbe::new).collect();
        }
        if process.probes.is_empty() {
            return;
        }
        let is_live = process.state() == ProcessState::Running && process.is_ready() != Some(false);
        let mut cancelled = Vec::new();
        for ProcessProbe { id, probe, .. } in &mut process.probes {
            let schedule = process.config.schedule(id.purpose);
            // A liveness probe that has begun goes on when the process is no longer ready.
            let is_wanted = is_up && (id.purpose == Purpose::Ready || is_live || !probe.is_off());
            if is_wanted && probe.is_off() {
                match id.purpose {
                    Purpose::Ready => probe.begin(id.is_passive(), schedule, now.mono),
                    Purpose::Live => begin_liveness(probe, *id, &process.config, now),
                }
            } else if !is_wanted && !probe.is_off() {
                cancelled.extend(probe.end().map(|action| (*id, action)));
            }
        }
        if !is_up {
            for ProcessProbe { id: probe, .. } in &process.probes {
                self.timers.set(id, TimerKind::Probe(*probe), None);
            }
            process.probes.clear();
            process.notified_status = None;
        }
        for (probe, action) in cancelled {
            self.apply_probe_action(id, probe, action, now);
        }
        self.set_timers(id);
    }

    pub(super) fn tick_probe(&mut self, id: ProcId, probe: ProbeId, now: Now) {
        let schedule = self.processes.get(&id).map(|it| it.config.schedule(probe.purpose));
        let Some((found, schedule)) = self.probe_mut(id, probe).zip(schedule) else { return };
        for action in found.probe.tick(schedule, now.mono) {
            self.apply_probe_action(id, probe, action, now);
        }
    }

    /// The answer to [`Effect::Probe`].
    pub(super) fn on_probed(
        &mut self,
        id: ProcId,
        probe: ProbeId,
        number: u64,
        result: Result<(), String>,
        now: Now,
    ) {
        let Some(process) = self.processes.get(&id) else { return };
        let (name, schedule) = (process.full_name(), process.config.schedule(probe.purpose));
        let outcome = result.clone().map_or_else(|error| error, |()| "ok".to_owned());
        self.debug(|| format!("{} of {name}: {outcome}", probe.name()));
        let Some(found) = self.probe_mut(id, probe) else { return };
        let action = found.probe.answer(number, result, schedule, now.mono);
        self.set_timers(id);
        if let Some(action) = action {
            self.apply_probe_action(id, probe, action, now);
        }
    }

    /// The same if the daemon was not able to make the probe: that changes nothing, and is logged once.
    pub(super) fn on_not_probed(
        &mut self,
        id: ProcId,
        probe: ProbeId,
        number: u64,
        why: &str,
        now: Now,
    ) {
        let Some(process) = self.processes.get(&id) else { return };
        let (name, schedule) = (process.full_name(), process.config.schedule(probe.purpose));
        let Some(found) = self.probe_mut(id, probe) else { return };
        let is_news = found.probe.postpone(number, schedule, now.mono);
        self.set_timers(id);
        if is_news {
            let message = format!("{} of {name} is not made: {why}", probe.name());
            self.log(LogLevel::Warn, message);
        }
    }

    /// Output of a process, for the probe that waits for a line.
    pub(super) fn match_output(&mut self, id: ProcId, stream: OutputStream, text: &[u8], now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Some(pattern) = &process.config.ready_log else { return };
        let is_waiting = |it: &&mut ProcessProbe| {
            it.id.method == Method::Log && !it.probe.is_off() && !it.probe.is_up()
        };
        let Some(found) = process.probes.iter_mut().find(is_waiting) else { return };
        let at = usize::from(stream == OutputStream::Stderr);
        if found.lines[at].feed(text, pattern) {
            self.report_line(id, now);
        }
    }

    /// A child has printed the line that its probe waits for.
    pub fn report_ready_line(&mut self, id: ProcId, now: Now) {
        self.report_line(id, now);
        self.pump(now);
    }

    fn report_line(&mut self, id: ProcId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let mut probes = process.probes.iter_mut();
        let Some(found) = probes.find(|it| it.id.method == Method::Log && !it.probe.is_off())
        else {
            return;
        };
        let (probe, action) = (found.id, found.probe.report(Ok(()), now.mono));
        if let Some(action) = action {
            self.apply_probe_action(id, probe, action, now);
        }
    }

    /// After a hand-over: probes that had been requested are requested again.
    pub fn resume_probes(&mut self, now: Now) {
        let ids: Vec<ProcId> = self.processes.ids().collect();
        for id in ids {
            let Some(process) = self.processes.get_mut(&id) else { continue };
            if !process.probes.is_empty() {
                process.probes.iter_mut().for_each(|it| it.probe.repeat(now.mono));
                self.set_timers(id);
            }
        }
    }

    pub(super) fn probe_mut(&mut self, id: ProcId, probe: ProbeId) -> Option<&mut ProcessProbe> {
        self.processes.get_mut(&id)?.probes.iter_mut().find(|it| it.id == probe)
    }

    pub(super) fn apply_probe_action(
        &mut self,
        id: ProcId,
        probe: ProbeId,
        action: ProbeAction,
        now: Now,
    ) {
        match (action, probe.purpose) {
            (ProbeAction::Request(number), _) => {
                self.request(Effect::Probe { id, probe, number });
            }
            (ProbeAction::Cancel(number), _) => {
                self.request(Effect::CancelProbe { id, probe, number });
            }
            (ProbeAction::Up | ProbeAction::Down, Purpose::Ready) => {
                self.report_readiness(id, action == ProbeAction::Up, now);
            }
            (ProbeAction::Down, Purpose::Live) => self.restart_silent(id, probe, now),
            (ProbeAction::Up, Purpose::Live) => {}
        }
    }

    /// A readiness probe came up or went down.
    fn report_readiness(&mut self, id: ProcId, came_up: bool, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let name = process.full_name();
        if process.is_ready() == Some(true) {
            process.milestones.ready.get_or_insert(now.mono);
        }
        match (came_up, process.is_ready()) {
            (true, Some(true)) => {
                self.log(LogLevel::Info, format!("ready: {name}"));
                self.note(id, NoteKind::Ready, now);
            }
            (false, _) => {
                let why = process.not_ready_text(now.mono).unwrap_or_default();
                self.log(LogLevel::Warn, format!("not ready: {name} ({why})"));
                self.note(id, NoteKind::NotReady(why), now);
            }
            _ => {}
        }
        self.touch(id);
        self.adjust_probes(id, now);
    }

    /// Restarts a process that does not answer, unless a job is changing it.
    fn restart_silent(&mut self, id: ProcId, probe: ProbeId, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let (name, why) = (process.full_name(), process.probe_text(probe, now.mono));
        let refusal = if let Some(is_disabled) = self.disabled_reason(id) {
            // It would be stopped, and the start that follows refused.
            Some(format!("{name} is not restarted: {why}; it {is_disabled}"))
        } else {
            self.log(LogLevel::Warn, format!("{name} is restarted: {why}"));
            self.note(id, NoteKind::NotLive(why), now);
            let (requester, task) = (probe.name().to_owned(), Task::Restart(Scope::One(id)));
            let request = Request { requester, target: name, task };
            self.submit(request, now).err().map(|conflict| conflict.to_string())
        };
        if let Some(refusal) = refusal {
            self.log(LogLevel::Warn, refusal);
            self.examine_again(id, probe, now);
        }
    }

    /// A liveness probe that has failed begins again, whether or not its process is ready.
    fn examine_again(&mut self, id: ProcId, probe: ProbeId, now: Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Some(found) = process.probes.iter_mut().find(|it| it.id == probe) else { return };
        found.probe.end();
        begin_liveness(&mut found.probe, probe, &process.config, now);
        self.set_timers(id);
    }
}

fn begin_liveness(probe: &mut Probe, id: ProbeId, config: &config::Process, now: Now) {
    match config.watchdog() {
        Some(limit) if id.is_passive() => probe.begin_watch(limit, now.mono),
        _ => probe.begin_up(config.schedule(Purpose::Live), now.mono),
    }
}

impl Process {
    /// Whether its child exists and is not being stopped.
    fn is_up(&self) -> bool {
        let is_up = matches!(self.state(), ProcessState::Starting | ProcessState::Running);
        is_up && self.pid().is_some()
    }

    /// Whether all its readiness probes succeed; `None` if it has none.
    pub fn is_ready(&self) -> Option<bool> {
        let mut probes = self.probes.iter().filter(|it| it.is_ready_probe()).peekable();
        if probes.peek().is_none() {
            // Before its child exists there are no probes yet.
            return self.config.has_readiness_probe().then_some(false);
        }
        Some(probes.all(|it| it.probe.is_up()))
    }

    /// `ready_tcp 127.0.0.1:8100, refused for 12 s`; nothing if it is ready or not up.
    pub fn not_ready_text(&self, now: Mono) -> Option<String> {
        let mut probes = self.probes.iter().filter(|it| it.is_ready_probe());
        let failing = probes.find(|it| !it.probe.is_up()).filter(|_| self.is_up())?;
        Some(self.probe_text(failing.id, now))
    }

    fn probe_text(&self, id: ProbeId, now: Mono) -> String {
        let target = self.config.probe_target(id).unwrap_or_default();
        let name = format!("{} {target}", id.name());
        let failure = self.probes.iter().find(|it| it.id == id).and_then(|it| it.probe.failure());
        let how = match failure {
            // One report has decided, or the missing one.
            Some((error, _)) if id.is_passive() && id.purpose == Purpose::Live => error.to_owned(),
            Some((error, since)) => format!("{error} for {} s", now.since(since).as_secs()),
            None if id.is_passive() => "not seen yet".to_owned(),
            None => "not answered yet".to_owned(),
        };
        format!("{}, {how}", name.trim_end())
    }

    /// What is known of each of its probes.
    pub fn probes(&self) -> Vec<ProbeStatus> {
        let status = |it: &ProcessProbe| ProbeStatus {
            id: it.id,
            target: self.config.probe_target(it.id).unwrap_or_default(),
            is_up: it.probe.is_up(),
            error: it.probe.failure().map_or_else(String::new, |(error, _)| error.to_owned()),
        };
        self.probes.iter().map(status).collect()
    }

    /// The `STATUS=` that it sent last.
    pub fn notified_status(&self) -> Option<&str> {
        self.notified_status.as_deref()
    }
}
