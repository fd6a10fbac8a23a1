//! The threads that call the daemon, so that no call keeps the keys waiting: one that asks for the
//! state, one for each action or question, and one for the log that is followed. Each has a connection of
//! its own and reports through one bounded channel. They end with the program.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::connector::{Connector, reason, snapshot};
use super::follow;
use super::model::methods::CallError;
use super::model::request::Query;
use super::model::task::{Part, Step, Task};
use super::model::{Report, Request};
use super::panics;
use super::reporter::Reporter;
use crate::ctl::client::{Client, ClientError};
use crate::os::clock::monotonic;
use crate::os::ready::wait_readable;
use crate::rpc::value::Value;

/// The state is asked for this often, and not more often than [`GAP`] after actions.
const INTERVAL: Duration = Duration::from_secs(1);
const GAP: Duration = Duration::from_millis(200);
/// Without an answer for this long, the connection counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// With a slow daemon, at most a third of the time is spent on asking.
const SHARE: u32 = 3;
/// A thread that has more to report waits until the picture was drawn.
const QUEUE: usize = 64;

pub(super) struct Threads {
    connector: Connector,
    pub(super) reporter: Reporter,
    reports: Receiver<Report>,
    woken: UnixStream,
    /// Makes the state be asked for at once.
    nudge: UnixStream,
    /// Ends the thread that follows a log when it is dropped.
    following: Option<UnixStream>,
}

impl Threads {
    /// Begins to ask for the state.
    pub(super) fn start(connector: Connector) -> io::Result<Self> {
        let (queue, reports) = sync_channel(QUEUE);
        let (woken, wake) = UnixStream::pair()?;
        let (nudge, nudged) = UnixStream::pair()?;
        for socket in [&woken, &wake, &nudge, &nudged] {
            socket.set_nonblocking(true)?;
        }
        let reporter = Reporter::new(queue, wake);
        let (client, to) = (connector.client(Some(PATIENCE)), reporter.clone());
        spawn("state", move || ask_for_state(client, &to, &nudged))?;
        Ok(Self { connector, reporter, reports, woken, nudge, following: None })
    }

    /// The next report, if there is one.
    pub(super) fn next(&mut self) -> Option<Report> {
        self.reports.try_recv().ok()
    }

    pub(super) fn clear_wake(&mut self) {
        let mut buffer = [0; 1024];
        while matches!(self.woken.read(&mut buffer), Ok(count) if count == buffer.len()) {}
    }

    /// Carries out what concerns the daemon.
    pub(super) fn carry_out(&mut self, request: Request) -> io::Result<()> {
        match request {
            Request::Refresh => {
                let _ = self.nudge.write(&[0]);
            }
            Request::Run(task) => {
                let (client, to) = (self.connector.client(None), self.reporter.clone());
                spawn("action", move || run(client, &to, &task))?;
            }
            Request::Ask(query, step) => {
                let (client, to) = (self.connector.client(None), self.reporter.clone());
                spawn("question", move || ask(client, &to, query, &step))?;
            }
            Request::Follow { id, name, channel } => {
                let (ours, theirs) = UnixStream::pair()?;
                self.following = Some(ours);
                let (connector, to) = (self.connector.clone(), self.reporter.clone());
                let source = follow::Source { id, name, channel };
                spawn("log", move || follow::run(&connector, &to, &source, &theirs))?;
            }
            Request::Unfollow => self.following = None,
            Request::Redraw | Request::Suspend | Request::Quit => {}
        }
        Ok(())
    }
}

impl AsFd for Threads {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

#[expect(clippy::disallowed_methods, reason = "a call may last for minutes while keys are read")]
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| ())
}

fn ask_for_state(mut client: Client, to: &Reporter, nudged: &UnixStream) {
    loop {
        let begun = monotonic();
        let answer = snapshot(&mut client).or_else(|error| match error {
            ClientError::Timeout => Err(error),
            // A connection that was idle may be closed by now.
            _ => snapshot(&mut client),
        });
        let report = match answer {
            Ok(snapshot) => Report::Snapshot(snapshot),
            Err(error) => Report::Lost(reason(&error)),
        };
        let lasted = monotonic().saturating_sub(begun);
        if !to.send(report) || !wait_for_turn(nudged, begun, lasted) {
            return;
        }
    }
}

/// Waits until the next question may be asked; `false` at the end of the program.
fn wait_for_turn(nudged: &UnixStream, begun: Duration, lasted: Duration) -> bool {
    let mut due = begun + INTERVAL.max(lasted * SHARE);
    let earliest = begun + GAP.max(lasted);
    loop {
        let now = monotonic();
        if now >= due {
            return true;
        }
        let Ok(ready) = wait_readable(&[nudged.as_fd()], Some(due.saturating_sub(now))) else {
            return false;
        };
        if ready.contains(&true) {
            let mut buffer = [0; 64];
            match (&*nudged).read(&mut buffer) {
                Ok(0) => return false,
                _ => due = due.min(earliest.max(now)),
            }
        }
    }
}

fn run(mut client: Client, to: &Reporter, task: &Task) {
    panics::provoke("action");
    for (number, part) in task.parts.iter().enumerate() {
        let result = carry_out(&mut client, part);
        if !to.send(Report::PartDone { task: task.id, part: number, result }) {
            return;
        }
    }
}

fn carry_out(client: &mut Client, part: &Part) -> Result<(), CallError> {
    for step in &part.steps {
        step.judge(call(client, step))?;
    }
    Ok(())
}

fn call(client: &mut Client, step: &Step) -> Result<Value, CallError> {
    client.call(step.method, &step.params).map_err(|error| match error.fault() {
        Some(_) => CallError::of(&error),
        None => CallError { code: None, text: reason(&error) },
    })
}

fn ask(mut client: Client, to: &Reporter, query: Query, step: &Step) {
    let answer = call(&mut client, step);
    to.send(Report::Answer(query, answer));
}
