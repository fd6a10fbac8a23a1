//! What takes effect outside the daemon only when the state with it was saved: signals to programs, bytes
//! for their stdin, and the start of programs that were forked. So a daemon that continues neither repeats
//! nor forgets it.

use super::journal::Entry;
use crate::core::effect::ProcId;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::daemon::pipes::StdinError;
use crate::daemon::shell::Shell;

impl Shell<'_> {
    /// Does what was deferred until the state was saved.
    pub(in crate::daemon) fn deliver(&mut self, core: &mut Supervisor, now: Now) {
        let gates = self.kernel.link().map(|link| std::mem::take(&mut link.gates));
        for gate in gates.into_iter().flatten() {
            gate.open();
        }
        for kill in std::mem::take(&mut self.kills) {
            self.send_kill(kill, core, now);
            if let Some(link) = self.kernel.link() {
                link.note(&Entry::Killed, 0);
            }
        }
        for id in self.pipes.take_unwritten() {
            let outcome = self.write_pending(id);
            self.on_stdin_result(id, outcome, core, now);
        }
    }

    /// Writes buffered bytes to the stdin of a child, as far as the pipe accepts them.
    pub(in crate::daemon) fn write_pending(&mut self, id: ProcId) -> Result<(), StdinError> {
        let before = self.pipes.pending(id);
        let outcome = self.pipes.flush(&mut self.poller, id);
        let written = before.saturating_sub(self.pipes.pending(id));
        if let Some(link) = self.kernel.link().filter(|_| written > 0) {
            link.note(&Entry::StdinWrite { id }, written as u64);
        }
        outcome
    }
}
