//! From a process to a running child: command, socket, pipes, logs, fork. What fails is told in the
//! words that Supervisor keeps as `spawnerr`.

use std::ffi::OsString;
use std::io;

use super::command;
use super::pipes::{NewPipes, OurEnds};
use super::shell::Shell;
use crate::conf::config::Process;
use crate::core::effect::ProcId;
use crate::core::group;
use crate::os::errno;
use crate::os::spawn::Plan;
use crate::os::users;

/// A child that runs.
pub(super) struct Launched {
    pub(super) pid: i32,
    /// It has no pipe for its stdin.
    pub(super) without_stdin: bool,
}

impl Shell {
    /// Starts `process`. On failure nothing of the attempt is left.
    pub(super) fn launch(&mut self, process: &group::Process) -> Result<Launched, String> {
        let id = process.id();
        let launched = self.try_launch(id, process);
        if launched.is_err() {
            self.logs.close(id);
        }
        launched
    }

    fn try_launch(&mut self, id: ProcId, process: &group::Process) -> Result<Launched, String> {
        let config = process.config();
        let name = &config.name;
        let socket = self.sockets.acquire(process.group(), id, &mut self.logs.activity)?;
        let without_stdin = socket.is_some();
        let command = command::resolve(config).map_err(|error| error.to_string())?;
        let pipes = NewPipes::open(!config.redirect_stderr, socket)
            .map_err(|error| cannot_connect(name, &error))?;
        self.logs.open(id, config).map_err(|error| cannot_connect(name, &error))?;
        let (ours, child) = pipes.split();
        let plan = Plan {
            program: command.program.into(),
            argv: command.argv,
            environment: self.environment(process),
            directory: config.directory.as_ref().map(OsString::from),
            umask: config.umask,
            leads_group: true,
            user: config.user.as_ref().map(|user| (user.uid, users::identity(user.uid))),
            stdin: child.stdin,
            stdout: child.stdout,
            stderr: child.stderr,
        };
        let pid = plan.launch().map_err(|error| cannot_fork(name, &error))?;
        self.watch(id, pid, ours);
        Ok(Launched { pid, without_stdin })
    }

    /// A child whose output cannot be watched runs on without being heard; that is told.
    fn watch(&mut self, id: ProcId, pid: i32, ends: OurEnds) {
        self.pids.insert(pid, id);
        if let Err(error) = self.pipes.adopt(&mut self.poller, id, ends) {
            self.critical(&format!("cannot watch the output of pid {pid}: {error}"));
        }
    }

    /// The daemon's environment, Supervisor's own variables, then what the configuration says.
    fn environment(&self, process: &group::Process) -> Vec<(OsString, OsString)> {
        let config = process.config();
        let mut environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let mut set = |name: &str, value: &str| {
            environment.retain(|(known, _)| known != name);
            environment.push((name.into(), value.into()));
        };
        set("SUPERVISOR_ENABLED", "1");
        if let Some(url) = server_url(config, self.server_url.as_deref()) {
            set("SUPERVISOR_SERVER_URL", url);
        }
        set("SUPERVISOR_PROCESS_NAME", &config.name);
        set("SUPERVISOR_GROUP_NAME", process.group());
        for (name, value) in &config.environment {
            set(name, value);
        }
        environment
    }
}

/// An empty `serverurl=` hides the daemon's own.
fn server_url<'a>(config: &'a Process, own: Option<&'a str>) -> Option<&'a str> {
    config.serverurl.as_deref().or(own).filter(|url| !url.is_empty())
}

fn cannot_connect(name: &str, error: &io::Error) -> String {
    match errno::of(error).as_str() {
        "EMFILE" => format!("too many open files to spawn '{name}'"),
        other => format!("unknown error making dispatchers for '{name}': {other}"),
    }
}

fn cannot_fork(name: &str, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::WouldBlock {
        format!("Too many processes in process table to spawn '{name}'")
    } else {
        format!("unknown error during fork for '{name}': {}", errno::of(error))
    }
}
