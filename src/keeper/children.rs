//! The children of the keeper: the daemon, and what it has adopted. The exit of the latter is reported to
//! the daemon, one at a time, and the child stays a zombie until the daemon has noted it: a daemon that is
//! killed in between leaves it to the next one.

use super::process::Keeper;
use super::protocol::{self, ToDaemon};
use crate::os::wait::{self, Which};

impl Keeper {
    /// The exit status if the daemon has ended by itself.
    pub(super) fn look_at_children(&mut self) -> Option<u8> {
        while let Ok(Some(ended)) = wait::peek(Which::Pid(self.daemon)) {
            // What it has sent before.
            self.receive();
            wait::collect(self.daemon);
            let status = self.on_daemon_ended(ended.status);
            if status.is_some() {
                return status;
            }
        }
        self.report();
        None
    }

    fn report(&mut self) {
        if self.reported.is_some() {
            return;
        }
        let Ok(Some(ended)) = wait::peek(Which::Any) else { return };
        // If it cannot be sent, the daemon has ended, and the next one gets it.
        let is_other = ended.pid != self.daemon;
        if is_other && protocol::send(&self.link, &ToDaemon::Ended(ended), None).is_ok() {
            self.reported = Some(ended.pid);
        }
    }

    /// The daemon has noted an exit.
    pub(super) fn collect(&mut self, pid: i32) {
        // Only that pid is certainly that of a zombie.
        if self.reported == Some(pid) {
            self.reported = None;
            wait::collect(pid);
        }
        self.report();
    }
}
