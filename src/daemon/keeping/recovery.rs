//! A daemon that continues one that was killed: adopts the state and the descriptors, then repeats what
//! the journal has.

use std::collections::BTreeMap;
use std::io;

use super::journal::{Entry, Noted};
use super::received::Remains;
use crate::conf::config::LogLevel;
use crate::core::effect::{Input, OutputStream, ProcId};
use crate::daemon::config_reader::ConfigReader;
use crate::daemon::event_loop::{Daemon, Parts};
use crate::daemon::handover::Saved;
use crate::daemon::kernel::Kernel;
use crate::keeper::protocol::Cause;
use crate::os::wait::ChildStatus;

const KILL: i32 = 9;

impl<'a> Daemon<'a> {
    /// Continues a daemon that was killed.
    pub(in crate::daemon) fn recover(
        remains: Remains,
        kernel: &'a mut dyn Kernel,
        reader: &'a ConfigReader,
    ) -> io::Result<Self> {
        let Remains { mut link, head, mut saved, descriptors, cause } = remains;
        let path = |id, stream| saved.log_path(id, stream);
        if let Some((Entry::LogWrite { id, stream, place }, count)) =
            link.journal.unfinished_write()
        {
            // A pipe or a device does not show how much it got.
            let place = place.zip(path(id, stream));
            let written = place.map_or(count, |(place, path)| place.written(path, count));
            link.journal.finish_write(written);
        }
        let entries = link.journal.entries();
        link.unread = written_to_logs(&entries);
        forget_written(&mut saved, &entries);
        let killed = entries.iter().filter(|it| it.entry == Entry::Killed).count();
        kernel.put_link(Box::new(link));
        // What they carried out is begun again.
        for pid in &saved.abandoned {
            let _ = kernel.kill(*pid, KILL, true);
            let _ = kernel.kill(*pid, KILL, false);
        }
        let mut daemon = Self::assemble(Parts::adopt(saved, descriptors, kernel, reader)?)?;
        let count = daemon.core.processes().filter(|it| it.pid().is_some()).count();
        let processes =
            if count == 1 { "1 process runs".into() } else { format!("{count} processes run") };
        let message = format!("{}; this daemon continues, and {processes} on", describe(cause));
        daemon.shell.logs.log(LogLevel::Critical, &message);
        daemon.shell.kills = head.kills.into_iter().skip(killed).collect();
        daemon.replay(entries);
        daemon.find_orphaned();
        if let Some(job) = head.upgrade {
            let now = daemon.now();
            let result = Err("the daemon was killed meanwhile".to_owned());
            daemon.core.take(Input::Upgraded { job, result }, now);
        }
        daemon.perform();
        Ok(daemon)
    }
}

fn describe(cause: Cause) -> String {
    match cause {
        Cause::Ended(ChildStatus::Exited(code)) => {
            format!("the daemon before has exited with status {code}")
        }
        Cause::Ended(ChildStatus::Signaled { signal, .. }) => {
            let signal = crate::conf::signals::Signal(signal);
            format!("the daemon before was killed by {signal}")
        }
        Cause::KeeperLost => "the daemon before has become the keeper".to_owned(),
    }
}

/// How much the daemon before has written to each log since it saved its state.
fn written_to_logs(entries: &[Noted]) -> BTreeMap<(ProcId, OutputStream), u64> {
    let mut written = BTreeMap::new();
    for noted in entries {
        if let Entry::LogWrite { id, stream, .. } = noted.entry {
            *written.entry((id, stream)).or_default() += noted.number;
        }
    }
    written.retain(|_, count| *count > 0);
    written
}

/// Removes the bytes that the daemon before has written to the stdins of programs.
fn forget_written(saved: &mut Saved, entries: &[Noted]) {
    for noted in entries {
        let Entry::StdinWrite { id } = noted.entry else { continue };
        for stdin in saved.stdins.iter_mut().filter(|it| it.id == id) {
            let count = usize::try_from(noted.number).unwrap_or(usize::MAX);
            stdin.pending.drain(..count.min(stdin.pending.len()));
        }
    }
}
