//! A simulated kernel: scripted children at the other ends of real pipes, a clock that moves only when
//! the daemon waits, and no process, socket or sleep.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use super::command::{Command, CommandError};
use super::kernel::Kernel;
use crate::conf::config::Process;
use crate::core::effect::Pid;
use crate::core::resources::{Sample, TreeUsage};
use crate::core::time::{Mono, Now, Wall};
use crate::os::child_settings::SpawnError;
use crate::os::connect::Peer;
use crate::os::poller::{Interest, Poller, Ready, Token};
use crate::os::signals::{CHLD, TERM};
use crate::os::spawn::ChildSpec;
use crate::os::stream::SocketStream;
use crate::os::wait::{ChildStatus, ChildUsage, EndedChild};

const KILL: i32 = 9;

/// What a child does by itself and how it reacts to its stop signal.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// Lines that it prints, with the milliseconds since its start.
    pub(super) lines: Vec<(u64, &'static str)>,
    /// When it exits by itself, and with which status.
    pub(super) exits: Option<(u64, i32)>,
    /// Whether TERM has no effect on it.
    pub(super) ignores_term: bool,
    /// The fork panics, as a defect of ours would.
    pub(super) panics: bool,
}

/// Something that a child does at a moment.
enum Act {
    Print(&'static str),
    Exit(i32),
}

struct Child {
    stdout: File,
    ignores_term: bool,
    acts: VecDeque<(Mono, Act)>,
}

pub(super) struct Simulated {
    now: Now,
    /// By how many seconds the wall clock was set.
    pub(super) set_by: Rc<Cell<i64>>,
    scripts: BTreeMap<String, Script>,
    children: BTreeMap<i32, Child>,
    next_pid: i32,
    dead: VecDeque<EndedChild>,
    signals: Vec<i32>,
    bell: (UnixStream, UnixStream),
    /// The TCP ports that accept connections, and from when on.
    ports: BTreeMap<u16, Mono>,
    /// The memory that the tree of each child uses.
    pub(super) memory: u64,
    /// The other ends of connections.
    peers: Vec<UnixStream>,
    /// How often the daemon woke up.
    pub(super) turns: usize,
}

impl Simulated {
    /// `scripts` by the name of the program; others run until they are stopped.
    pub(super) fn new(scripts: &[(&str, Script)]) -> Self {
        let bell = UnixStream::pair().expect("a pair of sockets");
        bell.0.set_nonblocking(true).expect("a socket");
        Self {
            now: Now {
                mono: Mono(Duration::from_secs(1000)),
                wall: Wall(Duration::from_secs(1_000_000)),
            },
            set_by: Rc::default(),
            scripts: scripts
                .iter()
                .map(|(name, script)| ((*name).to_owned(), script.clone()))
                .collect(),
            children: BTreeMap::new(),
            next_pid: 101,
            dead: VecDeque::new(),
            signals: Vec::new(),
            bell,
            ports: BTreeMap::new(),
            memory: 0,
            peers: Vec::new(),
            turns: 0,
        }
    }

    /// The port accepts connections after some seconds.
    pub(super) fn open_port_after(&mut self, port: u16, seconds: u64) {
        self.ports.insert(port, self.now.mono.plus_secs(seconds as i64));
    }

    pub(super) fn raise(&mut self, signal: i32) {
        self.signals.push(signal);
        (&self.bell.1).write_all(&[1]).expect("the bell takes a byte");
    }

    fn end(&mut self, pid: i32, status: ChildStatus) {
        if self.children.remove(&pid).is_some() {
            self.dead.push_back(EndedChild { pid, status, usage: ChildUsage::default() });
            self.raise(CHLD);
        }
    }

    /// The next moment at which a child does something.
    fn next_act(&self) -> Option<(Mono, i32)> {
        let first = |(pid, child): (&i32, &Child)| Some((child.acts.front()?.0, *pid));
        self.children.iter().filter_map(first).min()
    }

    fn perform_act(&mut self, pid: i32) {
        let child = self.children.get_mut(&pid).expect("the child is alive");
        match child.acts.pop_front().expect("it has an act").1 {
            Act::Print(line) => child.stdout.write_all(line.as_bytes()).expect("the pipe has room"),
            Act::Exit(code) => self.end(pid, ChildStatus::Exited(code)),
        }
    }

    fn advance_to(&mut self, moment: Mono) {
        let passed = moment.since(self.now.mono);
        self.now.mono.0 += passed;
        self.now.wall.0 += passed;
    }
}

impl Kernel for Simulated {
    fn now(&self) -> Now {
        let seconds = self.now.wall.secs() + self.set_by.get();
        let seconds = Duration::from_secs(u64::try_from(seconds).expect("after 1970"));
        let wall = Wall(seconds + Duration::from_nanos(self.now.wall.0.subsec_nanos().into()));
        Now { mono: self.now.mono, wall }
    }

    fn wait(&mut self, poller: &mut Poller, timeout: Option<Duration>) -> io::Result<Vec<Ready>> {
        self.turns += 1;
        let ready = poller.wait(Some(Duration::ZERO))?;
        if !ready.is_empty() {
            return Ok(ready);
        }
        let deadline = timeout.map(|timeout| Mono(self.now.mono.0 + timeout));
        match (self.next_act(), deadline) {
            (Some((at, pid)), deadline) if deadline.is_none_or(|deadline| at <= deadline) => {
                self.advance_to(at);
                self.perform_act(pid);
                poller.wait(Some(Duration::ZERO))
            }
            (_, Some(deadline)) => {
                self.advance_to(deadline);
                Ok(Vec::new())
            }
            (_, None) => Err(io::Error::other("the daemon would sleep forever")),
        }
    }

    fn resolve(&self, process: &Process) -> Result<Command, CommandError> {
        let program = process.command.clone();
        if program.starts_with("/nowhere") {
            return Err(CommandError::NotFound(program));
        }
        Ok(Command { argv: vec![program.clone().into()], program: program.into() })
    }

    fn spawn(&mut self, child: ChildSpec) -> Result<i32, SpawnError> {
        let name = child.environment.iter().find(|(name, _)| name == "SUPERVISOR_PROCESS_NAME");
        let name = name.map(|(_, value)| value.to_string_lossy().into_owned()).unwrap_or_default();
        let script = self.scripts.get(&name).cloned().unwrap_or_default();
        assert!(!script.panics, "the fork of {name} was scripted to panic");
        let at = |millis: u64| Mono(self.now.mono.0 + Duration::from_millis(millis));
        let lines = script.lines.iter().map(|(millis, line)| (at(*millis), Act::Print(line)));
        let exit = script.exits.iter().map(|(millis, code)| (at(*millis), Act::Exit(*code)));
        let acts = lines.chain(exit).collect();
        let (stdout, ignores_term) = (File::from(child.stdout), script.ignores_term);
        let pid = self.next_pid;
        self.next_pid += 1;
        self.children.insert(pid, Child { stdout, ignores_term, acts });
        Ok(pid)
    }

    fn connect(&mut self, peer: &Peer) -> io::Result<SocketStream> {
        let Peer::Tcp(address) = peer else { return Err(io::ErrorKind::NotFound.into()) };
        let opens_at = self.ports.get(&address.port());
        if opens_at.is_none_or(|at| self.now.mono < *at) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        // The reply is there, whatever will be requested.
        (&theirs).write_all(b"HTTP/1.0 200 OK\r\n\r\nok")?;
        self.peers.push(theirs);
        Ok(SocketStream::Unix(ours))
    }

    fn memory(&self, _: i32, _: u64) -> u64 {
        self.memory
    }

    /// Each child has used a hundredth of the time of one processor since the simulated start.
    fn sample(&self, roots: &BTreeSet<Pid>) -> Sample {
        let usage = TreeUsage {
            cpu: self.now.mono.0 / 100,
            memory: self.memory,
            descriptors: Some(4),
            processes: 1,
        };
        Sample { trees: roots.iter().map(|pid| (*pid, usage)).collect(), ..Sample::default() }
    }

    fn kill(&mut self, pid: i32, signal: i32, _: bool) -> io::Result<()> {
        let Some(child) = self.children.get(&pid) else {
            return Err(io::Error::from_raw_os_error(nix::libc::ESRCH));
        };
        if signal == KILL || (signal == TERM && !child.ignores_term) {
            self.end(pid, ChildStatus::Signaled { signal, core_dumped: false });
        }
        Ok(())
    }

    fn reap(&mut self) -> io::Result<Option<EndedChild>> {
        Ok(self.dead.pop_front())
    }

    fn catch_signals(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn watch_signals(&mut self, poller: &mut Poller) -> io::Result<Token> {
        poller.add(&self.bell.0, Interest::READ)
    }

    fn take_signals(&mut self) -> Vec<i32> {
        let mut bytes = [0; 64];
        while matches!(io::Read::read(&mut &self.bell.0, &mut bytes), Ok(count) if count > 0) {}
        std::mem::take(&mut self.signals)
    }
}
