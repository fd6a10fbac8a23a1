//! Owns the daemon's descriptors, pids and logs. Performs the effects of the core in order and
//! feeds the outcomes back; makes no decisions.

use std::os::fd::BorrowedFd;

use super::descriptors::Purpose;
use super::exchanges::Exchanges;
use super::fastcgi::Sockets;
use super::history_file::{HistoryFile, Remark};
use super::host_names::HostNames;
use super::keeping::journal::Entry;
use super::keeping::kill::Kill;
use super::kernel::Kernel;
use super::logs::Logs;
use super::notify_sockets::NotifySockets;
use super::oom_watch::OomWatch;
use super::pipes::{Chunk, Pipes, StdinError};
use super::probes::{Key, Probes};
use super::sampler::Sampler;
use super::state_file;
use super::trees::Trees;
use super::upgrade::checking::Checking;
use crate::conf::config::{Bind, Config, FcgiAddress, GroupKind, InetServer, LogLevel, UnixServer};
use crate::conf::signals::Signal;
use crate::core::effect::{Effect, Input, OutputStream, Pid, ProcId, WaitStatus};
use crate::core::exit_report::{ExitReport, OomKill, Usage};
use crate::core::group::Process;
use crate::core::jobs::JobId;
use crate::core::resources::Resources;
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};
use crate::os::errno;
use crate::os::poller::Poller;
use crate::os::wait::{ChildStatus, EndedChild};

pub struct Shell<'k> {
    pub(super) kernel: &'k mut dyn Kernel,
    pub poller: Poller,
    pub logs: Logs,
    pub(super) pipes: Pipes,
    /// Those of the commands that run beside programs.
    pub(super) hook_pipes: Pipes,
    pub(super) sockets: Sockets,
    pub(super) probes: Probes,
    pub(super) trees: Trees,
    pub(super) exchanges: Exchanges,
    pub(super) notify_sockets: NotifySockets,
    pub(super) names: HostNames,
    oom: OomWatch,
    pub(super) history: HistoryFile,
    /// The program that is asked whether it can continue this daemon.
    pub(super) checking: Option<Checking>,
    /// The upgrade that is due, and since when.
    pub(super) replacement: Option<(JobId, Mono)>,
    pub(super) sampler: Sampler,
    /// A child that was forked and that the core does not know yet.
    pub(super) unclaimed: Option<(ProcId, Pid)>,
    /// With a keeper: the signals that are sent when the state was saved.
    pub(super) kills: Vec<Kill>,
    /// While a daemon continues: what was written and shown already is not written again.
    pub(super) is_silent: bool,
    /// The value of `SUPERVISOR_SERVER_URL` for children.
    pub(super) server_url: Option<String>,
}

/// Why the logs or socket of a group could not be created. At startup such a failure is fatal, as
/// in Supervisor.
pub type Failures = Vec<String>;

impl<'k> Shell<'k> {
    pub fn new(
        kernel: &'k mut dyn Kernel,
        poller: Poller,
        logs: Logs,
        server_url: Option<String>,
    ) -> Self {
        let began = kernel.now().wall;
        let (mut pipes, mut hook_pipes) = (Pipes::default(), Pipes::of_hooks());
        if kernel.link().is_some() {
            pipes.defer_writes();
            hook_pipes.defer_writes();
        }
        Self {
            kernel,
            poller,
            logs,
            pipes,
            hook_pipes,
            sockets: Sockets::default(),
            probes: Probes::default(),
            trees: Trees::default(),
            exchanges: Exchanges::default(),
            notify_sockets: NotifySockets::default(),
            names: HostNames::default(),
            oom: OomWatch::begin(),
            history: HistoryFile::default(),
            checking: None,
            replacement: None,
            sampler: Sampler::new(Resources::default(), began),
            unclaimed: None,
            kills: Vec::new(),
            is_silent: false,
            server_url,
        }
    }

    /// Writes the history if that is due.
    pub(super) fn keep_history(&mut self, core: &Supervisor, now: Now) {
        let remark = self.history.write_due(core.history(), now.mono);
        self.remark(remark);
    }

    /// Writes the history at the end of the daemon.
    pub(super) fn finish_history(&mut self, core: &Supervisor, now: Now) {
        let remark = self.history.finish(core.history(), now.mono);
        self.remark(remark);
    }

    pub(super) fn remark(&mut self, remark: Option<Remark>) {
        if let Some((level, message)) = remark {
            self.logs.log(level, &message);
        }
    }

    pub(super) fn critical(&mut self, message: &str) {
        self.logs.log(LogLevel::Critical, message);
    }

    /// What another daemon needs if this one is killed.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = (Purpose, BorrowedFd<'_>)> {
        let pipes = self.pipes.descriptors(Purpose::Output);
        let pipes = pipes.chain(self.hook_pipes.descriptors(Purpose::HookOutput));
        pipes.chain(self.notify_sockets.descriptors()).chain(self.sockets.descriptors())
    }

    /// Performs one effect. A failure is logged or fed back to the core.
    pub fn perform(&mut self, effect: Effect, core: &mut Supervisor, now: Now) {
        match effect {
            Effect::Log { .. } | Effect::Relay { .. } if self.is_silent => {}
            Effect::Spawn { id } => self.spawn(id, core, now),
            Effect::CheckCommand { id } => {
                let process = core.process(id);
                let usable = process.is_some_and(|it| self.kernel.resolve(it.config()).is_ok());
                core.take(Input::CommandChecked { id, usable }, now);
            }
            Effect::Kill { id, pid, signal, group } => {
                self.kill(Kill { id, pid, signal, group }, core, now);
            }
            Effect::SignalMain { id, main, signal } => self.signal_main(id, main, signal, core),
            Effect::ClosePipes { id } => self.close(id, core),
            Effect::Sweep { id, target } => self.sweep(id, &target, core, now),
            Effect::RunHook { id, hook, ended } => self.run_hook(id, hook, ended, core, now),
            Effect::KillHook { pid } => self.kill_hook(pid, core),
            Effect::HookEnded { id } => self.end_hook(id, core),
            Effect::Release { id } => {
                if let Some(process) = core.process(id) {
                    self.sockets.release(process.group(), id, &mut self.logs.activity);
                }
            }
            Effect::Probe { id, probe, number } => {
                self.begin_probe(Key { id, probe, number }, core, now);
            }
            Effect::CancelProbe { id, probe, number } => {
                self.cancel_probe(Key { id, probe, number });
            }
            Effect::Exchange { id, exchange } => self.begin_exchange(id, exchange, core, now),
            Effect::SaveState => self.save_state(core),
            Effect::CancelExchange { id } => self.cancel_exchange(id),
            Effect::MeasureMemory { id, pid, limit } => {
                let bytes = self.kernel.memory(pid.0, limit);
                core.take(Input::MemoryMeasured { id, pid, bytes }, now);
            }
            Effect::Stdin { id, bytes } => {
                let outcome = self.pipes.write_stdin(&mut self.poller, id, &bytes);
                self.on_stdin_result(id, outcome, core, now);
            }
            Effect::ChildLog { id, stream, bytes } => self.write_log(id, stream, &bytes),
            Effect::Log { level, message } => self.logs.log(level, &message),
            Effect::ReopenLogs => {
                self.logs.log(LogLevel::Info, "supervisord logreopen");
                self.logs.reopen();
            }
            Effect::GroupAdded { name } => {
                for problem in self.prepare_group(&name, core) {
                    self.critical(&problem);
                }
            }
            Effect::GroupRemoved { name, ids } => {
                self.sockets.remove(&name, &mut self.logs.activity);
                for id in ids {
                    self.logs.forget(id);
                }
            }
            Effect::ProcessRemoved { id } => self.logs.forget(id),
            Effect::Relay { stream, bytes } => self.logs.relay(stream, &bytes),
            // Handled by the event loop.
            Effect::Publish { .. }
            | Effect::Exit { .. }
            | Effect::CheckUpgrade { .. }
            | Effect::Upgrade { .. } => {}
        }
    }

    fn save_state(&mut self, core: &Supervisor) {
        let settings = &core.config().supervisord;
        if let Err(error) = state_file::save(settings, &core.lasting()) {
            let message = format!("a daemon after this one may not know what is drained: {error}");
            self.logs.log(LogLevel::Warn, &message);
        }
    }

    /// Creates the automatic logs and the socket of a group that was added.
    pub fn prepare_group(&mut self, name: &str, core: &Supervisor) -> Failures {
        let mut failures = Failures::new();
        let Some(group) = core.group(name) else { return failures };
        self.logs.name_automatic(&core.config().supervisord);
        for process in core.members(group) {
            if let Err(error) = self.logs.resolve_log_paths(process.id(), process.config()) {
                failures.push(format!("could not create a log for {}: {error}", process.name()));
            }
        }
        if let GroupKind::FastCgi(socket) = &group.config().kind {
            let log = &mut self.logs.activity;
            if !core.is_started() && is_address_of_server(&socket.address, core.config()) {
                self.sockets.add_beside_server(name, socket, log);
            } else {
                failures.extend(self.sockets.add(name, socket, log).err());
            }
        }
        failures
    }

    fn spawn(&mut self, id: ProcId, core: &mut Supervisor, now: Now) {
        let Some(process) = core.process(id) else { return };
        match self.launch(process) {
            Ok(launched) => {
                core.take(Input::Spawned { id, pid: launched.pid }, now);
                self.unclaimed = None;
                if launched.without_stdin {
                    core.take(Input::StdinClosed { id }, now);
                }
            }
            Err(error) => core.take(Input::SpawnFailed { id, error }, now),
        }
    }

    /// Writes to the log of a stream. With a keeper the journal has how far.
    fn write_log(&mut self, id: ProcId, stream: OutputStream, bytes: &[u8]) {
        let Some(link) = self.kernel.link() else { return self.logs.write(id, stream, bytes) };
        let unwritten = link.unwritten((id, stream), bytes);
        self.logs.count(id, stream, bytes.len() - unwritten.len());
        if !unwritten.is_empty() {
            link.begin_write((id, stream), self.logs.place(id, stream), unwritten.len());
            self.logs.write(id, stream, unwritten);
            link.end_write();
        }
    }

    fn kill(&mut self, kill: Kill, core: &mut Supervisor, now: Now) {
        if self.kernel.link().is_some() {
            self.kills.push(kill);
        } else {
            self.send_kill(kill, core, now);
        }
    }

    pub(super) fn send_kill(&mut self, kill: Kill, core: &mut Supervisor, now: Now) {
        let Kill { id, pid, signal, group } = kill;
        // A pid that was reaped may have been reused.
        if core.owner(pid) != Some(id) {
            return;
        }
        let Err(error) = self.kernel.kill(pid.0, signal.0, group) else { return };
        if errno::describe(&error) == "ESRCH" {
            let name = core.process(id).map_or("a process", Process::name);
            let (pid, error) = (pid.0, errno::python_format(&error));
            let message = format!(
                "unable to signal {name} (pid {pid}), it probably just exited on its own: {error}"
            );
            self.logs.log(LogLevel::Debug, &message);
        } else {
            core.take(Input::KillFailed { id, error: errno::python_format(&error) }, now);
        }
    }

    fn close(&mut self, id: ProcId, core: &Supervisor) {
        self.pipes.close(&mut self.poller, id);
        self.notify_sockets.close(&mut self.poller, id);
        if !core.has_hook(id) {
            self.logs.close(id);
        }
    }

    pub(super) fn on_stdin_result(
        &mut self,
        id: ProcId,
        outcome: Result<(), StdinError>,
        core: &mut Supervisor,
        now: Now,
    ) {
        match outcome {
            Ok(()) => {}
            Err(StdinError::Closed) => core.take(Input::StdinClosed { id }, now),
            Err(StdinError::BufferFull) => {
                let name = core.process(id).map_or("a process", Process::name);
                self.logs.log(
                    LogLevel::Error,
                    &format!("{name} does not read its stdin; the data is discarded"),
                );
            }
        }
    }

    /// A child closed its stdin, possibly in the middle of a write. A listener stays usable: it may
    /// still answer the event that it has read.
    pub fn on_stdin_hangup(&mut self, id: ProcId, core: &mut Supervisor, now: Now) {
        self.pipes.close_stdin(&mut self.poller, id);
        if core.process(id).is_some_and(|process| process.listener().is_none()) {
            core.take(Input::StdinClosed { id }, now);
        }
    }

    /// The stdin of a child is writable again.
    pub fn flush(&mut self, id: ProcId, core: &mut Supervisor, now: Now) {
        if self.pipes.flush(&mut self.poller, self.kernel.link(), id).is_err() {
            self.on_stdin_hangup(id, core, now);
        }
    }

    /// The output pipe of a child is readable or closed.
    pub fn read(&mut self, id: ProcId, stream: OutputStream, core: &mut Supervisor, now: Now) {
        let fd_number = self.pipes.fd_number(id, stream);
        let chunk = self.pipes.read(&mut self.poller, &mut *self.kernel, (id, stream), now);
        self.deliver_chunk(id, stream, chunk, fd_number, core, now);
    }

    fn deliver_chunk(
        &mut self,
        id: ProcId,
        stream: OutputStream,
        chunk: Chunk,
        fd_number: Option<i32>,
        core: &mut Supervisor,
        now: Now,
    ) {
        match chunk {
            Chunk::Nothing => {}
            Chunk::Bytes(bytes) => core.take(Input::Output { id, stream, bytes }, now),
            Chunk::End => {
                if let (Some(process), Some(fd_number)) = (core.process(id), fd_number) {
                    self.logs
                        .log(LogLevel::Debug, &stream_closed_message(process, stream, fd_number));
                }
                core.take(Input::OutputClosed { id, stream }, now);
            }
        }
    }

    /// Reaps one child: delivers its remaining output, then its termination. False if there is
    /// none.
    pub fn reap(&mut self, core: &mut Supervisor, now: Now) -> bool {
        let EndedChild { pid, status: ended, usage } = match self.kernel.reap() {
            Ok(Some(ended)) => ended,
            Ok(None) => return false,
            Err(error) => {
                self.critical(&format!(
                    "waitpid error {error}; a process may not be cleaned up properly"
                ));
                return false;
            }
        };
        let status = match ended {
            ChildStatus::Exited(code) => WaitStatus::Exited(code),
            ChildStatus::Signaled { signal, core_dumped } => {
                WaitStatus::Signaled { signal, core_dumped }
            }
        };
        if self.on_probe_reaped(pid, status, core, now)
            || self.on_exchange_reaped(pid, status, core, now)
            || self.on_lookup_reaped(pid, status, core, now)
            || self.on_check_reaped(pid, status, core, now)
        {
            self.kernel.collect(pid);
            return true;
        }
        let pid = Pid(pid);
        if self.is_stranger(pid, core) {
            self.kernel.collect(pid.0);
            return true;
        }
        if let Some(id) = core.hook_owner(pid) {
            self.drain_hook(id, core, now);
        } else if let Some(id) = core.owner(pid) {
            for stream in OutputStream::BOTH {
                let fd_number = self.pipes.fd_number(id, stream);
                let kernel = &mut *self.kernel;
                for chunk in self.pipes.drain(&mut self.poller, kernel, (id, stream), now) {
                    self.deliver_chunk(id, stream, chunk, fd_number, core, now);
                }
            }
        }
        if self.follow_main(pid, status, core, now) {
            self.kernel.collect(pid.0);
            return true;
        }
        let oom = self.examine_kill(pid, status, core);
        let usage =
            Usage { peak_memory: usage.peak_memory, user: usage.user, system: usage.system };
        let report = ExitReport { usage: Some(usage), oom };
        if let Some(link) = self.kernel.link() {
            link.note(&Entry::Reaped { pid, status, report, now }, 0);
        }
        self.kernel.collect(pid.0);
        core.take(Input::Reaped { pid, status, report }, now);
        true
    }

    /// Whether the keeper has adopted this process and its end concerns no program.
    fn is_stranger(&mut self, pid: Pid, core: &Supervisor) -> bool {
        let is_known = core.owner(pid).is_some() || core.hook_owner(pid).is_some();
        let ended = self.kernel.link().and_then(|link| link.ended());
        !is_known && ended.is_some_and(|ended| ended.pid == pid.0)
    }

    /// Whether the out-of-memory killer ended a child, if it ended by a SIGKILL from elsewhere.
    fn examine_kill(&mut self, pid: Pid, status: WaitStatus, core: &Supervisor) -> OomKill {
        let is_kill =
            matches!(status, WaitStatus::Signaled { signal, .. } if signal == Signal::KILL.0);
        let process = core.owner(pid).and_then(|id| core.process(id));
        match process.filter(|process| is_kill && !process.was_sent_kill()) {
            Some(process) => self.oom.examine(pid.0, process.started().unwrap_or_default().mono),
            None => OomKill::NotSuspected,
        }
    }
}

fn is_address_of_server(address: &FcgiAddress, config: &Config) -> bool {
    config.servers.iter().any(|server| match (address, &server.bind) {
        (FcgiAddress::Tcp { port, .. }, Bind::Inet(InetServer { address: (_, of_server), .. })) => {
            port == of_server
        }
        (FcgiAddress::Unix { path, .. }, Bind::Unix(UnixServer { path: of_server, .. })) => {
            path == of_server
        }
        _ => false,
    })
}

/// Supervisor's message for the end of a stream; the descriptor number replaces the object
/// addresses of the original.
fn stream_closed_message(process: &Process, stream: OutputStream, fd_number: i32) -> String {
    let dispatcher = match (process.listener(), stream) {
        (Some(_), OutputStream::Stdout) => "PEventListenerDispatcher",
        _ => "POutputDispatcher",
    };
    let (id, name, state) = (process.id().0, process.name(), process.state());
    format!(
        "fd {fd_number} closed, stopped monitoring <{dispatcher} at {fd_number} for <Subprocess at {id} \
         with name {name} in state {state}> ({})>",
        stream.name()
    )
}
