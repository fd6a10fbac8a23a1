//! The daemon that already runs where another one is started by mistake: finds its pid, for the
//! error message.

use std::fs;
use std::path::Path;
use std::process;

use super::config_reader::ConfigReader;
use super::real_host::RealHost;
use crate::conf::config::{Bind, Config, InetServer, UnixServer};
use crate::conf::options::{self, Invocation};
use crate::core::orphans;
use crate::os::{processes, trusted};

/// A process that holds what this daemon needs.
pub(super) struct Holder {
    pub(super) pid: i32,
    pub(super) is_supervisord: bool,
}

/// The process that listens at an address. Descriptors of another user cannot be read; then it is
/// the daemon in the pid file.
pub(super) fn listener(bind: &Bind, config: &Config) -> Option<Holder> {
    let pid = match bind {
        Bind::Unix(UnixServer { path, .. }) => processes::unix_listener(Path::new(path)),
        Bind::Inet(InetServer { address: (host, port), .. }) => {
            processes::tcp_listener(host, *port)
        }
    };
    match pid {
        Some(pid) => Some(Holder { pid, is_supervisord: is_supervisord(pid) }),
        None => in_pidfile(config).map(|pid| Holder { pid, is_supervisord: true }),
    }
}

/// The pid of a daemon with the same configuration and pid file, for servers that cannot show it:
/// there is none, or its socket file was deleted.
pub(super) fn same_configuration(config: &Config, reader: &ConfigReader) -> Option<i32> {
    let pid = in_pidfile(config)?;
    let file = fs::canonicalize(reader.path()).ok()?;
    (processes::shares_mounts(pid) && configuration_of(pid)? == file).then_some(pid)
}

/// The daemon in the pid file, if it is alive and another process.
fn in_pidfile(config: &Config) -> Option<i32> {
    let pid: i32 = trusted::read_to_string(Path::new(&config.supervisord.pidfile))
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let is_other = u32::try_from(pid).is_ok_and(|pid| pid != process::id());
    (is_other && is_supervisord(pid)).then_some(pid)
}

fn is_supervisord(pid: i32) -> bool {
    let is_alive = processes::stat(pid).is_some_and(|stat| !stat.is_zombie);
    is_alive && orphans::daemon_arguments(&processes::arguments(pid)).is_some()
}

/// The file that a daemon was started with, if its command line names it.
fn configuration_of(pid: i32) -> Option<std::path::PathBuf> {
    let all = processes::arguments(pid);
    let arguments = orphans::daemon_arguments(&all)?;
    let Ok(Invocation::Run(line)) = options::parse(arguments, &RealHost) else { return None };
    let file = processes::current_dir(pid)?.join(line.configuration?);
    fs::canonicalize(file).ok()
}
