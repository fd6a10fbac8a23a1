//! Programs that are children of neither this daemon nor its keeper, because daemon and keeper were both
//! killed. They run on, but the kernel reports their end to neither; so they are looked at regularly.

use std::time::Duration;

use super::link::{Link, Orphaned};
use crate::conf::config::LogLevel;
use crate::core::effect::Pid;
use crate::core::time::Mono;
use crate::daemon::event_loop::Daemon;
use crate::os::processes;
use crate::os::wait::{ChildStatus, ChildUsage, EndedChild};

/// How often they are looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is assumed of an exit that nothing reports: a failure.
const ASSUMED: ChildStatus = ChildStatus::Exited(255);

impl Orphaned {
    fn has_ended(self) -> bool {
        let stat = processes::stat(self.pid).filter(|stat| !stat.is_zombie);
        stat.is_none_or(|stat| Some(stat.started) != self.started)
    }
}

impl Link {
    /// When [`Link::look_at_orphaned`] is to be called.
    pub(in crate::daemon) fn deadline(&self) -> Option<Mono> {
        (!self.orphaned.is_empty()).then(|| Mono(self.looked.0.saturating_add(INTERVAL)))
    }

    /// Finds those that have ended; they are returned by [`Link::ended`].
    pub(in crate::daemon) fn look_at_orphaned(&mut self, now: Mono) {
        if self.orphaned.is_empty() || now.since(self.looked) < INTERVAL {
            return;
        }
        self.looked = now;
        let (ended, others) = self.orphaned.iter().partition(|it| it.has_ended());
        self.orphaned = others;
        for Orphaned { pid, .. } in ended {
            self.gone(EndedChild { pid, status: ASSUMED, usage: ChildUsage::default() });
        }
    }
}

impl Daemon<'_> {
    /// Finds the programs whose end will not be reported.
    pub(super) fn find_orphaned(&mut self) {
        let pids: Vec<i32> = self.core.pids().map(|Pid(pid)| pid).collect();
        let mut orphaned = Vec::new();
        for pid in pids {
            let stat = processes::stat(pid);
            if stat.as_ref().is_none_or(|stat| !self.shell.kernel.is_parent(stat.parent)) {
                orphaned.push(Orphaned { pid, started: stat.map(|stat| stat.started) });
            }
        }
        if orphaned.is_empty() {
            return;
        }
        let count = orphaned.len();
        let message = format!(
            "{count} of them became orphans when both keeper and daemon were killed: their exit status \
             will not be known, and counts as 255"
        );
        self.shell.logs.log(LogLevel::Warn, &message);
        if let Some(link) = self.shell.kernel.link() {
            link.orphaned = orphaned;
        }
    }

    /// Processes the ends of orphaned programs that are noticed now.
    pub(in crate::daemon) fn look_at_orphaned(&mut self) {
        let now = self.now();
        let Some(link) = self.shell.kernel.link() else { return };
        link.look_at_orphaned(now.mono);
        if link.ended().is_some() {
            self.process_signals(Vec::new(), now);
            self.perform();
        }
    }
}
