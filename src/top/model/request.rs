//! What the state requests from the shell, and what the shell reports to it.

use super::methods::CallError;
use super::row::Target;
use super::snapshot::Snapshot;
use super::task::{Step, Task};
use crate::ctl::Channel;
use crate::rpc::value::Value;

/// What the shell is to do.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) enum Request {
    /// A snapshot as soon as possible.
    Refresh,
    Run(Task),
    Ask(Query, Step),
    Follow {
        id: u64,
        name: String,
        channel: Channel,
    },
    Unfollow,
    /// Draw everything again.
    Redraw,
    Suspend,
    Quit,
}

/// A question whose answer is shown as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) enum Query {
    Why(Target),
    Graph,
    /// What an update would do.
    Plan,
    /// The same with Supervisor's daemon.
    PlainPlan,
}

/// What the shell has found out.
#[derive(Debug)]
pub(in crate::top) enum Report {
    Snapshot(Snapshot),
    /// There is no connection.
    Lost(String),
    PartDone {
        task: u64,
        part: usize,
        result: Result<(), CallError>,
    },
    Answer(Query, Result<Value, CallError>),
    /// The stream of a log begins.
    LogOpened(u64),
    LogBytes(u64, Vec<u8>),
    LogFailed(u64, String),
}
