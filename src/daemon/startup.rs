//! From a configuration to a running daemon and back, in Supervisor's order: privileges, limits,
//! log, groups, sockets, signals, the background, the pid file, the loop, the clean-up.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::process::{self, ExitCode};

use super::activity::ActivityLog;
use super::autologs;
use super::listeners::Opened;
use super::logs::Logs;
use super::privileges::{self, Remarks};
use super::reader::Reader;
use super::server::Server;
use super::shell::Shell;
use super::turn::{Daemon, Ending, now};
use crate::conf::config::{Config, LogLevel, Supervisord};
use crate::core::effect::Effect;
use crate::core::supervisor::Supervisor;
use crate::ini::text;
use crate::os::daemonize::{self, Side};
use crate::os::errno;
use crate::os::poller::Poller;
use crate::os::signals::{CHLD, HUP, INT, QUIT, Signals, TERM, USR2, ignore_write_signals};

/// The signals that mean something to a daemon.
const CAUGHT: [i32; 6] = [TERM, INT, QUIT, HUP, CHLD, USR2];

/// A sentence for standard error; the daemon ends with status 2.
struct Refusal(String);

impl From<String> for Refusal {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self(errno::python(&error))
    }
}

/// Lives until told to end; a restart is another life of the same process.
pub fn run(reader: &Reader) -> ExitCode {
    let mut signals = None;
    let mut serial = 0;
    let mut reading = reader.read_first();
    loop {
        let config = match reading {
            Ok(config) => config,
            Err(refused) => return refuse(reader, &refused.explain(io::stderr().is_terminal())),
        };
        match live(reader, config, serial, &mut signals) {
            Ok(Ending::Exit) => return ExitCode::SUCCESS,
            Ok(Ending::Restart { serial: next }) => serial = next,
            Err(Refusal(sentence)) => return refuse(reader, &format!("Error: {sentence}\n")),
        }
        reading = reader.read();
    }
}

/// What Supervisor prints for any mistake that keeps it from starting.
fn refuse(reader: &Reader, explanation: &str) -> ExitCode {
    let program = reader.program();
    let _ = writeln!(io::stderr(), "{explanation}For help, use {program} -h");
    ExitCode::from(2)
}

/// One life. `signals` is empty in the first one, which alone goes to the background.
fn live(
    reader: &Reader,
    config: Config,
    serial: u64,
    signals: &mut Option<Signals>,
) -> Result<Ending, Refusal> {
    let is_first = signals.is_none();
    let settings = config.supervisord.clone();
    let mut remarks = Remarks { criticals: Vec::new(), infos: config.notes.infos.clone() };
    privileges::drop_root(&settings, &mut remarks)?;
    if is_first {
        privileges::raise_limits(&settings, &mut remarks)?;
        ignore_write_signals()?;
    }
    let mut activity = open_log(&settings)?;
    say(&mut activity, &remarks, &config.notes.warnings);
    if !settings.nocleanup {
        autologs::clear(&settings.childlogdir, &settings.identifier, &mut activity);
    }
    let logs = Logs::new(activity, &settings.childlogdir, &settings.identifier);
    let mut shell = Shell::new(Poller::new()?, logs, config.server_url());
    let core = boot(config, serial, &mut shell)?;
    let opened = Opened::open(core.config(), &mut shell.logs.activity)?;
    let mut ground = Ground { opened, pidfile: None };
    let ending = stand(core, shell, &settings, &mut ground, reader, signals);
    ground.clear();
    Ok(ending?)
}

/// What must not be left behind.
struct Ground {
    opened: Opened,
    pidfile: Option<String>,
}

impl Ground {
    fn clear(self) {
        self.opened.unlink();
        if let Some(path) = self.pidfile {
            let _ = fs::remove_file(path);
        }
    }
}

fn stand(
    core: Supervisor,
    mut shell: Shell,
    settings: &Supervisord,
    ground: &mut Ground,
    reader: &Reader,
    signals: &mut Option<Signals>,
) -> io::Result<Ending> {
    let signals = match signals {
        Some(caught) => caught,
        none @ None => {
            let caught = none.insert(Signals::catch(&CAUGHT)?);
            if !settings.nodaemon {
                go_to_background(settings, &mut shell.logs.activity)?;
                // An epoll survives a fork, a kqueue does not.
                shell.poller = Poller::new()?;
            }
            caught
        }
    };
    ground.pidfile = write_pidfile(settings, &mut shell.logs.activity);
    let mut server = Server::new()?;
    for (listener, config) in ground.opened.listeners.drain(..) {
        server.listen(&mut shell.poller, listener, &config)?;
    }
    let mut daemon = Daemon::new(core, shell, server, signals, reader)?;
    let ending = daemon.run();
    daemon.server.close(&mut daemon.shell.poller);
    ending
}

fn open_log(settings: &Supervisord) -> Result<ActivityLog, Refusal> {
    ActivityLog::open(settings).map_err(|error| {
        let path = text::repr(&settings.logfile);
        Refusal(format!("could not open the log file: {}: {path}", errno::python(&error)))
    })
}

/// Worst first, as Supervisor does.
fn say(log: &mut ActivityLog, remarks: &Remarks, warnings: &[String]) {
    let criticals = remarks.criticals.iter().map(|message| (LogLevel::Critical, message));
    let warnings = warnings.iter().map(|message| (LogLevel::Warn, message));
    let infos = remarks.infos.iter().map(|message| (LogLevel::Info, message));
    for (level, message) in criticals.chain(warnings).chain(infos) {
        log.log(level, message);
    }
}

/// Makes the groups, with their automatic logs and sockets; nothing is started yet.
fn boot(config: Config, serial: u64, shell: &mut Shell) -> Result<Supervisor, Refusal> {
    let mut core = Supervisor::new(config).with_serial(serial);
    core.boot(now());
    while let Some(effect) = core.next_effect() {
        match effect {
            Effect::GroupAdded { name } => {
                if let Some(failure) = shell.settle_group(&name, &core).into_iter().next() {
                    return Err(Refusal(failure));
                }
            }
            effect => shell.perform(effect, &mut core, now()),
        }
    }
    Ok(core)
}

fn go_to_background(settings: &Supervisord, log: &mut ActivityLog) -> io::Result<()> {
    if daemonize::fork()? == Side::Parent {
        daemonize::leave();
    }
    log.log(LogLevel::Info, "daemonizing the supervisord process");
    if let Some(directory) = &settings.directory {
        let shown = text::repr(directory);
        match env::set_current_dir(directory) {
            Ok(()) => log.log(LogLevel::Info, &format!("set current directory: {shown}")),
            Err(error) => {
                let error = errno::python(&error);
                log.log(LogLevel::Critical, &format!("can't chdir into {shown}: {error}: {shown}"));
            }
        }
    }
    daemonize::detach(settings.umask)
}

/// The path, if it is ours to remove.
fn write_pidfile(settings: &Supervisord, log: &mut ActivityLog) -> Option<String> {
    let (path, pid) = (&settings.pidfile, process::id());
    if fs::write(path, format!("{pid}\n")).is_err() {
        log.log(LogLevel::Critical, &format!("could not write pidfile {path}"));
        return None;
    }
    log.log(LogLevel::Info, &format!("supervisord started with pid {pid}"));
    Some(path.clone())
}
