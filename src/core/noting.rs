//! Adds notes to the history: who requested what of a process, and what has changed about it.

use super::Supervisor;
use super::effect::ProcId;
use super::notes::{Note, NoteKind};
use super::time::Now;
use crate::conf::config::Process;
use crate::conf::diff;

impl Supervisor {
    /// Adds to the history of a process.
    pub(super) fn note(&mut self, id: ProcId, what: NoteKind, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        self.history.note(&process.group, &process.config.name, Note { when: now.wall, what });
        self.limit_history();
    }

    /// Adds the request of the job that acts now, if there is one.
    pub(super) fn note_start(&mut self, id: ProcId, now: Now) {
        if let Some(by) = self.acting.clone() {
            self.note(id, NoteKind::StartRequested(by), now);
        }
    }

    /// Not for what is active from the start of the daemon.
    pub(super) fn note_added(&mut self, id: ProcId, now: Now) {
        if self.running {
            self.note(id, NoteKind::Added(self.acting.clone()), now);
        }
    }

    pub(super) fn note_change(&mut self, id: ProcId, new: &Process, now: Now) {
        let Some(process) = self.processes.get(&id) else { return };
        let changes = diff::of_processes(&process.config, new).into_iter();
        let options: Vec<String> = changes.map(|it| it.option.to_owned()).collect();
        if !options.is_empty() {
            self.note(id, NoteKind::Changed { options, by: self.acting.clone() }, now);
        }
    }
}
