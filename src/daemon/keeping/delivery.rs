//! What takes effect outside the daemon only when the state with it was saved: signals to programs, bytes
//! for their stdin, and the start of programs that were forked. So a daemon that continues neither repeats
//! nor forgets it.

use super::journal::Entry;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::daemon::shell::Shell;

impl Shell<'_> {
    /// Does what was deferred until the state was saved.
    pub(in crate::daemon) fn deliver(&mut self, core: &mut Supervisor, now: Now) {
        let gates = self.kernel.link().map(|link| std::mem::take(&mut link.gates));
        for (_, gate) in gates.into_iter().flatten() {
            gate.open();
        }
        for kill in std::mem::take(&mut self.kills) {
            // Before, because the signal may make the program run and this daemon wait.
            if let Some(link) = self.kernel.link() {
                link.note(&Entry::Killed, 0);
            }
            self.send_kill(kill, core, now);
        }
        for id in self.pipes.take_unwritten() {
            let outcome = self.pipes.flush(&mut self.poller, self.kernel.link(), id);
            self.on_stdin_result(id, outcome, core, now);
        }
    }
}
