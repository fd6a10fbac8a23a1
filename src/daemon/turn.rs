//! The loop of the daemon: wait, take in, expire, perform. The only place that sleeps and the only
//! one that asks for the time.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::pipes::End;
use super::reader::Reader;
use super::server::Server;
use super::shell::Shell;
use super::world::World;
use crate::conf::signals::Signal;
use crate::core::effect::{Effect, Input, OutputStream, ProcId};
use crate::core::supervisor::Supervisor;
use crate::core::time::{Mono, Now, Wall};
use crate::os::clock;
use crate::os::poller::{Interest, Ready, Token};
use crate::os::signals::Signals;

/// Further than this no kernel needs to count; a configuration may ask for more.
const LONGEST_SLEEP: Duration = Duration::from_hours(30 * 24);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Exit,
    /// The next life counts events from here.
    Restart {
        serial: u64,
    },
}

/// One life of the daemon, from reading a configuration to the last child's end.
pub struct Daemon<'a> {
    pub core: Supervisor,
    pub shell: Shell,
    pub server: Server,
    pub signals: &'a mut Signals,
    pub reader: &'a Reader,
    signals_token: Token,
    ending: Option<Ending>,
}

pub fn now() -> Now {
    Now { mono: Mono(clock::monotonic()), wall: Wall(clock::wall()) }
}

impl<'a> Daemon<'a> {
    pub fn new(
        core: Supervisor,
        mut shell: Shell,
        server: Server,
        signals: &'a mut Signals,
        reader: &'a Reader,
    ) -> io::Result<Self> {
        let signals_token = shell.poller.add(&*signals, Interest::READ)?;
        Ok(Self { core, shell, server, signals, reader, signals_token, ending: None })
    }

    /// Runs until everything has stopped.
    pub fn run(&mut self) -> io::Result<Ending> {
        self.core.run(now());
        loop {
            self.perform();
            if let Some(ending) = self.ending {
                return Ok(ending);
            }
            let ready = self.wait()?;
            let now = now();
            for ready in ready {
                self.guarded(ready, now);
            }
            self.serve();
        }
    }

    /// Does what is due, and answers what can be answered then. A program with `startsecs=0` is
    /// running as soon as it was started. An answer may be followed by the next call of a client,
    /// and that by effects whose outcome answers it.
    fn serve(&mut self) {
        loop {
            self.perform();
            let now = now();
            self.shielded("what is due", |daemon| daemon.core.expire(now));
            self.perform();
            self.shielded("the server", |daemon| daemon.settle(now));
            if !self.core.has_effects() || self.ending.is_some() {
                return;
            }
        }
    }

    /// Does what the core asks for. What the outcome of one effect asks for is done before the next,
    /// so that the log tells of each start as it happens, though a thousand were asked for at once.
    fn perform(&mut self) {
        let mut stack = Vec::new();
        let mut events = Vec::new();
        loop {
            let below = stack.len();
            stack.extend(std::iter::from_fn(|| self.core.next_effect()));
            stack[below..].reverse();
            match stack.pop() {
                Some(Effect::Publish { serial, name, payload }) => {
                    events.push((serial, name, payload));
                }
                Some(effect) => self.act(effect),
                None => break,
            }
        }
        events.sort_by_key(|(serial, ..)| *serial);
        for (serial, name, payload) in events {
            self.server.publish(serial, name, &payload, now());
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Exit { restart: true } => {
                let serial = self.core.serial();
                self.ending = Some(Ending::Restart { serial });
            }
            Effect::Exit { restart: false } => self.ending = Some(Ending::Exit),
            effect => {
                // A thousand forks take a while: each start counts from its own moment.
                self.shielded("an effect", |daemon| {
                    daemon.shell.perform(effect, &mut daemon.core, now());
                });
            }
        }
    }

    fn wait(&mut self) -> io::Result<Vec<Ready>> {
        let now = now();
        let deadlines = [self.core.deadline(now), self.server.deadline()];
        let nearest = deadlines.into_iter().flatten().min();
        let timeout = nearest.map(|deadline| deadline.since(now.mono).min(LONGEST_SLEEP));
        self.shell.poller.wait(timeout)
    }

    /// A mistake of ours must not leave children without a parent: what was under way is given up,
    /// and the daemon goes on.
    fn shielded(&mut self, what: &str, act: impl FnOnce(&mut Self)) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| act(self)));
        if outcome.is_err() {
            self.shell.critical(&format!("uncaptured panic in {what}, which is given up"));
        }
        outcome.is_ok()
    }

    /// Meets one descriptor. Would it make us panic, it is not looked at again.
    fn guarded(&mut self, ready: Ready, now: Now) {
        if self.shielded("a dispatch", |daemon| daemon.meet(ready, now)) {
            return;
        }
        let poller = &mut self.shell.poller;
        if let Some(End::Output(id, stream)) = self.shell.pipes.end(ready.token) {
            self.shell.pipes.close_output(poller, id, stream);
        } else if self.server.owns(ready.token) {
            self.server.abandon(ready.token, poller);
        }
    }

    fn meet(&mut self, ready: Ready, now: Now) {
        if ready.token == self.signals_token {
            self.signalled(now);
        } else if let Some(end) = self.shell.pipes.end(ready.token) {
            match end {
                End::Output(id, stream) => self.heard(id, stream, now),
                // Nobody reads there; so it is a hang-up that shows as readable.
                End::Stdin(id) if ready.readable => self.shell.hang_up(id, &mut self.core, now),
                End::Stdin(id) => self.shell.flush(id, &mut self.core, now),
            }
        } else if self.server.owns(ready.token) {
            let (server, mut world) = self.world(now);
            server.ready(ready, &mut world);
        }
    }

    fn heard(&mut self, id: ProcId, stream: OutputStream, now: Now) {
        self.shell.read(id, stream, &mut self.core, now);
        // At once, so that one turn never holds more than one chunk in memory.
        self.perform();
    }

    /// The dead first, as Supervisor does, then what the signals say.
    fn signalled(&mut self, now: Now) {
        let numbers = self.signals.take();
        while self.shell.reap(&mut self.core, now) {
            self.perform();
        }
        for number in numbers {
            self.core.take(Input::Signal(Signal(number)), now);
        }
    }

    fn settle(&mut self, now: Now) {
        let (server, mut world) = self.world(now);
        server.settle(&mut world);
    }

    fn world(&mut self, now: Now) -> (&mut Server, World<'_>) {
        let world = World {
            core: &mut self.core,
            logs: &mut self.shell.logs,
            poller: &mut self.shell.poller,
            reader: self.reader,
            now,
        };
        (&mut self.server, world)
    }
}
