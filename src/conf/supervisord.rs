//! `[supervisord]`: the options that are exceptions, and the command line that overrides them.

use std::rc::Rc;

use super::config::{Environment, Supervisord, User};
use super::kinds::{self, Account, Directory, Kind, Maybe, Variables};
use super::option_reader::{OptionReader, Read, Scope};
use super::options::CommandLine;
use super::python::names::{Names, Word};
use super::run_as;
use super::section::Opt;
use super::section_reader::SectionReader;
use super::sections::supervisord as s;

/// The values of the section, before the command line is applied.
pub(super) struct SectionValues {
    settings: Supervisord,
    /// Looked up last, as in Supervisor.
    user: Option<String>,
}

/// Reads the section.
pub(super) fn read(reader: &mut OptionReader<'_>) -> Read<SectionValues> {
    let mut reader = SectionReader::with_here(reader, s::SECTION.word);
    let settings: Supervisord = reader.read()?;
    reader.reader.ignores_users =
        settings.ignore_user_without_root && !reader.reader.host.is_root();
    Ok(SectionValues { settings, user: reader.take_text(&s::USER) })
}

/// Only the text is read here, because the command line may replace it.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn user(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Account>>,
    _: &Supervisord,
) -> Read<Option<User>> {
    let (options, scope) = reader.parts();
    if let Ok(Some(text)) = options.text(scope, option) {
        reader.keep_text(option, text);
    }
    Ok(None)
}

/// The default is the system's. Supervisor expands it as well; here a `%` in TMPDIR is literal.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn childlogdir(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Directory>,
    _: &Supervisord,
) -> Read<String> {
    let (reader, scope) = reader.parts();
    let written = reader.maybe(scope, option);
    let dir = reader.host.temp_dir();
    let dir = written
        .and_then(|dir_or_none| dir_or_none.map_or_else(|| reader.parse(scope, &dir, option), Ok));
    Ok(dir.unwrap_or_default())
}

/// Expanded twice, the second time with the host name. The result is available as `ENV_` names in
/// the rest of the file.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn environment(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Variables>,
    _: &Supervisord,
) -> Read<Environment> {
    let environment = expanded_twice(reader, option).unwrap_or_default();
    for (key, value) in &environment {
        let environ = Rc::make_mut(&mut reader.reader.environ);
        environ.set(format!("ENV_{key}"), Word::Text(value.clone()));
    }
    reader.reader.environment.clone_from(&environment);
    Ok(environment)
}

fn expanded_twice(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Variables>,
) -> Read<Environment> {
    let (reader, scope) = reader.parts();
    let once = reader.text(scope, option)?.unwrap_or_default();
    let mut names = reader.here();
    names.text("host_node_name", reader.host.host_name());
    names.update(&reader.environ);
    let twice = reader.expand_again(Scope { names: &names, ..scope }, &once, option)?;
    reader.parse(scope, &twice, option)
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
        settings.state_file = settings.state_file.map(|path| kinds::normalize_path(&path, host));
        if let Some(name) = line.user.clone().or(user) {
            settings.user = if reader.ignores_users {
                run_as::own_user(reader, &name, s::SECTION.word)
            } else {
                Some(look_up(&name, line.user.is_some(), reader)?)
            };
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
