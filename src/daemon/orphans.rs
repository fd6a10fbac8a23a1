//! The programs of a killed daemon: reads the facts from `/proc`, and carries out what
//! [`crate::core::orphans`] decides. Used by the daemon before it starts anything, and by
//! `supkit stop`.
//!
//! Only the first run of a daemon searches. Children of this process are never orphans, so a daemon
//! that replaces itself in place keeps its own.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::activity::ActivityLog;
use super::kernel::Kernel;
use crate::conf::config::{Config, LogLevel, OrphanPolicy};
use crate::conf::sections::supervisord;
use crate::core::orphans::{Action, Ending, Facts, Orphan, Processes, Search, Seen, find};
use crate::core::time::Mono;
use crate::os::{clock, errno, processes, ready, signals, trusted, users};

/// How often it is checked whether an orphan has ended: the kernel notifies only the parent.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// `/proc` of this machine.
struct Proc;

impl Facts for Proc {
    fn environment(&self, pid: i32) -> Option<Vec<(String, String)>> {
        processes::environment(pid)
    }

    fn arguments(&self, pid: i32) -> Vec<String> {
        processes::arguments(pid)
    }

    fn has_piped_stdin(&self, pid: i32) -> bool {
        processes::has_piped_stdin(pid).unwrap_or(false)
    }

    fn shares_mounts(&self, pid: i32) -> bool {
        processes::shares_mounts(pid)
    }
}

/// The living processes; a zombie has ended.
fn living() -> Processes {
    let living = processes::all().into_iter().filter(|stat| !stat.is_zombie);
    let seen = |stat: processes::ProcessStat| {
        let processes::ProcessStat { pid, parent, group, session, started, .. } = stat;
        Seen { pid, parent, group, session, started }
    };
    living.map(seen).collect()
}

/// The orphans of a configuration. `ended` is a daemon that is known to have ended; without it, it is
/// the one that a stale pid file names.
pub fn search(config: &Config, ended: Option<i32>) -> Vec<Orphan> {
    let processes = living();
    let dead = ended
        .or_else(|| in_stale_file(&config.supervisord.pidfile))
        .filter(|pid: &i32| *pid > 0 && !processes.is_alive(*pid));
    let own_pid = i32::try_from(std::process::id()).unwrap_or_default();
    find(&Search { config, own_pid, dead, processes: &processes, facts: &Proc })
}

/// The pid in a pid file. One from before the last boot means nothing.
fn in_stale_file(path: &str) -> Option<i32> {
    let written = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let is_of_this_boot = written >= clock::wall().saturating_sub(clock::since_boot());
    trusted::read_to_string(Path::new(path)).ok()?.trim().parse().ok().filter(|_| is_of_this_boot)
}

/// `NAME (pid N)`.
pub fn describe(orphan: &Orphan) -> String {
    format!("{} (pid {})", orphan.full_name(), orphan.pid())
}

/// Those that this user may not signal, described with their owner.
pub fn of_others(orphans: &[Orphan]) -> Vec<String> {
    let is_denied = |seen: &&Seen| {
        let sent = signals::kill(seen.pid, 0, false);
        sent.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    let denied = orphans.iter().filter_map(|orphan| {
        let denied = orphan.members.iter().find(is_denied)?;
        let owner = processes::owner(denied.pid).and_then(users::by_id);
        let owner = owner.map_or("another user".to_owned(), |user| user.name);
        Some(format!("{} of {owner}", describe(orphan)))
    });
    denied.collect()
}

/// What remains to be ended, advanced by repeated calls.
pub struct Work(Ending);

impl Work {
    pub fn new(orphans: Vec<Orphan>, config: &Config) -> Self {
        Self(Ending::new(orphans, config))
    }

    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Sends the signals that are due, then waits for a moment unless all have ended. Returns what is
    /// to be reported; the error is a signal that could not be sent.
    pub fn advance(&mut self) -> Result<Vec<Action>, String> {
        let actions = self.0.step(&living(), Mono(clock::monotonic()));
        for action in &actions {
            if let Action::Signal { process, signal, group } = action {
                send(process, signal.0, *group)?;
            }
        }
        if !self.is_done() {
            let _ = ready::wait_readable(&[], Some(POLL_INTERVAL));
        }
        Ok(actions)
    }
}

/// A process that has ended meanwhile is not an error, and another one with its pid is not signalled.
fn send(process: &Seen, signal: i32, group: bool) -> Result<(), String> {
    let is_same = processes::stat(process.pid).is_some_and(|it| it.started == process.started);
    if !is_same {
        return Ok(());
    }
    match signals::kill(process.pid, signal, group) {
        Err(error) if errno::describe(&error) != "ESRCH" => {
            Err(format!("cannot signal pid {}: {error}", process.pid))
        }
        _ => Ok(()),
    }
}

/// Searches before a start, while nothing is changed. The error is a message for standard error.
pub(super) fn before_start(config: &Config) -> Result<Vec<Orphan>, String> {
    let found = search(config, None);
    let policy = config.supervisord.orphans;
    let refused = match policy {
        OrphanPolicy::Keep => Vec::new(),
        OrphanPolicy::Refuse => found.iter().map(describe).collect(),
        OrphanPolicy::Stop => of_others(&found),
    };
    if refused.is_empty() {
        return Ok(found);
    }
    let option = supervisord::ORPHANS.name;
    let help = match policy {
        OrphanPolicy::Refuse => format!(
            "`supkit stop -c {}` ends them, and so does a start with `{option} = stop`",
            config.file
        ),
        _ => format!("start as root or as that user, or leave them running with `{option} = keep`"),
    };
    let section = supervisord::SECTION.word;
    let place = config.origins.of(section, option).filter(|_| policy == OrphanPolicy::Refuse);
    let place = place.map_or(String::new(), |place| format!(" --> {place}\n"));
    let names = refused.join(", ");
    Err(format!("programs of a killed supervisord still run: {names}\n\n{place}  = help: {help}\n"))
}

/// Logs the orphans and, unless they are kept, ends them. Returns false if a signal asked the daemon
/// to exit meanwhile.
pub(super) fn handle(
    orphans: Vec<Orphan>,
    config: &Config,
    kernel: &mut dyn Kernel,
    log: &mut ActivityLog,
) -> io::Result<bool> {
    if orphans.is_empty() {
        return Ok(true);
    }
    let is_kept = config.supervisord.orphans == OrphanPolicy::Keep;
    let outcome = if is_kept { "is kept" } else { "is stopped first" };
    for orphan in &orphans {
        let orphan = describe(orphan);
        let message = format!("{orphan} still runs although its supervisord is dead; it {outcome}");
        log.log(LogLevel::Critical, &message);
    }
    if is_kept {
        return Ok(true);
    }
    kernel.catch_signals()?;
    Ok(end(Work::new(orphans, config), kernel, log))
}

fn end(mut work: Work, kernel: &mut dyn Kernel, log: &mut ActivityLog) -> bool {
    while !work.is_done() {
        match work.advance() {
            Ok(actions) => actions.iter().for_each(|action| report(action, log)),
            Err(error) => {
                log.log(LogLevel::Critical, &error);
                return true;
            }
        }
        let exit = [signals::TERM, signals::INT, signals::QUIT];
        if kernel.take_signals().iter().any(|signal| exit.contains(signal)) {
            let message =
                "received an exit request while programs of a dead supervisord are stopped";
            log.log(LogLevel::Warn, message);
            return false;
        }
    }
    true
}

fn report(action: &Action, log: &mut ActivityLog) {
    match action {
        Action::Signal { .. } => {}
        Action::Escalated { name, pid } => {
            log.log(LogLevel::Warn, &format!("killing '{name}' ({pid}) with SIGKILL"));
        }
        Action::Ended { name, pid } => {
            log.log(
                LogLevel::Info,
                &format!("{name} (pid {pid}) of the dead supervisord has ended"),
            );
        }
    }
}
