//! What the daemon asks of the operating system where the answer decides what happens next: the time,
//! children, signals, and waiting. [`Local`] is the real one; tests run the whole daemon on a
//! simulated one.

use std::collections::BTreeSet;
use std::io;
use std::process;
use std::time::Duration;

use super::command::{self, Command, CommandError};
use super::idle::Idle;
use super::keeping::link::Link;
use super::proc_sample;
use crate::conf::config::Process;
use crate::core::effect::Pid;
use crate::core::resources::Sample;
use crate::core::time::{Mono, Now, Wall};
use crate::keeper::protocol::ToKeeper;
use crate::os::child_settings::SpawnError;
use crate::os::clock;
use crate::os::connect::{self, Peer};
use crate::os::memory;
use crate::os::notify;
use crate::os::poller::{Interest, Poller, Ready, Token};
use crate::os::process_memory;
use crate::os::processes;
use crate::os::signals::{self, CHLD, HUP, INT, QUIT, Sender, Signals, TERM, USR2};
use crate::os::spawn::ChildSpec;
use crate::os::stream::SocketStream;
use crate::os::wait::{self, EndedChild, Which};

/// The signals that the daemon handles.
pub(super) const CAUGHT: [i32; 6] = [TERM, INT, QUIT, HUP, CHLD, USR2];

/// With a shorter timeout the daemon is not idle: it reads busy streams on a timer, for example.
const BUSY: Duration = Duration::from_millis(100);

pub trait Kernel {
    fn now(&self) -> Now;

    /// Blocks until a descriptor is ready or `timeout` has passed; without one, for as long as it
    /// takes.
    fn wait(&mut self, poller: &mut Poller, timeout: Option<Duration>) -> io::Result<Vec<Ready>>;

    /// Splits the command of a process and resolves its executable.
    fn resolve(&self, process: &Process) -> Result<Command, CommandError>;

    /// Forks and executes a prepared child; returns its pid.
    fn spawn(&mut self, child: ChildSpec) -> Result<i32, SpawnError>;

    /// Begins to connect; the outcome is known when the socket is writable.
    fn connect(&mut self, peer: &Peer) -> io::Result<SocketStream>;

    /// About the bytes of memory that a process and its descendants use; exact above `limit`.
    fn memory(&self, pid: i32, limit: u64) -> u64;

    /// What children, the daemon and the machine use.
    fn sample(&self, roots: &BTreeSet<Pid>) -> Sample;

    /// Sends a signal to a process or, with `group`, to its process group.
    fn kill(&mut self, pid: i32, signal: i32, group: bool) -> io::Result<()>;

    /// The next terminated child, if there is one; with a keeper it stays a zombie until
    /// [`Kernel::collect`].
    fn reap(&mut self) -> io::Result<Option<EndedChild>>;

    /// The exit of a child that [`Kernel::reap`] has returned is noted.
    fn collect(&mut self, _: i32) {}

    /// From now on signals are queued for [`Kernel::take_signals`]. Once per process.
    fn catch_signals(&mut self) -> io::Result<()>;

    /// Makes `poller` report queued signals.
    fn watch_signals(&mut self, poller: &mut Poller) -> io::Result<Token>;

    /// The signals received since the last call.
    fn take_signals(&mut self) -> Vec<i32>;

    /// The process that last sent a signal, if it was one.
    fn sender(&self, _: i32) -> Option<Sender> {
        None
    }

    /// Whether this daemon or its keeper is the parent of a process with this parent.
    fn is_parent(&self, parent: i32) -> bool {
        u32::try_from(parent) == Ok(process::id())
    }

    /// Sends a state to the service manager, if there is one.
    fn notify_manager(&mut self, state: &str) -> io::Result<()> {
        notify::send(state)
    }

    /// The connection to the keeper.
    fn link(&mut self) -> Option<&mut Link> {
        None
    }

    fn take_link(&mut self) -> Option<Box<Link>> {
        None
    }

    fn put_link(&mut self, _: Box<Link>) {}
}

/// The operating system that the daemon runs on.
#[derive(Default)]
pub struct Local {
    signals: Option<Signals>,
    idle: Idle,
    link: Option<Box<Link>>,
}

impl Kernel for Local {
    fn now(&self) -> Now {
        Now { mono: Mono(clock::monotonic()), wall: Wall(clock::wall()) }
    }

    fn wait(&mut self, poller: &mut Poller, timeout: Option<Duration>) -> io::Result<Vec<Ready>> {
        let began = Mono(clock::monotonic());
        if timeout.is_some_and(|timeout| timeout < BUSY) {
            self.idle.on_activity(began);
        }
        let idle = self.idle.remaining(began);
        let idle = idle.filter(|idle| timeout.is_none_or(|timeout| *idle < timeout));
        let mut ready = poller.wait(idle.or(timeout))?;
        if idle.is_some() && ready.is_empty() {
            memory::release_unused();
            self.idle.on_release();
            let passed = Mono(clock::monotonic()).since(began);
            ready = poller.wait(timeout.map(|timeout| timeout.saturating_sub(passed)))?;
        }
        if !ready.is_empty() {
            self.idle.on_activity(Mono(clock::monotonic()));
        }
        Ok(ready)
    }

    fn resolve(&self, process: &Process) -> Result<Command, CommandError> {
        command::resolve(process)
    }

    fn spawn(&mut self, child: ChildSpec) -> Result<i32, SpawnError> {
        let Some(link) = &mut self.link else { return child.spawn() };
        let (pid, gate) = child.spawn_held()?;
        link.hold(pid, gate);
        Ok(pid)
    }

    fn connect(&mut self, peer: &Peer) -> io::Result<SocketStream> {
        connect::begin(peer)
    }

    fn memory(&self, pid: i32, limit: u64) -> u64 {
        process_memory::of_tree(pid, limit)
    }

    fn sample(&self, roots: &BTreeSet<Pid>) -> Sample {
        proc_sample::of(roots)
    }

    fn kill(&mut self, pid: i32, signal: i32, group: bool) -> io::Result<()> {
        signals::kill(pid, signal, group)
    }

    fn reap(&mut self) -> io::Result<Option<EndedChild>> {
        match &self.link {
            None => wait::reap(),
            Some(link) => match link.ended() {
                None => wait::peek(Which::Any),
                reported => Ok(reported),
            },
        }
    }

    fn collect(&mut self, pid: i32) {
        if self.link.as_mut().is_some_and(|link| !link.collect(pid)) {
            wait::collect(pid);
        }
    }

    fn catch_signals(&mut self) -> io::Result<()> {
        if self.signals.is_none() {
            self.signals = Some(Signals::catch(&CAUGHT)?);
        }
        Ok(())
    }

    fn watch_signals(&mut self, poller: &mut Poller) -> io::Result<Token> {
        let signals =
            self.signals.as_ref().ok_or_else(|| io::Error::other("no signal is caught"))?;
        poller.add(signals, Interest::READ)
    }

    fn take_signals(&mut self) -> Vec<i32> {
        self.signals.as_mut().map(Signals::take).unwrap_or_default()
    }

    fn sender(&self, signal: i32) -> Option<Sender> {
        self.signals.as_ref()?.sender(signal)
    }

    fn is_parent(&self, parent: i32) -> bool {
        let is_keeper = self.link.is_some() && parent == processes::parent();
        is_keeper || u32::try_from(parent) == Ok(process::id())
    }

    fn notify_manager(&mut self, state: &str) -> io::Result<()> {
        let Some(link) = &mut self.link else { return notify::send(state) };
        link.send(&ToKeeper::Notify { state: state.to_owned() }, None);
        Ok(())
    }

    fn link(&mut self) -> Option<&mut Link> {
        self.link.as_deref_mut()
    }

    fn take_link(&mut self) -> Option<Box<Link>> {
        self.link.take()
    }

    fn put_link(&mut self, link: Box<Link>) {
        self.link = Some(link);
    }
}
