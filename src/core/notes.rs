//! What was done to a process, and what was found out about it, between its starts and ends: requests,
//! readiness, new configurations. The last few of each process are part of the history.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::exit_report::{Requester, StopRequest};
use super::time::Wall;
use crate::conf::signals::Signal;

/// How many notes of a process are kept.
const NOTES: usize = 20;

/// The last notes of a process, oldest first. A process without any needs no memory for them.
pub type Notes = VecDeque<Note>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub when: Wall,
    pub what: NoteKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoteKind {
    /// A job requested its start.
    StartRequested(Requester),
    StopRequested(StopRequest),
    /// A client sent a signal.
    Signalled {
        signal: Signal,
        requester: String,
    },
    Ready,
    /// A readiness probe failed after success.
    NotReady(String),
    /// A liveness probe failed: it is restarted.
    NotLive(String),
    Disabled,
    Enabled,
    /// It became part of the active configuration.
    Added(Option<Requester>),
    Removed(Option<Requester>),
    /// These options have new values.
    Changed {
        options: Vec<String>,
        by: Option<Requester>,
    },
}

pub(super) fn push(notes: &mut Notes, note: Note) {
    if notes.len() >= NOTES {
        notes.pop_front();
    }
    notes.push_back(note);
}
