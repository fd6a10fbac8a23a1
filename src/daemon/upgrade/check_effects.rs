//! The effects of the core that concern the check before an upgrade, and their outcomes.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;

use super::checking::{CHECK_PROGRAM, Checking};
use super::format;
use super::head::Head;
use crate::core::effect::{Input, WaitStatus};
use crate::core::jobs::JobId;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::daemon::config_reader::ConfigReader;
use crate::daemon::event_loop::Daemon;
use crate::daemon::kernel::Kernel;
use crate::daemon::launch::spawn_error;
use crate::daemon::shell::Shell;
use crate::os::spawn::ChildSpec;
use crate::os::{errno, locale, replace};

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
    let open = || -> io::Result<_> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let null = File::options().write(true).open("/dev/null")?;
        Ok((ours, theirs, null, replace::memory_file(bytes)?))
    };
    let (ours, theirs, stderr, stdin) = open().map_err(|error| errno::describe(&error))?;
    let spec = ChildSpec {
        program: program.into(),
        argv: vec![OsString::from(CHECK_PROGRAM)],
        environment: locale::environment(),
        directory: None,
        umask: None,
        settings: Vec::new(),
        leads_group: true,
        user: None,
        stdin: stdin.into(),
        stdout: theirs.into(),
        stderr: Some(stderr.into()),
    };
    let pid = kernel.spawn(spec).map_err(|error| spawn_error(program, &error))?;
    Ok(Checking::new(pid, job, program, &sum, ours, now))
}

impl Daemon<'_> {
    /// Asks a program whether it can continue this daemon.
    pub(in crate::daemon) fn check_upgrade(&mut self, job: JobId, program: &str, now: Now) {
        let head = Head::of_check(job, self.reader);
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

impl Head {
    /// Without what is known only when the daemon is handed over.
    fn of_check(job: JobId, reader: &ConfigReader) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            arguments: Vec::new(),
            job,
            signals: Vec::new(),
            reader: reader.save(),
            pidfile: None,
            sockets: Vec::new(),
            descriptors: Vec::new(),
        }
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
