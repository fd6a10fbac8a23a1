//! `[supervisord]`: the options of the daemon, and the command line that overrides them.

use super::config::{Environment, Supervisord, User};
use super::kinds::{self, Account, Kind};
use super::option_reader::{OptionReader, Read, Scope};
use super::options::CommandLine;
use super::python::names::{Names, Word};
use super::sections::supervisord as s;

/// The values of the section, before the command line is applied.
pub(super) struct SectionValues {
    settings: Supervisord,
    /// Looked up last, as in Supervisor.
    user: Option<String>,
}

impl SectionValues {
    pub(super) fn environment(&self) -> &Environment {
        &self.settings.environment
    }
}

/// Reads the section in Supervisor's order, so that the first error is the same.
pub(super) fn read(reader: &mut OptionReader<'_>) -> Read<SectionValues> {
    let names = here(reader);
    let scope = Scope { section: s::SECTION.word, names: &names, program: false };
    let minfds = reader.get(scope, &s::MINFDS)?;
    let minprocs = reader.get(scope, &s::MINPROCS)?;
    let directory = reader.if_any(scope, &s::DIRECTORY);
    let user = reader.if_any(scope, &s::USER);
    let settings = Supervisord {
        minfds,
        minprocs,
        directory,
        user: None,
        umask: reader.get(scope, &s::UMASK)?,
        logfile: reader.get(scope, &s::LOGFILE)?,
        logfile_maxbytes: reader.get(scope, &s::LOGFILE_MAXBYTES)?,
        logfile_backups: reader.get(scope, &s::LOGFILE_BACKUPS)?,
        loglevel: reader.get(scope, &s::LOGLEVEL)?,
        pidfile: reader.get(scope, &s::PIDFILE)?,
        identifier: reader.get(scope, &s::IDENTIFIER)?,
        nodaemon: reader.get(scope, &s::NODAEMON)?,
        silent: reader.get(scope, &s::SILENT)?,
        childlogdir: child_log_dir(reader, scope).unwrap_or_default(),
        nocleanup: reader.get(scope, &s::NOCLEANUP)?,
        strip_ansi: reader.get(scope, &s::STRIP_ANSI)?,
        environment: environment(reader, scope).unwrap_or_default(),
        orphans: reader.get(scope, &s::ORPHANS)?,
        http_maxbytes: reader.get(scope, &s::HTTP_MAXBYTES)?,
        exit_when_done: reader.get(scope, &s::EXIT_WHEN_DONE)?,
    };
    Ok(SectionValues { settings, user })
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
    /// Applies the command line.
    pub(super) fn with_command_line(
        self,
        line: &CommandLine,
        reader: &mut OptionReader<'_>,
    ) -> Read<Supervisord> {
        let Self { mut settings, user } = self;
        let host = reader.host;
        let given = |given: &Option<String>| given.clone().filter(|path| !path.is_empty());
        override_with(&mut settings.logfile, given(&line.logfile));
        override_with(&mut settings.pidfile, given(&line.pidfile));
        override_with(&mut settings.logfile_maxbytes, line.logfile_maxbytes);
        override_with(&mut settings.logfile_backups, line.logfile_backups);
        override_with(&mut settings.loglevel, line.loglevel);
        override_with(&mut settings.identifier, line.identifier.clone());
        override_with(&mut settings.childlogdir, line.childlogdir.clone());
        override_with(&mut settings.umask, line.umask);
        override_with(&mut settings.minfds, line.minfds);
        override_with(&mut settings.minprocs, line.minprocs);
        settings.directory = line.directory.clone().or(settings.directory);
        settings.nodaemon |= line.nodaemon;
        settings.silent |= line.silent;
        settings.nocleanup |= line.nocleanup;
        settings.strip_ansi |= line.strip_ansi;
        if settings.logfile != "syslog" {
            settings.logfile = kinds::normalize_path(&settings.logfile, host);
        }
        settings.pidfile = kinds::normalize_path(&settings.pidfile, host);
        if let Some(name) = line.user.clone().or(user) {
            settings.user = Some(look_up(&name, line.user.is_some(), reader)?);
        }
        Ok(settings)
    }
}

fn override_with<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
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
