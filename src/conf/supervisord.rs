//! `[supervisord]`: the options of the daemon, and the command line that overrides them.

use super::config::{Environment, LogLevel, OrphanPolicy, Supervisord, User};
use super::kinds::{self, Account, Kind};
use super::option_reader::{OptionReader, Read, Scope};
use super::options::CommandLine;
use super::python::names::{Names, Word};
use super::sections::supervisord as s;

/// The values of the section, before the command line is applied.
pub(super) struct SectionValues {
    minfds: i64,
    minprocs: i64,
    directory: Option<String>,
    user: Option<String>,
    umask: u32,
    logfile: String,
    logfile_maxbytes: i64,
    logfile_backups: i64,
    loglevel: LogLevel,
    pidfile: String,
    identifier: String,
    nodaemon: bool,
    silent: bool,
    childlogdir: String,
    nocleanup: bool,
    strip_ansi: bool,
    orphans: OrphanPolicy,
    http_maxbytes: i64,
    exit_when_done: bool,
    pub(super) environment: Environment,
}

/// Reads the section in Supervisor's order, so that the first error is the same.
pub(super) fn read(reader: &mut OptionReader<'_>) -> Read<SectionValues> {
    let names = here(reader);
    let scope = Scope { section: s::SECTION.word, names: &names, program: false };
    let minfds = reader.get(scope, &s::MINFDS);
    let minprocs = reader.get(scope, &s::MINPROCS);
    let directory = reader.if_any(scope, &s::DIRECTORY);
    let user = reader.if_any(scope, &s::USER);
    let umask = reader.get(scope, &s::UMASK);
    let logfile = reader.get(scope, &s::LOGFILE);
    let logfile_maxbytes = reader.get(scope, &s::LOGFILE_MAXBYTES);
    let logfile_backups = reader.get(scope, &s::LOGFILE_BACKUPS);
    let loglevel = reader.get(scope, &s::LOGLEVEL);
    let pidfile = reader.get(scope, &s::PIDFILE);
    let identifier = reader.get(scope, &s::IDENTIFIER);
    let nodaemon = reader.get(scope, &s::NODAEMON);
    let silent = reader.get(scope, &s::SILENT);
    let childlogdir = child_log_dir(reader, scope);
    let nocleanup = reader.get(scope, &s::NOCLEANUP);
    let strip_ansi = reader.get(scope, &s::STRIP_ANSI);
    let orphans = reader.get(scope, &s::ORPHANS);
    let environment = environment(reader, scope);
    let http_maxbytes = reader.get(scope, &s::HTTP_MAXBYTES);
    let exit_when_done = reader.get(scope, &s::EXIT_WHEN_DONE);
    Ok(SectionValues {
        minfds: minfds?,
        minprocs: minprocs?,
        directory,
        user,
        umask: umask?,
        logfile: logfile?,
        logfile_maxbytes: logfile_maxbytes?,
        logfile_backups: logfile_backups?,
        loglevel: loglevel?,
        pidfile: pidfile?,
        identifier: identifier?,
        nodaemon: nodaemon?,
        silent: silent?,
        childlogdir: childlogdir?,
        nocleanup: nocleanup?,
        strip_ansi: strip_ansi?,
        orphans: orphans?,
        http_maxbytes: http_maxbytes?,
        exit_when_done: exit_when_done?,
        environment: environment.unwrap_or_default(),
    })
}

/// The only name that all options may use.
pub(super) fn here(reader: &OptionReader<'_>) -> Names {
    let mut names = Names::default();
    names.text("here", reader.loaded.here.as_str());
    names
}

/// Supervisor expands the default as well; here a `%` in TMPDIR is literal.
fn child_log_dir(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<String> {
    let written = reader.maybe(scope, &s::CHILDLOGDIR)?;
    let dir = reader.host.temp_dir();
    written.map_or_else(|| reader.parse(scope, &dir, &s::CHILDLOGDIR), Ok)
}

/// Expanded twice, the second time with the host name. The result is available as `ENV_` names in
/// the rest of the file.
fn environment(reader: &mut OptionReader<'_>, scope: Scope<'_>) -> Read<Environment> {
    let once = reader.text(scope, &s::ENVIRONMENT)?.unwrap_or_default();
    let mut names = here(reader);
    names.text("host_node_name", reader.host.host_name());
    names.update(&reader.environ);
    let twice = reader.expand_again(Scope { names: &names, ..scope }, &once, &s::ENVIRONMENT)?;
    let environment = reader.parse(scope, &twice, &s::ENVIRONMENT)?;
    for (key, value) in &environment {
        reader.environ.set(format!("ENV_{key}"), Word::Text(value.clone()));
    }
    Ok(environment)
}

impl SectionValues {
    /// Applies the command line. The user is looked up last, as in Supervisor.
    pub(super) fn with_command_line(
        self,
        line: &CommandLine,
        reader: &mut OptionReader<'_>,
    ) -> Read<Supervisord> {
        let user = match line.user.clone().or(self.user) {
            Some(name) => Some(look_up(&name, line.user.is_some(), reader)?),
            None => None,
        };
        let host = reader.host;
        let given = |given: &Option<String>| given.clone().filter(|path| !path.is_empty());
        let logfile = given(&line.logfile).unwrap_or(self.logfile);
        let pidfile = given(&line.pidfile).unwrap_or(self.pidfile);
        Ok(Supervisord {
            logfile: if logfile == "syslog" {
                logfile
            } else {
                kinds::normalize_path(&logfile, host)
            },
            logfile_maxbytes: line.logfile_maxbytes.unwrap_or(self.logfile_maxbytes),
            logfile_backups: line.logfile_backups.unwrap_or(self.logfile_backups),
            loglevel: line.loglevel.unwrap_or(self.loglevel),
            pidfile: kinds::normalize_path(&pidfile, host),
            identifier: line.identifier.clone().unwrap_or(self.identifier),
            childlogdir: line.childlogdir.clone().unwrap_or(self.childlogdir),
            umask: line.umask.unwrap_or(self.umask),
            directory: line.directory.clone().or(self.directory),
            user,
            minfds: line.minfds.unwrap_or(self.minfds),
            minprocs: line.minprocs.unwrap_or(self.minprocs),
            nodaemon: line.nodaemon || self.nodaemon,
            silent: line.silent || self.silent,
            nocleanup: line.nocleanup || self.nocleanup,
            strip_ansi: line.strip_ansi || self.strip_ansi,
            orphans: self.orphans,
            http_maxbytes: self.http_maxbytes,
            exit_when_done: self.exit_when_done,
            environment: self.environment,
        })
    }
}

fn look_up(name: &str, on_command_line: bool, reader: &mut OptionReader<'_>) -> Read<User> {
    Account::parse(name, reader.host).map_err(|message| {
        let names = Names::default();
        let scope = Scope { section: s::SECTION.word, names: &names, program: false };
        let option = if on_command_line { "" } else { s::USER.name };
        reader.refuse(scope, option, message, Account::HINT)
    })
}
