//! Receives the messages of processes with `ready_notify`.

use super::shell::Shell;
use crate::core::effect::{Input, Pid, ProcId};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::notify_socket::{Message, group_of};
use crate::os::users;

/// The maximum number of messages that are read in one turn of the loop.
const MAX_MESSAGES: usize = 64;

impl Shell<'_> {
    /// Messages of a process have arrived.
    pub(super) fn on_notification(&mut self, id: ProcId, core: &mut Supervisor, now: Now) {
        for _ in 0..MAX_MESSAGES {
            let Some(message) = self.notify_sockets.receive(id) else { return };
            if is_trusted(&message, id, core) {
                core.take(Input::Notified { id, message: message.text }, now);
            }
        }
    }
}

/// Whether a message comes from the process itself: from its process group, its user, the user of
/// the daemon or root. Any user can send to an abstract socket.
fn is_trusted(message: &Message, id: ProcId, core: &Supervisor) -> bool {
    let Some(process) = core.process(id) else { return false };
    let users = [Some(0), Some(users::uid()), process.config().user.as_ref().map(|it| it.uid)];
    let is_own_group =
        || process.pid().is_some() && group_of(message.pid).map(Pid) == process.pid();
    users.contains(&Some(message.uid)) || is_own_group()
}
