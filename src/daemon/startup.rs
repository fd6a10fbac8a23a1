//! Startup and shutdown of the daemon, in Supervisor's order: privileges, limits, log, groups,
//! sockets, signals, daemonizing, pid file, event loop, cleanup.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{self, ExitCode};

use super::activity::ActivityLog;
use super::auto_log_cleanup;
use super::config_reader::ConfigReader;
use super::event_loop::{Daemon, ExitReason, Parts};
use super::handover::Saved;
use super::history_file::HistoryFile;
use super::keeping;
use super::keeping::link::Link;
use super::keeping::received::Remains;
use super::kernel::{Kernel, Local};
use super::logs::Logs;
use super::orphans;
use super::privileges::{self, DeferredLog};
use super::running;
use super::server::Server;
use super::server_sockets::{OpenServer, ServerSockets};
use super::shell::Shell;
use super::state_file;
use super::upgrade::head::Head;
use super::upgrade::{Received, replacing};
use crate::conf::config::{Config, LogLevel, Supervisord};
use crate::conf::options::CommandLine;
use crate::core::effect::Effect;
use crate::core::history::History;
use crate::core::lasting::Lasting;
use crate::core::orphans::Orphan;
use crate::core::supervisor::Supervisor;
use crate::ini::text;
use crate::keeper::protocol::ToKeeper;
use crate::keeper::{self, Start};
use crate::os::daemonize::{self, Side};
use crate::os::errno;
use crate::os::memory;
use crate::os::poller::Poller;
use crate::os::signals::ignore_write_signals;
use crate::os::trusted;
use crate::os::users;

/// A message for standard error; the exit status is 2.
#[derive(Debug)]
pub(super) struct StartupError(String);

impl From<String> for StartupError {
    fn from(message: String) -> Self {
        Self(message)
    }
}

impl From<io::Error> for StartupError {
    fn from(error: io::Error) -> Self {
        Self(errno::python_format(&error))
    }
}

/// Runs the daemon until shutdown; a restart is another run in the same process.
pub fn run(reader: &ConfigReader) -> ExitCode {
    memory::return_large_blocks();
    let mut runs = Runs::new(reader);
    let config = match reader.read_first() {
        Ok(config) => config,
        Err(error) => return report_error(reader, &error.explain(io::stderr().is_terminal())),
    };
    let first = runs.first(config);
    runs.go_on(first)
}

/// Continues a daemon that another program has handed over.
pub fn resume(program: String, line: CommandLine, received: Received) -> ExitCode {
    memory::return_large_blocks();
    let (head, saved, outcome) = match received.read() {
        Ok(read) => read,
        Err(why) => return received.give_back(&why),
    };
    // From here on nothing is given back: the state and the program before need not stay open.
    drop(received);
    let reader = ConfigReader::restore(program, line, head.reader.clone());
    let mut runs = Runs::new(&reader);
    let resumed = runs.resumed(head, saved, outcome);
    runs.go_on(resumed)
}

/// Continues a daemon that was killed.
pub fn recover(program: String, line: CommandLine, received: keeping::Received) -> ExitCode {
    memory::return_large_blocks();
    let remains = match received.read() {
        Ok(remains) => remains,
        Err(why) => {
            let _ = writeln!(io::stderr(), "supervisord: cannot continue: {why}");
            return ExitCode::from(70);
        }
    };
    let reader = ConfigReader::restore(program, line, remains.reader());
    let mut runs = Runs::new(&reader);
    let recovered = runs.recovered(remains);
    runs.go_on(recovered)
}

/// The runs of one process.
struct Runs<'a> {
    reader: &'a ConfigReader,
    kernel: Local,
    history: Option<History>,
}

type RunResult = Result<ExitReason, StartupError>;

impl<'a> Runs<'a> {
    fn new(reader: &'a ConfigReader) -> Self {
        Self { reader, kernel: Local::default(), history: None }
    }

    fn first(&mut self, config: Config) -> RunResult {
        run_once(self.reader, config, 0, &mut self.history, &mut self.kernel, true)
    }

    fn resumed(&mut self, head: Head, saved: Saved, outcome: Result<(), String>) -> RunResult {
        ignore_write_signals()?;
        self.kernel.catch_signals()?;
        if let Some(numbers) = &head.link {
            let mut link = Link::inherit(numbers)?;
            link.pidfile.clone_from(&head.pidfile);
            link.sockets.clone_from(&head.sockets);
            self.kernel.put_link(Box::new(link));
        }
        let sockets = ServerSockets::of_paths(head.sockets.clone());
        let cleanup = Cleanup { sockets, pidfile: head.pidfile.clone() };
        let descriptors = replacing::inherit(&head);
        let handed = (head, saved, descriptors);
        let daemon = Daemon::continue_from(handed, outcome, &mut self.kernel, self.reader)?;
        let exit_reason = run_to_end(daemon, &mut self.history, &cleanup);
        cleanup.run();
        Ok(exit_reason?)
    }

    fn recovered(&mut self, remains: Remains) -> RunResult {
        ignore_write_signals()?;
        daemonize::write_in_background()?;
        self.kernel.catch_signals()?;
        let mut daemon = Daemon::recover(remains, &mut self.kernel, self.reader)?;
        let mut cleanup = Cleanup::default();
        if let Some(link) = daemon.shell.kernel.link() {
            cleanup.pidfile.clone_from(&link.pidfile);
            cleanup.sockets = ServerSockets::of_paths(link.sockets.clone());
        }
        // From then on yet another one can continue.
        daemon.save_changes();
        if let Some(path) = &cleanup.pidfile {
            overwrite_pidfile(path, &mut daemon.shell.logs.activity);
        }
        let exit_reason = run_to_end(daemon, &mut self.history, &cleanup);
        cleanup.run();
        Ok(exit_reason?)
    }

    /// A restart is another run.
    fn go_on(&mut self, mut result: RunResult) -> ExitCode {
        let mut settings: Option<Supervisord> = None;
        loop {
            let serial = match result {
                Ok(ExitReason::Failed { status }) => return ExitCode::from(status),
                Ok(ExitReason::Restart { serial }) => serial,
                Ok(ExitReason::Exit | ExitReason::Upgrade { .. } | ExitReason::KeeperLost) => {
                    return ExitCode::SUCCESS;
                }
                Err(StartupError(message)) => {
                    if let Some(settings) = &settings {
                        log_failed_restart(settings, &message);
                    }
                    return report_error(self.reader, &format!("Error: {message}\n"));
                }
            };
            let config = match self.reader.read_for_restart() {
                Ok(config) => config,
                Err(error) => {
                    let explanation = error.explain(io::stderr().is_terminal());
                    return report_error(self.reader, &explanation);
                }
            };
            settings = Some(config.supervisord.clone());
            result =
                run_once(self.reader, config, serial, &mut self.history, &mut self.kernel, false);
        }
    }
}

/// Supervisor's output for an error that prevents the start.
fn report_error(reader: &ConfigReader, explanation: &str) -> ExitCode {
    let program = reader.program();
    let _ = writeln!(io::stderr(), "{explanation}For help, use {program} -h");
    ExitCode::from(2)
}

/// In the background, standard error is not visible.
fn log_failed_restart(settings: &Supervisord, message: &str) {
    if let Ok(mut log) = ActivityLog::open(settings) {
        for line in message.lines().filter(|line| !line.is_empty()) {
            log.log(LogLevel::Critical, line);
        }
    }
}

/// One run. Only the first one daemonizes.
fn run_once(
    reader: &ConfigReader,
    config: Config,
    serial: u64,
    history: &mut Option<History>,
    kernel: &mut dyn Kernel,
    is_first: bool,
) -> Result<ExitReason, StartupError> {
    let settings = config.supervisord.clone();
    let mut deferred = DeferredLog { criticals: Vec::new(), infos: config.notes.infos.clone() };
    privileges::drop_privileges(&settings, &mut deferred)
        .map_err(|why| other_user(why, &settings))?;
    if is_first {
        privileges::raise_limits(&settings, &mut deferred)?;
        ignore_write_signals()?;
        if settings.keeper {
            match keeper::split(!settings.nodaemon)? {
                Start::Daemon(packets) => kernel.put_link(Box::new(Link::new(packets)?)),
                Start::Keeper(keeper) => {
                    drop((config, deferred));
                    return Ok(ended(keeper.run(None)));
                }
                Start::Nothing(status) => return Ok(ended(status)),
            }
        }
    }
    let mut cleanup = Cleanup::default();
    let run = Run { reader, config, serial, history, deferred, is_first };
    let exit_reason =
        run.claim(&mut cleanup).and_then(|claim| run.start(claim, kernel, &mut cleanup));
    cleanup.run();
    exit_reason
}

/// How this process ends that is no daemon.
fn ended(status: u8) -> ExitReason {
    if status == 0 { ExitReason::Exit } else { ExitReason::Failed { status } }
}

/// What one run is started with.
struct Run<'a> {
    reader: &'a ConfigReader,
    config: Config,
    serial: u64,
    /// Of the previous run in this process; replaced by that of this one.
    history: &'a mut Option<History>,
    deferred: DeferredLog,
    is_first: bool,
}

/// The state of the machine before anything is changed.
struct Claim {
    /// A server that cannot be opened. Supervisor reports it only after it has opened its log.
    failure: Option<StartupError>,
    /// Programs of a killed daemon.
    orphans: Vec<Orphan>,
}

impl Run<'_> {
    /// Opens the servers before anything else is touched: they show whether a daemon with the same
    /// configuration already runs, whose logs and pid file must stay as they are.
    fn claim(&self, cleanup: &mut Cleanup) -> Result<Claim, StartupError> {
        match ServerSockets::open(&self.config) {
            Ok(sockets) => cleanup.sockets = sockets,
            Err(failure) => {
                let error = StartupError(failure.message);
                if failure.is_taken {
                    return Err(error);
                }
                return Ok(Claim { failure: Some(error), orphans: Vec::new() });
            }
        }
        if let Some(pid) = running::same_configuration(&self.config, self.reader) {
            return Err(StartupError(already_running(pid, &self.config)));
        }
        let orphans = if self.is_first { orphans::before_start(&self.config)? } else { Vec::new() };
        Ok(Claim { failure: None, orphans })
    }

    fn start(
        self,
        claim: Claim,
        kernel: &mut dyn Kernel,
        cleanup: &mut Cleanup,
    ) -> Result<ExitReason, StartupError> {
        let Self { reader, config, serial, history, mut deferred, is_first } = self;
        let settings = config.supervisord.clone();
        let mut activity = open_log(&settings)?;
        let exposures = config.notes.exposures.join("; ");
        if !exposures.is_empty() {
            let message = format!("other users may change what root runs: {exposures}");
            deferred.criticals.push(message);
        }
        let warnings = [config.notes.warnings.as_slice(), &config.notes.remarks].concat();
        write_deferred(&mut activity, &deferred, &warnings);
        if !orphans::handle(claim.orphans, &config, kernel, &mut activity)? {
            return Ok(ExitReason::Exit);
        }
        if !settings.nocleanup {
            auto_log_cleanup::clear(&settings.childlogdir, &settings.identifier, &mut activity);
        }
        let mut logs = Logs::new(activity, &settings);
        logs.open_audit(&settings)?;
        let mut shell = Shell::new(kernel, Poller::new()?, logs, config.server_url());
        let lasting = state_file::load(&settings, &mut shell.logs.activity);
        let mut core = create_core(config, serial, lasting, &mut shell)?;
        continue_history(&mut core, &mut shell, history.take(), reader);
        claim.failure.map_or(Ok(()), Err)?;
        cleanup.sockets.log(core.config(), &mut shell.logs.activity);
        let daemonizes = is_first && !settings.nodaemon;
        let parts = Parts { core, shell, server: Server::new()?, reader };
        Ok(serve(parts, &settings, history, cleanup, daemonizes)?)
    }
}

/// With what may be done about it, if the daemon may not become the user.
fn other_user(why: String, settings: &Supervisord) -> String {
    let Some(user) = settings.user.as_ref().filter(|_| users::uid() != 0) else { return why };
    let (name, own) = (&user.name, users::own_name());
    format!(
        "{why}\n\n  = `user={name}` of [supervisord] names another user than `{own}`, who starts it\n  \
         = help: start it as root or as `{name}`, or set `ignore_user_without_root = true` there\n"
    )
}

fn already_running(pid: i32, config: &Config) -> String {
    let pidfile = &config.supervisord.pidfile;
    format!(
        "supervisord already runs with this configuration (pid {pid})\n\n  \
           = `{pidfile}` names it\n  = help: to replace it, end it first with `kill {pid}`\n"
    )
}

/// What must be removed at exit.
#[derive(Default)]
struct Cleanup {
    sockets: ServerSockets,
    pidfile: Option<String>,
}

impl Cleanup {
    fn run(self) {
        self.sockets.unlink();
        if let Some(path) = self.pidfile {
            let _ = fs::remove_file(path);
        }
    }
}

fn serve(
    mut parts: Parts<'_>,
    settings: &Supervisord,
    history: &mut Option<History>,
    cleanup: &mut Cleanup,
    daemonizes: bool,
) -> io::Result<ExitReason> {
    let shell = &mut parts.shell;
    shell.kernel.catch_signals()?;
    if daemonizes {
        daemonize_process(settings, &mut *shell.kernel, &mut shell.logs.activity)?;
        // An epoll survives a fork, a kqueue does not.
        shell.poller = Poller::new()?;
    }
    cleanup.pidfile = write_pidfile(settings, &mut shell.logs.activity);
    if let Some(link) = shell.kernel.link() {
        link.pidfile.clone_from(&cleanup.pidfile);
        link.sockets = cleanup.sockets.paths().to_vec();
    }
    parts.server.limit_memory(settings.http_maxbytes);
    parts.server.add_users(&parts.core.config().users);
    for open in cleanup.sockets.listeners.drain(..) {
        let OpenServer { listener, config, certificates } = open;
        parts.server.listen(&mut shell.poller, listener, &config, certificates)?;
    }
    let mut daemon = Daemon::assemble(parts)?;
    daemon.begin();
    run_to_end(daemon, history, cleanup)
}

/// Runs a daemon until its end, also after an upgrade that failed. One that succeeds does not return.
fn run_to_end(
    mut daemon: Daemon<'_>,
    history: &mut Option<History>,
    cleanup: &Cleanup,
) -> io::Result<ExitReason> {
    loop {
        let exit_reason = daemon.run();
        if let Ok(ExitReason::Upgrade { job }) = exit_reason {
            daemon = daemon.upgrade(job, cleanup.pidfile.as_deref(), cleanup.sockets.paths())?;
            continue;
        }
        if let Ok(ExitReason::KeeperLost) = exit_reason {
            return daemon.become_keeper();
        }
        let now = daemon.shell.kernel.now();
        daemon.shell.finish_history(&daemon.core, now);
        *history = Some(daemon.core.history().clone());
        daemon.shell.logs.finish();
        daemon.server.close(&mut daemon.shell.poller);
        if let Some(link) = daemon.shell.kernel.link() {
            link.end_run();
        }
        return exit_reason;
    }
}

/// Continues the history of the previous run in this process, or else of the previous daemon.
fn continue_history(
    core: &mut Supervisor,
    shell: &mut Shell<'_>,
    known: Option<History>,
    reader: &ConfigReader,
) {
    shell.history = HistoryFile::of(&core.config().supervisord, reader.path());
    let (history, remark) = match known {
        Some(history) => (history, None),
        None => shell.history.read(),
    };
    shell.remark(remark);
    core.continue_history(history);
}

fn open_log(settings: &Supervisord) -> Result<ActivityLog, StartupError> {
    ActivityLog::open(settings).map_err(|error| {
        let path = text::repr(&settings.logfile);
        StartupError(format!(
            "could not open the log file: {}: {path}",
            errno::python_format(&error)
        ))
    })
}

/// Most severe first, as in Supervisor.
fn write_deferred(log: &mut ActivityLog, deferred: &DeferredLog, warnings: &[String]) {
    let criticals = deferred.criticals.iter().map(|message| (LogLevel::Critical, message));
    let warnings = warnings.iter().map(|message| (LogLevel::Warn, message));
    let infos = deferred.infos.iter().map(|message| (LogLevel::Info, message));
    for (level, message) in criticals.chain(warnings).chain(infos) {
        log.log(level, message);
    }
}

/// Creates the groups with their automatic logs and sockets; nothing is started yet.
pub(super) fn create_core(
    config: Config,
    serial: u64,
    lasting: Lasting,
    shell: &mut Shell<'_>,
) -> Result<Supervisor, StartupError> {
    let mut core = Supervisor::new(config).with_serial(serial);
    core.boot(shell.kernel.now());
    core.continue_from(lasting);
    while let Some(effect) = core.next_effect() {
        match effect {
            Effect::GroupAdded { name } => {
                if let Some(failure) = shell.prepare_group(&name, &core).into_iter().next() {
                    return Err(StartupError(failure));
                }
            }
            effect => {
                let now = shell.kernel.now();
                shell.perform(effect, &mut core, now);
            }
        }
    }
    Ok(core)
}

#[expect(clippy::disallowed_methods, reason = "the option `directory` of the daemon")]
fn daemonize_process(
    settings: &Supervisord,
    kernel: &mut dyn Kernel,
    log: &mut ActivityLog,
) -> io::Result<()> {
    if let Some(link) = kernel.link() {
        // The keeper ends the process that the user has started.
        let (directory, umask) = (settings.directory.clone(), settings.umask);
        link.send(&ToKeeper::Detach { directory, umask }, None);
    } else if matches!(daemonize::fork()?, Side::Parent(_)) {
        daemonize::exit_parent();
    }
    log.log(LogLevel::Info, "daemonizing the supervisord process");
    if let Some(directory) = &settings.directory {
        let shown = text::repr(directory);
        match env::set_current_dir(directory) {
            Ok(()) => log.log(LogLevel::Info, &format!("set current directory: {shown}")),
            Err(error) => {
                let error = errno::python_format(&error);
                log.log(LogLevel::Critical, &format!("can't chdir into {shown}: {error}: {shown}"));
            }
        }
    }
    daemonize::detach(settings.umask)
}

/// Returns the path if the file was written, so that it is removed at exit.
fn write_pidfile(settings: &Supervisord, log: &mut ActivityLog) -> Option<String> {
    let path = &settings.pidfile;
    if !overwrite_pidfile(path, log) {
        return None;
    }
    log.log(LogLevel::Info, &format!("supervisord started with pid {}", process::id()));
    Some(path.clone())
}

/// False if that failed, which is logged.
fn overwrite_pidfile(path: &str, log: &mut ActivityLog) -> bool {
    let text = format!("{}\n", process::id());
    let Err(error) = trusted::overwrite(Path::new(path), text.as_bytes()) else { return true };
    log.log(LogLevel::Critical, &format!("could not write pidfile {path}"));
    if trusted::is_refusal(&error) {
        log.log(LogLevel::Critical, &error.to_string());
    }
    false
}
