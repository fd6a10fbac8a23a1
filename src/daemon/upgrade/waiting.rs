//! When an upgrade that is due takes place: as soon as no client waits for what would end with this
//! program, or after a while.

use std::time::Duration;

use crate::conf::config::LogLevel;
use crate::core::jobs::JobId;
use crate::core::time::Mono;
use crate::daemon::event_loop::{Daemon, ExitReason};
use crate::daemon::shell::Shell;
use crate::os::signals;

/// How long replies that cannot be continued may take.
const PATIENCE: Duration = Duration::from_secs(5);

const KILL: i32 = 9;

impl Daemon<'_> {
    /// Ends the loop if an upgrade takes place now.
    pub(in crate::daemon) fn prepare_replacement(&mut self) {
        let now = self.now();
        self.expire_check(now);
        let Some((job, since)) = self.shell.replacement else { return };
        if !self.core.is_replacing(job) {
            self.shell.replacement = None;
            return;
        }
        let is_late = now.mono.since(since) >= PATIENCE;
        if self.exit_reason.is_none() && (is_late || !self.server.has_bound_clients()) {
            self.shell.replacement = None;
            self.exit_reason = Some(ExitReason::Upgrade { job });
        }
    }

    /// When [`Daemon::prepare_replacement`] must be called without an event.
    pub(in crate::daemon) fn upgrade_deadline(&self) -> Option<Mono> {
        let due = self.shell.replacement.map(|(_, since)| Mono(since.0.saturating_add(PATIENCE)));
        let check = self.shell.checking.as_ref().and_then(|it| it.until);
        due.into_iter().chain(check).min()
    }

    /// Ends what cannot be continued, before the state is saved. Returns the signals that were received
    /// and not acted on; later ones wait for the next program.
    pub(in crate::daemon) fn finish_turn(&mut self, job: JobId) -> Vec<i32> {
        let unsaved = self.server.unsaved_clients();
        let mut numbers = self.shell.kernel.take_signals();
        numbers.retain(|number| *number != signals::CHLD);
        self.shell.end_short_lived();
        let connections = match unsaved {
            0 => String::new(),
            1 => "; 1 connection ends".to_owned(),
            count => format!("; {count} connections end"),
        };
        let job = self.core.job(job).map(crate::core::jobs::Job::describe).unwrap_or_default();
        let message = format!("{job}: replacing the program{connections}");
        self.shell.logs.log(LogLevel::Info, &message);
        self.perform();
        numbers
    }
}

impl Shell<'_> {
    /// The job of an upgrade that is being prepared.
    pub(in crate::daemon) fn upgrade_job(&self) -> Option<JobId> {
        let checking = self.checking.as_ref().map(|it| it.job);
        checking.or(self.replacement.map(|(job, _)| job))
    }

    /// The children that carry out probes, requests and look-ups.
    pub(in crate::daemon) fn short_lived_children(&self) -> Vec<i32> {
        let probes = self.probes.children();
        let of_check = self.checking.as_ref().map(|it| it.pid);
        probes
            .chain(self.exchanges.children())
            .chain(self.names.children())
            .chain(of_check)
            .collect()
    }

    /// They are begun again by the next program, which reaps them.
    fn end_short_lived(&mut self) {
        for pid in self.short_lived_children() {
            // One that leads no group yet is killed alone; that it has just exited is no error.
            let _ = self.kernel.kill(pid, KILL, true);
            let _ = self.kernel.kill(pid, KILL, false);
        }
    }

    /// Children of the program before, which end without anybody waiting for their answers.
    pub(in crate::daemon) fn abandon(&mut self, children: Vec<i32>) {
        self.exchanges.abandon(children);
    }
}
