//! The end if no daemon can continue: the programs are stopped, and the exit status is a failure, so that
//! whatever started the keeper may start everything anew.

use std::io::{self, Write as _};
use std::process;
use std::time::Duration;

use super::process::Keeper;
use crate::os::clock;
use crate::os::processes;
use crate::os::signals::{self, TERM};
use crate::os::trusted;
use crate::os::wait;

const KILL: i32 = 9;
/// The exit status, that of an internal error.
const STATUS: u8 = 70;
/// How long the programs may take to stop; the default of Supervisor.
const PATIENCE: Duration = Duration::from_secs(10);
const LAST_MOMENT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

impl Keeper {
    pub(super) fn give_up(&mut self, why: &str) -> u8 {
        self.log(&format!("{why}; the keeper stops all programs and exits with status {STATUS}"));
        self.end_all(TERM, PATIENCE);
        self.end_all(KILL, LAST_MOMENT);
        STATUS
    }

    /// In the format of the activity log, and to standard error.
    fn log(&self, message: &str) {
        let wall = clock::wall();
        let line =
            format!("{},{:03} CRIT {message}\n", clock::local(wall).stamp(), wall.subsec_millis());
        if let Some(Ok(mut log)) = self.log.as_deref().map(trusted::append) {
            let _ = log.write_all(line.as_bytes());
        }
        let _ = io::stderr().write_all(line.as_bytes());
    }

    /// Signals the process groups of all children until there is none, or until the time is over.
    fn end_all(&mut self, signal: i32, limit: Duration) {
        let until = clock::monotonic() + limit;
        let mut signalled = Vec::new();
        loop {
            while let Ok(Some(_)) = wait::reap() {}
            let children = children();
            if children.is_empty() || clock::monotonic() >= until {
                return;
            }
            for pid in children {
                if !signalled.contains(&pid) {
                    signalled.push(pid);
                    // One that leads no group gets it alone.
                    if signals::kill(pid, signal, true).is_err() {
                        let _ = signals::kill(pid, signal, false);
                    }
                }
            }
            let _ = self.poller.wait(Some(PAUSE));
            self.signals.take();
        }
    }
}

fn children() -> Vec<i32> {
    let own = i32::try_from(process::id()).unwrap_or_default();
    let all = processes::all().into_iter();
    all.filter(|it| it.parent == own && !it.is_zombie).map(|it| it.pid).collect()
}
