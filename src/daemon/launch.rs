//! Starts a child: resolves the command, opens socket, pipes and logs, and forks. Error messages
//! are identical to Supervisor's and shown as `spawnerr`.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;

use super::child_settings;
use super::command::Command;
use super::pipes::{ChildEnds, Latency, NewPipes, ParentEnds};
use super::shell::Shell;
use crate::conf::config::{Environment, Process};
use crate::conf::env_file::{self, EnvFile};
use crate::core::effect::{Pid, ProcId};
use crate::core::group;
use crate::os::child_settings::SpawnError;
use crate::os::spawn::ChildSpec;
use crate::os::{errno, locale, trusted, users};

/// An environment.
pub(super) type Variables = Vec<(OsString, OsString)>;

/// A started child.
pub(super) struct Launched {
    pub(super) pid: Pid,
    /// The child has no stdin pipe.
    pub(super) without_stdin: bool,
}

impl Shell<'_> {
    /// Starts `process`. On failure all resources of the attempt are released.
    pub(super) fn launch(&mut self, process: &group::Process) -> Result<Launched, String> {
        let id = process.id();
        let launched = self.try_launch(id, process);
        if launched.is_err() {
            self.notify_sockets.close(&mut self.poller, id);
            self.logs.close(id);
            Self::discard_tree(id, process.config());
        }
        launched
    }

    fn try_launch(&mut self, id: ProcId, process: &group::Process) -> Result<Launched, String> {
        let config = process.config();
        let name = &config.name;
        let socket = self.sockets.acquire(process.group(), id, &mut self.logs.activity)?;
        let without_stdin = socket.is_some();
        let command = self.kernel.resolve(config).map_err(|error| error.to_string())?;
        let pipes = NewPipes::open(!config.redirect_stderr, socket)
            .map_err(|error| pipe_error(name, &error))?;
        self.logs.open(id, config).map_err(|error| pipe_error(name, &error))?;
        let mut environment = self.environment(process)?;
        if config.is_notifying() {
            let socket = self.open_notify_socket(id, config, &mut environment);
            socket.map_err(|error| pipe_error(name, &error))?;
        }
        let tree = self.prepare_tree(id, config, &mut environment);
        let (ours, child) = pipes.split();
        let mut spec = child_spec(config, command, environment, child);
        spec.settings.extend(tree);
        let spawned = self.kernel.spawn(spec);
        let pid = Pid(spawned.map_err(|error| spawn_error(name, &error))?);
        self.unclaimed = Some((id, pid));
        self.register_child(process, pid, ours);
        self.check_tree(id, config, pid);
        Ok(Launched { pid, without_stdin })
    }

    /// Registers the pipes of a child. If that fails, the child keeps running unmonitored and the
    /// failure is logged.
    fn register_child(&mut self, process: &group::Process, pid: Pid, ends: ParentEnds) {
        let (id, latency) = (process.id(), Latency::of(process));
        if let Err(error) = self.pipes.register(&mut self.poller, id, ends, latency) {
            self.critical(&format!("cannot watch the output of pid {}: {error}", pid.0));
        }
    }

    /// The daemon's environment, then Supervisor's variables, those of files, and the configured
    /// ones.
    pub(super) fn environment(&self, process: &group::Process) -> Result<Variables, String> {
        let config = process.config();
        let mut environment = locale::environment();
        let of_files = env_files(config)?;
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
        for (name, value) in &of_files {
            set(name, value);
        }
        for (name, value) in &config.environment {
            set(name, value);
        }
        Ok(environment)
    }
}

/// The variables of `env_file`, in the order of the files. No value becomes part of an error.
fn env_files(config: &Process) -> Result<Environment, String> {
    let mut variables = Environment::new();
    for EnvFile { path, is_optional } in &config.env_file {
        let text = match read(path) {
            Err(error) if *is_optional && error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                let error = errno::message(&error);
                return Err(format!("can't read the environment file '{path}': {error}"));
            }
            Ok(bytes) => String::from_utf8(bytes)
                .map_err(|_| format!("the environment file '{path}' is not UTF-8"))?,
        };
        let read = env_file::variables(&text);
        variables
            .extend(read.map_err(|error| format!("{path}:{}: {}", error.line, error.message))?);
    }
    Ok(variables)
}

fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    trusted::read(Path::new(path))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A child that is executed as the process is configured: user, directory, umask.
pub(super) fn child_spec(
    config: &Process,
    command: Command,
    environment: Variables,
    ends: ChildEnds,
) -> ChildSpec {
    ChildSpec {
        program: command.program.into(),
        argv: command.argv,
        environment,
        directory: config.directory.as_ref().map(OsString::from),
        umask: config.umask,
        settings: child_settings::of(config),
        leads_group: true,
        user: config.user.as_ref().map(|user| (user.uid, users::identity(user.uid))),
        stdin: ends.stdin,
        stdout: ends.stdout,
        stderr: ends.stderr,
    }
}

/// An empty `serverurl=` hides the daemon's URL.
fn server_url<'a>(config: &'a Process, own: Option<&'a str>) -> Option<&'a str> {
    config.serverurl.as_deref().or(own).filter(|url| !url.is_empty())
}

fn pipe_error(name: &str, error: &io::Error) -> String {
    match errno::describe(error).as_str() {
        "EMFILE" => format!("too many open files to spawn '{name}'"),
        other => format!("unknown error making dispatchers for '{name}': {other}"),
    }
}

/// A fork that failed has Supervisor's message.
pub(super) fn spawn_error(name: &str, error: &SpawnError) -> String {
    let error = match error {
        SpawnError::Fork(error) => error,
        SpawnError::Setting { name: option, error } => {
            return format!("can't set {option} of '{name}': {}", errno::describe(error));
        }
    };
    if error.kind() == io::ErrorKind::WouldBlock {
        format!("Too many processes in process table to spawn '{name}'")
    } else {
        format!("unknown error during fork for '{name}': {}", errno::describe(error))
    }
}
