//! The main loop of the daemon: wait, process inputs, expire timers, perform effects. The only
//! place that asks the kernel to wait and the only one that reads its clock.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::audit::Requester;
use super::config_reader::ConfigReader;
use super::pipes::PipeEnd;
use super::restart_check;
use super::server::Server;
use super::server_context::ServerContext;
use super::service_manager::ServiceManager;
use super::shell::Shell;
use crate::conf::config::{GroupKind, LogLevel};
use crate::conf::signals::Signal;
use crate::core::effect::{Effect, Input, OutputStream, Pid, ProcId};
use crate::core::jobs::JobId;
use crate::core::state::Mood;
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now};
use crate::os::limits;
use crate::os::poller::{Interest, Ready, Token};
use crate::os::signals;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::record::{AuditResult, Record};

/// The maximum poll timeout; a configuration may request a longer one.
const MAX_SLEEP: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long expired timers are processed before descriptors are looked at again.
const SLICE: Duration = Duration::from_millis(1);

/// A turn that takes longer was interrupted, as if this process had been suspended.
const INTERRUPTED: Duration = Duration::from_millis(100);

/// How many descriptors a start needs: three pipes, two logs, /dev/null, what looks up the user, the
/// report about limits, and a cgroup.
const SPAWN_DESCRIPTORS: usize = 15;

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    Exit,
    /// A program ended the daemon with the status of its own failure.
    Failed {
        status: u8,
    },
    /// The next run continues the event serials from here.
    Restart {
        serial: u64,
    },
    /// Another program continues this daemon.
    Upgrade {
        job: JobId,
    },
    /// Its keeper has ended; this process takes its place.
    KeeperLost,
}

/// Everything that a daemon is assembled from.
pub struct Parts<'a> {
    pub core: Supervisor,
    pub shell: Shell<'a>,
    pub server: Server,
    pub reader: &'a ConfigReader,
}

/// One run of the daemon, from a loaded configuration to the exit of the last child.
pub struct Daemon<'a> {
    pub core: Supervisor,
    pub shell: Shell<'a>,
    pub server: Server,
    pub reader: &'a ConfigReader,
    signals_token: Token,
    keeper_token: Option<Token>,
    pub(super) exit_reason: Option<ExitReason>,
    /// When descriptors were looked at last. This process may have been suspended since.
    looked: Mono,
    /// Whether timers were left to the next turn, and whether they may be in this one.
    has_deferred: bool,
    may_defer: bool,
}

impl<'a> Daemon<'a> {
    pub fn assemble(parts: Parts<'a>) -> io::Result<Self> {
        let Parts { core, mut shell, server, reader } = parts;
        let signals_token = shell.kernel.watch_signals(&mut shell.poller)?;
        let poller = &mut shell.poller;
        let keeper = shell.kernel.link().map(|link| poller.add(link, Interest::READ));
        let keeper_token = keeper.transpose()?;
        let looked = shell.kernel.now().mono;
        Ok(Self {
            core,
            shell,
            server,
            reader,
            signals_token,
            keeper_token,
            exit_reason: None,
            looked,
            has_deferred: false,
            may_defer: true,
        })
    }

    /// Runs until all processes have stopped.
    pub fn run(&mut self) -> io::Result<ExitReason> {
        let mut service_manager = ServiceManager::default();
        loop {
            let (kernel, log) = (&mut *self.shell.kernel, &mut self.shell.logs.activity);
            service_manager.report(self.core.mood(), kernel, log);
            if let Some(exit_reason) = self.turn()? {
                return Ok(exit_reason);
            }
        }
    }

    /// Starts the programs. Called once, before the first [`Daemon::turn`].
    pub fn begin(&mut self) {
        let now = self.now();
        self.core.run(now);
    }

    /// One iteration of the main loop; returns the reason if it was the last one.
    pub fn turn(&mut self) -> io::Result<Option<ExitReason>> {
        self.perform();
        self.save_changes();
        if self.exit_reason.is_none() {
            let ready = self.wait()?;
            let now = self.now();
            self.may_defer = !std::mem::take(&mut self.has_deferred);
            for ready in ready {
                self.dispatch_guarded(ready, now);
            }
            self.read_busy_streams(now);
            self.process_due();
            self.prepare_replacement();
            self.look_at_orphaned();
            self.shell.logs.audit_jobs(&self.core);
            let now = self.now();
            self.shell.logs.flush(now.mono);
            self.shell.keep_history(&self.core, now);
            self.shell.sampler.sample_due(&self.core, &*self.shell.kernel, now);
        }
        Ok(self.exit_reason)
    }

    pub(super) fn now(&self) -> Now {
        self.shell.kernel.now()
    }

    /// Expires timers and answers pending requests until no effect is left. A reply may be followed
    /// by the next request of the same client, which may cause more effects.
    pub(super) fn process_due(&mut self) {
        loop {
            self.perform();
            let now = self.now();
            self.expire(now);
            // Forks take a while, and an answer lists what was done before it was first asked for.
            let now = self.now();
            self.catch_panic("the server", |daemon| daemon.poll_clients(now));
            if self.exit_reason.is_some() || !self.core.has_effects() {
                return;
            }
        }
    }

    /// Expires what is due `now`. If that takes long because many programs are started, the rest waits
    /// until clients and children were looked at.
    fn expire(&mut self, now: Now) {
        if self.must_look_first(now) {
            return;
        }
        loop {
            let is_done = self.catch_panic("timer expiry", |daemon| daemon.core.expire(now));
            self.perform();
            let has_time = self.now().mono.since(now.mono) < SLICE;
            if !(is_done && has_time && self.core.is_due(now)) {
                return;
            }
        }
    }

    /// Whether descriptors have to be looked at again before timers expire: the end of a child that came while
    /// this process was suspended was in time. Not in two turns in succession.
    fn must_look_first(&mut self, now: Now) -> bool {
        let is_late = now.mono.since(self.looked) > INTERRUPTED && self.may_defer;
        self.has_deferred |= is_late;
        is_late
    }

    /// Performs all pending effects. The effects that follow from one effect are performed before
    /// the next one, so that the log shows each start when it happens even if many were requested
    /// at once.
    pub(super) fn perform(&mut self) {
        let mut stack = Vec::new();
        let mut events = Vec::new();
        loop {
            let below = stack.len();
            stack.extend(std::iter::from_fn(|| self.core.next_effect()));
            stack[below..].reverse();
            match stack.pop() {
                Some(Effect::Publish { serial, kind, payload }) => {
                    events.push((serial, kind, payload));
                }
                Some(effect) => self.apply(effect),
                None => break,
            }
        }
        events.sort_by_key(|(serial, ..)| *serial);
        for (serial, kind, payload) in events {
            let now = self.now();
            self.server.publish(serial, kind, &payload, now);
        }
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Exit { restart: true } => {
                self.shell.end_exchanges();
                self.shell.end_lookups();
                let serial = self.core.serial();
                self.exit_reason = Some(ExitReason::Restart { serial });
            }
            Effect::Exit { restart: false } => {
                self.shell.end_exchanges();
                self.shell.end_lookups();
                self.exit_reason = Some(match self.core.exit_status() {
                    0 => ExitReason::Exit,
                    status => ExitReason::Failed { status },
                });
            }
            Effect::CheckUpgrade { job, program } => {
                let now = self.now();
                self.check_upgrade(job, &program, now);
            }
            Effect::Upgrade { job, .. } => {
                self.shell.replacement = Some((job, self.now().mono));
            }
            effect => {
                let spawning = match effect {
                    Effect::Spawn { id } => Some(id),
                    _ => None,
                };
                if needs_descriptors(&effect) {
                    self.free_descriptors();
                }
                if self.may_open_address(&effect) {
                    self.release_addresses();
                }
                // The time is read for each effect, because many forks take a while.
                let is_performed = self.catch_panic("an effect", |daemon| {
                    let now = daemon.now();
                    daemon.shell.perform(effect, &mut daemon.core, now);
                });
                if let Some(id) = spawning.filter(|_| !is_performed) {
                    self.resolve_spawn(id);
                }
            }
        }
    }

    /// Whether a `FastCGI` socket may be opened whose address was in use before.
    fn may_open_address(&self, effect: &Effect) -> bool {
        let group = match effect {
            Effect::GroupAdded { name } => Some(name.as_str()),
            Effect::Spawn { id } => self.core.process(*id).map(crate::core::Process::group),
            _ => None,
        };
        let group = group.and_then(|name| self.core.group(name));
        group.is_some_and(|group| matches!(group.config().kind, GroupKind::FastCgi(_)))
    }

    /// Connections yield their descriptors to a program that is started, or whose rest is searched.
    fn free_descriptors(&mut self) {
        while !limits::has_descriptors(SPAWN_DESCRIPTORS) {
            let now = self.now();
            if !self.server.yield_descriptor(&mut self.shell.poller, now) {
                return;
            }
        }
    }

    /// Gives an abandoned spawn its outcome: a process without one would stay in STARTING forever
    /// and hold up every shutdown.
    fn resolve_spawn(&mut self, id: ProcId) {
        let process = self.core.process(id);
        let is_open = process.is_some_and(crate::core::Process::is_forking);
        if !is_open {
            return;
        }
        let outcome = match self.shell.unclaimed.take() {
            Some((owner, pid)) if owner == id => Input::Spawned { id, pid },
            _ => Input::SpawnFailed { id, error: "internal error of supkit".to_owned() },
        };
        let now = self.now();
        self.core.take(outcome, now);
    }

    fn wait(&mut self) -> io::Result<Vec<Ready>> {
        let now = self.now();
        let deadlines = [
            self.core.deadline(now),
            self.server.deadline(),
            self.shell.logs.deadline(),
            self.shell.pipes.deadline(),
            self.shell.history.deadline(self.core.history()),
            self.shell.sampler.deadline(&self.core, now),
            self.upgrade_deadline(),
            self.shell.kernel.link().and_then(|link| link.deadline()),
        ];
        let nearest = deadlines.into_iter().flatten().min();
        let timeout = nearest.map(|deadline| deadline.since(now.mono).min(MAX_SLEEP));
        let ready = self.shell.kernel.wait(&mut self.shell.poller, timeout);
        // After the nearest deadline it would have ended without an event.
        let latest = nearest.map(|deadline| deadline.max(now.mono));
        let ended = self.now().mono;
        self.looked = latest.map_or(ended, |latest| latest.min(ended));
        ready
    }

    /// Runs `apply` and catches a panic: the operation is abandoned and the daemon continues, so
    /// that children are not orphaned.
    fn catch_panic(&mut self, what: &str, apply: impl FnOnce(&mut Self)) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| apply(self)));
        if outcome.is_err() {
            self.shell.critical(&format!("uncaptured panic in {what}, which is abandoned"));
        }
        outcome.is_ok()
    }

    /// Dispatches one ready descriptor; if that panics, the descriptor is closed.
    fn dispatch_guarded(&mut self, ready: Ready, now: Now) {
        if self.catch_panic("a dispatch", |daemon| daemon.dispatch(ready, now)) {
            return;
        }
        let poller = &mut self.shell.poller;
        if let Some(PipeEnd::Output(id, stream)) = self.shell.pipes.end(ready.token) {
            self.shell.pipes.close_output(poller, id, stream);
        } else if let Some(PipeEnd::Output(id, stream)) = self.shell.hook_pipes.end(ready.token) {
            self.shell.hook_pipes.close_output(poller, id, stream);
        } else if let Some(id) = self.shell.notify_sockets.owner(ready.token) {
            self.shell.notify_sockets.close(poller, id);
        } else if self.shell.probes.owns(ready.token) {
            // The core gives the probe up after its time limit.
            self.shell.probes.close(ready.token, poller);
        } else if self.shell.exchanges.owns(ready.token) {
            // As with probes.
            self.shell.exchanges.close(ready.token, poller);
        } else if self.server.owns(ready.token) {
            self.server.close_client(ready.token, poller);
        }
    }

    fn dispatch(&mut self, ready: Ready, now: Now) {
        if ready.token == self.signals_token {
            self.on_signals(now);
        } else if Some(ready.token) == self.keeper_token {
            self.on_keeper(now);
        } else if let Some(end) = self.shell.pipes.end(ready.token) {
            match end {
                PipeEnd::Output(id, stream) => self.on_output(id, stream, now),
                // The pipe is write-only, so a readable event is a hang-up.
                PipeEnd::Stdin(id) if ready.readable => {
                    self.shell.on_stdin_hangup(id, &mut self.core, now);
                }
                PipeEnd::Stdin(id) => self.shell.flush(id, &mut self.core, now),
            }
        } else if let Some(PipeEnd::Output(id, stream)) = self.shell.hook_pipes.end(ready.token) {
            self.shell.read_hook(id, stream, &mut self.core, now);
        } else if let Some(id) = self.shell.notify_sockets.owner(ready.token) {
            self.shell.on_notification(id, &mut self.core, now);
        } else if self.shell.probes.owns(ready.token) {
            self.shell.on_probe_ready(ready.token, &mut self.core, now);
        } else if self.shell.exchanges.owns(ready.token) {
            self.shell.on_exchange_ready(ready.token, &mut self.core, now);
        } else if self.server.owns(ready.token) {
            let (server, mut server_context) = self.server_context(now);
            server.ready(ready, &mut server_context);
        }
    }

    fn on_output(&mut self, id: ProcId, stream: OutputStream, now: Now) {
        self.shell.read(id, stream, &mut self.core, now);
        // Performed immediately, so that at most one chunk per iteration is held in memory.
        self.perform();
        self.save_if_full();
    }

    /// The keeper reports children that have terminated, or has ended itself.
    fn on_keeper(&mut self, now: Now) {
        if let Some(link) = self.shell.kernel.link() {
            link.receive();
        }
        self.process_signals(Vec::new(), now);
    }

    /// Reads the streams that are read on a timer.
    fn read_busy_streams(&mut self, now: Now) {
        for (id, stream) in self.shell.pipes.due(now.mono) {
            let is_read =
                self.catch_panic("a dispatch", |daemon| daemon.on_output(id, stream, now));
            if !is_read {
                self.shell.pipes.close_output(&mut self.shell.poller, id, stream);
            }
        }
    }

    /// Reaps children first, then processes the signals, as Supervisor does.
    fn on_signals(&mut self, now: Now) {
        let numbers = self.shell.kernel.take_signals();
        self.process_signals(numbers, now);
    }

    pub(super) fn process_signals(&mut self, numbers: Vec<i32>, now: Now) {
        while self.shell.reap(&mut self.core, now) {
            self.perform();
            self.save_if_full();
        }
        if numbers.contains(&signals::USR2) {
            let (server, mut server_context) = self.server_context(now);
            server.reload_certificates(&mut server_context);
        }
        for number in numbers {
            let is_accepted = number != signals::HUP || self.may_restart();
            self.audit_signal(Signal(number), is_accepted, now);
            if is_accepted {
                self.core.take(Input::Signal(Signal(number)), now);
            }
        }
    }

    /// SIGCHLD is no request.
    fn audit_signal(&mut self, signal: Signal, is_accepted: bool, now: Now) {
        if signal.0 == signals::CHLD {
            return;
        }
        let fault = || Fault::new(Code::CantReread, "nothing was restarted");
        let result = if is_accepted { AuditResult::Done } else { AuditResult::Fault(fault()) };
        let record = Record {
            interface: "signal",
            action: signal.to_string(),
            arguments: Vec::new(),
            result,
        };
        let sender = self.shell.kernel.sender(signal.0);
        let id = sender.and_then(|sender| self.core.owner(Pid(sender.pid)));
        let program = id.and_then(|id| self.core.process(id)).map(crate::core::Process::full_name);
        let done = self.now().mono;
        let requester = Requester { sender, program, ..Requester::default() };
        self.shell.logs.audit(&requester, &record, now, done);
    }

    /// Checks the configuration for the restart that a signal requests. What is in the way is logged
    /// and everything keeps running.
    fn may_restart(&mut self) -> bool {
        if !matches!(self.core.mood(), Mood::Running | Mood::Fatal) {
            return true;
        }
        let Err(problems) = restart_check::check(self.reader, self.core.config()) else {
            return true;
        };
        self.shell.logs.log(LogLevel::Warn, "received SIGHUP indicating restart request");
        restart_check::log(&problems, &mut self.shell.logs);
        false
    }

    fn poll_clients(&mut self, now: Now) {
        let (server, mut server_context) = self.server_context(now);
        server.poll_clients(&mut server_context);
    }

    fn server_context(&mut self, now: Now) -> (&mut Server, ServerContext<'_>) {
        let server_context = ServerContext {
            core: &mut self.core,
            kernel: &mut *self.shell.kernel,
            logs: &mut self.shell.logs,
            poller: &mut self.shell.poller,
            sampler: &mut self.shell.sampler,
            reader: self.reader,
            now,
        };
        (&mut self.server, server_context)
    }
}

fn needs_descriptors(effect: &Effect) -> bool {
    matches!(effect, Effect::Spawn { .. } | Effect::RunHook { .. } | Effect::Sweep { .. })
}
