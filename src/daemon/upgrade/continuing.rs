//! Hands a daemon over to a program, and continues one that was handed over.

use std::io;
use std::path::{Path, PathBuf};

use super::check_effects::encode_state;
use super::head::{Head, VERSION};
use super::replacing::{Handed, replace};
use crate::conf::config::LogLevel;
use crate::core::Process;
use crate::core::effect::{Input, ProcId};
use crate::core::jobs::{Job, JobId, Request, Scope, Task};
use crate::core::time::Now;
use crate::daemon::config_reader::ConfigReader;
use crate::daemon::descriptors::Descriptors;
use crate::daemon::event_loop::{Daemon, Parts};
use crate::daemon::handover::Saved;
use crate::daemon::kernel::{CAUGHT, Kernel};
use crate::os::signals;

impl<'a> Daemon<'a> {
    /// Becomes the program that a job names. Returns the daemon as it was if that fails.
    pub fn upgrade(
        mut self,
        job: JobId,
        pidfile: Option<&str>,
        sockets: &[PathBuf],
    ) -> io::Result<Self> {
        self.exit_reason = None;
        signals::block(&CAUGHT)?;
        let daemon = self.hand_over_to_program(job, pidfile, sockets);
        signals::unblock(&CAUGHT)?;
        daemon
    }

    fn hand_over_to_program(
        mut self,
        job: JobId,
        pidfile: Option<&str>,
        sockets: &[PathBuf],
    ) -> io::Result<Self> {
        let program = self.core.job(job).map(Job::target).unwrap_or_default().to_owned();
        let received = self.finish_turn(job);
        self.save_changes();
        let head = Head {
            arguments: std::env::args_os().collect(),
            signals: received,
            pidfile: pidfile.map(str::to_owned),
            sockets: sockets.to_vec(),
            ..Head::new(Some(job), self.reader)
        };
        let state = encode_state(&self).map_err(io::Error::other)?;
        let reader = self.reader;
        let (descriptors, kernel) = self.hand_over();
        let handed = Handed { head, state, descriptors, link: kernel.take_link() };
        let (mut handed, why) = replace(handed, Path::new(&program));
        if let Some(link) = handed.link.take() {
            kernel.put_link(link);
        }
        let handed = handed.into_saved().map_err(io::Error::other)?;
        Self::continue_from(handed, Err(why), kernel, reader)
    }

    /// The daemon that was handed over; `outcome` is that of the upgrade.
    pub fn continue_from(
        (head, saved, descriptors): (Head, Saved, Descriptors),
        outcome: Result<(), String>,
        kernel: &'a mut dyn Kernel,
        reader: &'a ConfigReader,
    ) -> io::Result<Self> {
        let mut daemon = Self::assemble(Parts::adopt(saved, descriptors, kernel, reader)?)?;
        let now = daemon.now();
        let Head { job, takeover, signals, version, .. } = head;
        if outcome.is_ok() {
            let before = takeover.as_ref().map(|it| it.before.clone());
            let before = before.unwrap_or_else(|| format!("supkit {version}"));
            let message = format!("supkit {VERSION} continues, before: {before}");
            daemon.shell.logs.log(LogLevel::Info, &message);
        }
        if let Some(job) = job {
            daemon.core.take(Input::Upgraded { job, result: outcome }, now);
        }
        daemon.process_signals(signals, now);
        if let Some(takeover) = takeover {
            daemon.finish_takeover(takeover.restarts, now);
        }
        // Requests that wait for the upgrade are answered now: nothing may wake the daemon for a long time.
        daemon.process_due();
        Ok(daemon)
    }

    /// Restarts what could not be adopted.
    fn finish_takeover(&mut self, restarts: Vec<ProcId>, now: Now) {
        if restarts.is_empty() {
            return;
        }
        let names = restarts.iter().filter_map(|id| self.core.process(*id));
        let target = names.map(Process::full_name).collect::<Vec<_>>().join(", ");
        let task = Task::Restart(Scope::Many(restarts));
        let request = Request { requester: "takeover".to_owned(), target, task };
        if let Err(conflict) = self.core.submit(request, now) {
            self.shell.logs.log(LogLevel::Error, &conflict.to_string());
        }
    }
}
