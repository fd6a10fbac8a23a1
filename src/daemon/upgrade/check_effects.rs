//! The effects of the core that concern the check before an upgrade, and their outcomes.

use std::ffi::OsString;

use super::checking::{CHECK_PROGRAM, Checking};
use super::format;
use super::head::Head;
use crate::core::effect::{Input, WaitStatus};
use crate::core::jobs::JobId;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::daemon::answering_child::answering;
use crate::daemon::event_loop::Daemon;
use crate::daemon::kernel::Kernel;
use crate::daemon::launch::spawn_error;
use crate::daemon::shell::Shell;
use crate::os::{errno, replace};

const KILL: i32 = 9;

/// Starts a program with a state of the daemon.
fn begin(
    job: JobId,
    program: &str,
    bytes: &[u8],
    kernel: &mut dyn Kernel,
    now: Now,
) -> Result<Checking, String> {
    let (_, _, sum) = format::decode(bytes)?;
    let stdin = replace::memory_file(bytes).map_err(|error| errno::describe(&error))?;
    let argv = vec![OsString::from(CHECK_PROGRAM)];
    let (spec, answer) =
        answering(program, argv, stdin.into()).map_err(|error| errno::describe(&error))?;
    let pid = kernel.spawn(spec).map_err(|error| spawn_error(program, &error))?;
    Ok(Checking::new(pid, job, program, &sum, answer, now))
}

impl Daemon<'_> {
    /// Asks a program whether it can continue this daemon.
    pub(in crate::daemon) fn check_upgrade(&mut self, job: JobId, program: &str, now: Now) {
        let head = Head::new(Some(job), self.reader);
        let begun = encode(&head, self)
            .and_then(|bytes| begin(job, program, &bytes, &mut *self.shell.kernel, now));
        match begun {
            Ok(checking) => self.shell.checking = Some(checking),
            Err(why) => self.core.take(Input::UpgradeChecked { job, result: Err(why) }, now),
        }
    }

    /// Ends a check that takes too long.
    pub(in crate::daemon) fn expire_check(&mut self, now: Now) {
        let Some(checking) = &mut self.shell.checking else { return };
        if checking.until.is_some_and(|until| now.mono >= until) {
            checking.until = None;
            // That it has just exited is no error.
            let _ = self.shell.kernel.kill(checking.pid, KILL, false);
        }
    }
}

impl Shell<'_> {
    /// A child was reaped; false if it was not asked.
    pub(in crate::daemon) fn on_check_reaped(
        &mut self,
        pid: i32,
        status: WaitStatus,
        core: &mut Supervisor,
        now: Now,
    ) -> bool {
        let Some(checking) = self.checking.take_if(|it| it.pid == pid) else { return false };
        let (job, result) = (checking.job, checking.result(status));
        core.take(Input::UpgradeChecked { job, result }, now);
        true
    }
}

/// The state of a daemon as JSON.
pub(in crate::daemon) fn encode_state(daemon: &Daemon<'_>) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&daemon.state()).map_err(|error| error.to_string())
}

fn encode(head: &Head, daemon: &Daemon<'_>) -> Result<Vec<u8>, String> {
    let head = serde_json::to_vec(head).map_err(|error| error.to_string())?;
    Ok(format::encode(&head, &encode_state(daemon)?))
}
