//! The daemon that is to be replaced: whether it is one that can be, and what it was started with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::host::DaemonHost;
use crate::conf::config::Config;
use crate::conf::options::{self, CommandLine, Invocation};
use crate::core::orphans;
use crate::daemon::config_reader::ConfigReader;
use crate::daemon::real_host::RealHost;
use crate::os::{errno, processes, users};

/// The name by which supkit is the daemon.
const APPLET: &str = "supervisord";

/// Where the program of another process can be replaced.
const IS_SUPPORTED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Which processes may be traced by others of the same user, on some systems.
const YAMA: &str = "/proc/sys/kernel/yama/ptrace_scope";

/// A running Supervisor.
#[derive(Debug)]
pub struct Target {
    pub pid: i32,
    /// With the pid it identifies the process.
    pub(super) started: u64,
    /// What executes it, such as `/usr/bin/python3.11`.
    pub interpreter: PathBuf,
    /// With the interpreter.
    pub command: Vec<String>,
    /// Name and arguments for the program that replaces it.
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<Vec<u8>>,
    pub config: Config,
    pub(super) reader: ConfigReader,
}

impl Target {
    /// Examines a process that answers as the daemon of the configuration in `file`, an absolute path. An
    /// error is a message for people.
    pub fn examine(pid: i32, file: &str) -> Result<Self, String> {
        let stat = processes::stat(pid).ok_or_else(|| {
            format!("there is no process {pid}: the daemon is in another container")
        })?;
        let command = processes::arguments(pid);
        let arguments = orphans::daemon_arguments(&command).ok_or_else(|| {
            format!("process {pid} is no supervisord by its command line: {}", command.join(" "))
        })?;
        let interpreter = interpreter(pid)?;
        if !IS_SUPPORTED {
            return Err(format!(
                "the daemon (pid {pid}) can be taken over on Linux with x86-64 only\nend it and start \
                 supkit instead, which restarts all programs"
            ));
        }
        if !processes::shares_mounts(pid) {
            return Err(format!(
                "the daemon (pid {pid}) sees other files than this program\nrun it in the container of \
                 the daemon"
            ));
        }
        if !processes::has_same_machine(pid) {
            return Err(format!(
                "{} is for another machine than this program\nuse the supkit for that machine",
                interpreter.display()
            ));
        }
        match processes::thread_count(pid) {
            1 => {}
            count => {
                return Err(format!("the daemon (pid {pid}) has {count} threads instead of one"));
            }
        }
        let environment =
            processes::environment_bytes(pid).map_err(|error| inaccessible(pid, &error))?;
        let host = host(pid, &environment)?;
        let line = command_line(arguments, &host)?;
        check_file(line.configuration.as_deref(), file, &host)?;
        let name = name(&command[command.len() - arguments.len() - 1]);
        let arguments = [std::slice::from_ref(&name), arguments].concat();
        let config = crate::conf::read::read(file, &line, &host)
            .map_err(|error| error.explain(io::IsTerminal::is_terminal(&io::stderr())))?;
        let reader = ConfigReader::new(name, line, file.to_owned());
        reader.remember(&config.supervisord.environment);
        let started = stat.started;
        Ok(Self { pid, started, interpreter, command, arguments, environment, config, reader })
    }

    /// Whether this is still the same process.
    pub(super) fn is_same(&self) -> bool {
        processes::stat(self.pid).is_some_and(|stat| stat.started == self.started)
    }
}

/// The daemons that were started with this file, as far as their command lines show that.
pub fn find(file: &str) -> Vec<i32> {
    let Ok(file) = fs::canonicalize(file) else { return Vec::new() };
    let is_it = |pid: i32| -> Option<bool> {
        let command = processes::arguments(pid);
        let arguments = orphans::daemon_arguments(&command)?;
        let Ok(Invocation::Run(line)) = options::parse(arguments, &RealHost) else { return None };
        let given = PathBuf::from(line.configuration?);
        let given =
            if given.is_absolute() { given } else { processes::current_dir(pid)?.join(given) };
        Some(fs::canonicalize(given).ok()? == file)
    };
    let alive = processes::all().into_iter().filter(|it| !it.is_zombie);
    let found: Vec<_> = alive.filter(|it| is_it(it.pid) == Some(true)).collect();
    // A child looks like the daemon until it executes its program.
    let is_child = |parent: i32| found.iter().any(|it| it.pid == parent);
    found.iter().filter(|it| !is_child(it.parent)).map(|it| it.pid).collect()
}

/// What executes the daemon, if that is Python.
fn interpreter(pid: i32) -> Result<PathBuf, String> {
    let program = processes::program(pid)
        .ok_or_else(|| inaccessible(pid, &io::Error::from_raw_os_error(EACCES)))?;
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("python2") {
        // Its descriptors would all be inherited.
        return Err(format!(
            "the daemon (pid {pid}) is executed by Python 2, which is not supported"
        ));
    }
    if name.starts_with("python") {
        return Ok(program);
    }
    Err(format!(
        "the daemon (pid {pid}) is {}, not Python's Supervisor, so there is nothing to take over",
        program.display()
    ))
}

const EACCES: i32 = 13;

fn host(pid: i32, environment: &[Vec<u8>]) -> Result<DaemonHost, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let variable = |bytes: &Vec<u8>| {
        let at = bytes.iter().position(|byte| *byte == b'=')?;
        Some((text(&bytes[..at]), text(&bytes[at + 1..])))
    };
    let directory = processes::current_dir(pid)
        .ok_or_else(|| inaccessible(pid, &io::Error::from_raw_os_error(EACCES)))?;
    Ok(DaemonHost {
        environment: environment.iter().filter_map(variable).collect(),
        directory: directory.display().to_string(),
        uid: processes::owner(pid).unwrap_or_else(users::uid),
    })
}

fn command_line(arguments: &[String], host: &DaemonHost) -> Result<CommandLine, String> {
    match options::parse(arguments, host) {
        Ok(Invocation::Run(line)) => Ok(*line),
        Ok(_) => Err("the command line of the daemon does not run one".to_owned()),
        Err(error) => {
            Err(format!("supkit does not accept the command line of the daemon: {error}"))
        }
    }
}

/// The daemon must read the file that was named.
fn check_file(given: Option<&str>, file: &str, host: &DaemonHost) -> Result<(), String> {
    use crate::conf::host::Host as _;
    let Some(given) = given else { return Ok(()) };
    let own = Path::new(&host.current_dir()).join(given);
    match (fs::canonicalize(&own), fs::canonicalize(file)) {
        (Ok(own), Ok(file)) if own != file => Err(format!(
            "the daemon was started with {}, not with {}\nname that file with -c",
            own.display(),
            file.display()
        )),
        _ => Ok(()),
    }
}

/// The first argument of the new program, by which it is the daemon. The path of the old one stays visible
/// in lists of processes.
fn name(word: &str) -> String {
    let is_applet = Path::new(word).file_name().is_some_and(|name| name == APPLET);
    if is_applet { word.to_owned() } else { APPLET.to_owned() }
}

/// Why a process may not be examined or changed, and what can be done.
pub fn inaccessible(pid: i32, error: &io::Error) -> String {
    let shown = errno::describe(error);
    let is_forbidden = error.kind() == io::ErrorKind::PermissionDenied;
    if let Some(tracer) = processes::tracer(pid) {
        return format!("the daemon (pid {pid}) is traced by process {tracer} already: {shown}");
    }
    if !is_forbidden {
        return format!("the daemon (pid {pid}) cannot be examined: {shown}");
    }
    let alternative = "or end the daemon and start supkit instead, which restarts all programs";
    let scope = fs::read_to_string(YAMA).unwrap_or_default();
    let remedy = match (scope.trim(), users::uid()) {
        ("3", _) => format!("{YAMA} is 3, which forbids it to everyone; {}", &alternative[3..]),
        (_, 0) => format!("give this container the capability SYS_PTRACE, {alternative}"),
        _ => format!("run this command as root, {alternative}"),
    };
    format!("this user may not change the daemon (pid {pid}): {shown}\n{remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_old_program_stays_visible() {
        assert_eq!(name("/usr/bin/supervisord"), "/usr/bin/supervisord");
        assert_eq!(name("supervisor.supervisord"), "supervisord");
        assert_eq!(name("/opt/supervisor/supervisord.py"), "supervisord");
    }

    #[test]
    fn a_process_that_is_no_daemon_is_refused() {
        let own = i32::try_from(std::process::id()).unwrap();
        let error = Target::examine(own, "/etc/supervisord.conf").unwrap_err();
        assert!(error.contains("is no supervisord by its command line"), "{error}");
    }
}
