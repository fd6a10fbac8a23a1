//! The loop of the keeper: messages of the daemon, signals, and exits of children.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::protocol::{self, Cause, PASSED_ON, ToDaemon, ToKeeper, VARIABLE};
use crate::os::daemonize;
use crate::os::memory;
use crate::os::notify;
use crate::os::packets::Packets;
use crate::os::pipe::PipeWriter;
use crate::os::poller::{Interest, Poller, Token};
use crate::os::process_name;
use crate::os::replace;
use crate::os::signals::{self, CHLD, CONT, STOP, Signals, TSTP};
use crate::os::subreaper;
use crate::os::wait::ChildStatus;

/// What Rust exits with after a panic that nothing has caught.
const PANICKED: i32 = 101;
/// How often in a row a daemon may end before it has continued, if it is killed from outside. An end by its
/// own fault counts more.
const MAX_FAILURES: usize = 20;
const OWN_FAULT: usize = 4;
/// How often it may end by its own fault, and within which time.
const MAX_FAULTS: usize = 5;
const FAULT_TIME: Duration = Duration::from_secs(60);
/// The time before another attempt if a daemon could not continue.
const PAUSE: Duration = Duration::from_millis(200);

pub struct Keeper {
    pub(super) daemon: i32,
    pub(super) link: Packets,
    kept: BTreeMap<String, Kept>,
    program: OwnedFd,
    pub(super) log: Option<PathBuf>,
    /// Whether a daemon can be continued from what is kept.
    has_state: bool,
    /// Whether the present daemon has reported that.
    is_ready: bool,
    failures: usize,
    faults: Vec<Duration>,
    /// The child whose exit was reported, and that is not noted yet.
    pub(super) reported: Option<i32>,
    /// The process that waits until the daemon has started.
    starter: Option<PipeWriter>,
    pub(super) signals: Signals,
    pub(super) poller: Poller,
    link_token: Option<Token>,
}

struct Kept {
    fd: OwnedFd,
    /// Not named since `Begin`.
    is_stale: bool,
}

/// What a daemon leaves that becomes the keeper.
pub struct Predecessor {
    pub kept: BTreeMap<String, OwnedFd>,
    pub log: Option<PathBuf>,
}

impl Keeper {
    pub(super) fn new(
        daemon: i32,
        link: Packets,
        program: OwnedFd,
        starter: Option<PipeWriter>,
    ) -> io::Result<Self> {
        subreaper::adopt_orphans()?;
        let mut poller = Poller::new()?;
        let caught: Vec<i32> = PASSED_ON.into_iter().chain([CHLD, TSTP, CONT]).collect();
        let signals = Signals::catch(&caught)?;
        poller.add(&signals, Interest::READ)?;
        let link_token = Some(poller.add(&link, Interest::READ)?);
        Ok(Self {
            daemon,
            link,
            kept: BTreeMap::new(),
            program,
            log: None,
            has_state: false,
            is_ready: false,
            failures: 0,
            faults: Vec::new(),
            reported: None,
            starter,
            signals,
            poller,
            link_token,
        })
    }

    /// The keeper that a daemon becomes whose own one was killed; it starts the daemon that goes on.
    pub fn of_daemon(predecessor: Predecessor) -> io::Result<Self> {
        let (link, _) = Packets::pair()?;
        let mut keeper = Self::new(0, link, replace::own_program()?.into(), None)?;
        let kept = predecessor.kept.into_iter();
        keeper.kept = kept.map(|(key, fd)| (key, Kept { fd, is_stale: false })).collect();
        keeper.log = predecessor.log;
        keeper.has_state = true;
        Ok(keeper)
    }

    /// Runs until a daemon has ended by itself; returns its exit status. `cause`: there is no daemon at
    /// first, for this reason.
    pub fn run(mut self, cause: Option<Cause>) -> u8 {
        process_name::set("supkit-keeper");
        memory::release_unused();
        if let Some(cause) = cause {
            if let Some(status) = self.start_next(cause) {
                return status;
            }
        }
        loop {
            if self.poller.wait(None).is_err() {
                // Nothing can be waited for: as if this process were killed.
                return 70;
            }
            for number in self.signals.take() {
                self.on_signal(number);
            }
            self.receive();
            if let Some(status) = self.look_at_children() {
                return status;
            }
        }
    }

    fn on_signal(&self, number: i32) {
        // That the daemon has just ended is noticed soon.
        match number {
            CHLD => {}
            TSTP => {
                let _ = signals::kill(self.daemon, STOP, false);
                let _ = signals::stop_job();
                let _ = signals::kill(self.daemon, CONT, false);
            }
            number => drop(signals::kill(self.daemon, number, false)),
        }
    }

    /// Processes the messages that have arrived.
    pub(super) fn receive(&mut self) {
        loop {
            match protocol::receive(&self.link) {
                Ok(Some((message, fd))) => self.on_message(message, fd),
                Ok(None) => return,
                Err(_) => {
                    // The daemon has closed it. Its end is awaited.
                    if self.link_token.take().is_some() {
                        self.poller.remove(&self.link);
                    }
                    return;
                }
            }
        }
    }

    fn on_message(&mut self, message: ToKeeper, fd: Option<OwnedFd>) {
        match message {
            ToKeeper::Keep { key } => match fd {
                Some(fd) => drop(self.kept.insert(key, Kept { fd, is_stale: false })),
                None => {
                    if let Some(kept) = self.kept.get_mut(&key) {
                        kept.is_stale = false;
                    }
                }
            },
            ToKeeper::Drop { key } => drop(self.kept.remove(&key)),
            ToKeeper::Begin => self.kept.values_mut().for_each(|kept| kept.is_stale = true),
            ToKeeper::Settled => self.kept.retain(|_, kept| !kept.is_stale),
            ToKeeper::Ready => {
                (self.has_state, self.is_ready, self.failures) = (true, true, 0);
            }
            ToKeeper::Program => {
                if let Some(fd) = fd {
                    self.program = fd;
                }
            }
            ToKeeper::Log { path } => self.log = path,
            // The service manager may have ended.
            ToKeeper::Notify { state } => drop(notify::send(&state)),
            ToKeeper::Collect { pid } => self.collect(pid),
            ToKeeper::Detach { directory, umask } => self.detach(directory, umask),
            ToKeeper::Sync => drop(protocol::send(&self.link, &ToDaemon::Done, None)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "as the daemon does")]
    fn detach(&mut self, directory: Option<String>, umask: u32) {
        if let Some(directory) = directory {
            // The daemon logs why that fails.
            let _ = env::set_current_dir(directory);
        }
        let _ = daemonize::detach(umask);
        if let Some(mut starter) = self.starter.take() {
            // It may have been killed.
            let _ = starter.write_all(&[0]);
        }
    }

    /// The exit status if that was the end.
    pub(super) fn on_daemon_ended(&mut self, ended: ChildStatus) -> Option<u8> {
        if !self.has_state {
            return Some(ended.shell_status());
        }
        let is_fault = match ended {
            ChildStatus::Exited(code) => code == PANICKED || !self.is_ready,
            ChildStatus::Signaled { signal, .. } => signals::is_fault(signal),
        };
        if matches!(ended, ChildStatus::Exited(_)) && !is_fault {
            return Some(ended.shell_status());
        }
        self.start_next_after(ended, is_fault)
    }

    fn start_next_after(&mut self, ended: ChildStatus, is_fault: bool) -> Option<u8> {
        let now = crate::os::clock::monotonic();
        if is_fault {
            self.faults.push(now);
            self.faults.retain(|at| now.saturating_sub(*at) < FAULT_TIME);
        }
        if !self.is_ready {
            self.failures += if is_fault { OWN_FAULT } else { 1 };
        }
        if self.faults.len() >= MAX_FAULTS || self.failures >= MAX_FAILURES {
            return Some(self.give_up("the daemon has ended too often"));
        }
        if !self.is_ready {
            self.pause();
        }
        self.start_next(Cause::Ended(ended))
    }

    /// Starts a daemon and lends it what is kept.
    fn start_next(&mut self, cause: Cause) -> Option<u8> {
        loop {
            let Err(error) = self.try_start(cause) else { return None };
            self.failures += OWN_FAULT;
            if self.failures >= MAX_FAILURES {
                return Some(self.give_up(&format!("no daemon can be started: {error}")));
            }
            self.pause();
        }
    }

    /// A signal ends it early, which does no harm.
    fn pause(&mut self) {
        let _ = self.poller.wait(Some(PAUSE));
    }

    fn try_start(&mut self, cause: Cause) -> io::Result<()> {
        let (ours, theirs) = Packets::pair()?;
        let mut arguments = env::args_os();
        let mut command = command(&self.program);
        command.arg0(arguments.next().unwrap_or_default()).args(arguments);
        command.env(VARIABLE, replace::number(&theirs).to_string()).process_group(0);
        replace::set_inherited(theirs.as_fd(), true)?;
        let child = command.spawn()?;
        drop(theirs);
        self.daemon = i32::try_from(child.id()).map_err(io::Error::other)?;
        if self.link_token.take().is_some() {
            self.poller.remove(&self.link);
        }
        self.link_token = Some(self.poller.add(&ours, Interest::READ)?);
        (self.link, self.is_ready, self.reported) = (ours, false, None);
        for (key, kept) in &self.kept {
            let message = ToDaemon::Lent { key: key.clone() };
            if protocol::send(&self.link, &message, Some(kept.fd.as_fd())).is_err() {
                // It has ended already.
                return Ok(());
            }
        }
        let _ = protocol::send(&self.link, &ToDaemon::Resume(cause), None);
        Ok(())
    }
}

/// The program in an open file, whose name may be gone.
#[expect(
    clippy::disallowed_methods,
    reason = "the keeper has nothing that a child must not inherit"
)]
fn command(program: &OwnedFd) -> Command {
    Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()))
}
