//! The command line of supervisord, and the search for a configuration without `-c`.

use super::config::LogLevel;
use super::getopt::{self, OptionSpec, ParsedOption};
use super::host::Host;
use super::kinds::{Bytes, Directory, FilePath, Integer, Kind, Level, Octal};
use super::python::path;

/// The command line options that override the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    pub configuration: Option<String>,
    pub nodaemon: bool,
    pub silent: bool,
    pub user: Option<String>,
    pub umask: Option<u32>,
    pub directory: Option<String>,
    pub logfile: Option<String>,
    pub logfile_maxbytes: Option<i64>,
    pub logfile_backups: Option<i64>,
    pub loglevel: Option<LogLevel>,
    pub pidfile: Option<String>,
    pub identifier: Option<String>,
    pub childlogdir: Option<String>,
    pub nocleanup: bool,
    pub minfds: Option<i64>,
    pub minprocs: Option<i64>,
    pub strip_ansi: bool,
    /// Refuse a configuration that others may change.
    pub strict: bool,
    /// Accepted for compatibility and ignored.
    pub profile_options: Option<String>,
}

/// What a command line requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    Run(Box<CommandLine>),
    Help,
    Version,
}

/// The effect of an option.
#[derive(Clone, Copy)]
enum Effect {
    Help,
    Version,
    Set(Setter),
}

/// Applies an option to a command line; `Ok(false)` means that it was given before.
type Setter = fn(&mut CommandLine, &str, &dyn Host) -> Result<bool, String>;

macro_rules! options {
    ($($short:expr, $long:literal, $argument:literal, $effect:expr, $doc:literal;)+) => {
        /// All options, in the order of the help text.
        pub const FLAGS: &[OptionSpec] =
            &[$(OptionSpec { short: $short, long: $long, argument: $argument, doc: $doc }),+];
        const EFFECTS: &[Effect] = &[$($effect),+];
    };
}

options! {
    Some('c'), "configuration", "FILENAME", Effect::Set(|line, text, _| Ok(once(&mut line.configuration, text.to_owned()))), "the configuration file; without it the default paths are searched";
    Some('n'), "nodaemon", "", Effect::Set(|line, _, _| Ok(flag(&mut line.nodaemon))), "stay in the foreground";
    Some('s'), "silent", "", Effect::Set(|line, _, _| Ok(flag(&mut line.silent))), "do not write the log to standard output";
    Some('h'), "help", "", Effect::Help, "print this text";
    Some('v'), "version", "", Effect::Version, "print the compatible version of Supervisor";
    Some('u'), "user", "USER", Effect::Set(|line, text, _| Ok(once(&mut line.user, text.to_owned()))), "run as this user, given by name or number";
    Some('m'), "umask", "UMASK", Effect::Set(|line, text, host| Ok(once(&mut line.umask, Octal::parse(text, host)?))), "umask of the daemon (022)";
    Some('d'), "directory", "DIR", Effect::Set(|line, text, host| Ok(once(&mut line.directory, Directory::parse(text, host)?))), "working directory in the background";
    Some('l'), "logfile", "FILENAME", Effect::Set(|line, text, host| Ok(once(&mut line.logfile, FilePath::parse(text, host)?))), "use FILENAME as the activity log";
    Some('y'), "logfile_maxbytes", "BYTES", Effect::Set(|line, text, host| Ok(once(&mut line.logfile_maxbytes, Bytes::parse(text, host)?))), "size at which the log is rotated";
    Some('z'), "logfile_backups", "NUM", Effect::Set(|line, text, host| Ok(once(&mut line.logfile_backups, Integer::parse(text, host)?))), "number of rotated logs to keep";
    Some('e'), "loglevel", "LEVEL", Effect::Set(|line, text, host| Ok(once(&mut line.loglevel, Level::parse(text, host)?))), "critical, error, warn, info, debug, trace or blather";
    Some('j'), "pidfile", "FILENAME", Effect::Set(|line, text, host| Ok(once(&mut line.pidfile, FilePath::parse(text, host)?))), "file for the process id";
    Some('i'), "identifier", "NAME", Effect::Set(|line, text, _| Ok(once(&mut line.identifier, text.to_owned()))), "identifier of this daemon";
    Some('q'), "childlogdir", "DIR", Effect::Set(|line, text, host| Ok(once(&mut line.childlogdir, Directory::parse(text, host)?))), "directory for AUTO logs";
    Some('k'), "nocleanup", "", Effect::Set(|line, _, _| Ok(flag(&mut line.nocleanup))), "keep the AUTO logs of earlier runs";
    Some('a'), "minfds", "NUM", Effect::Set(|line, text, host| Ok(once(&mut line.minfds, Integer::parse(text, host)?))), "minimum number of file descriptors";
    Some('t'), "strip_ansi", "", Effect::Set(|line, _, _| Ok(flag(&mut line.strip_ansi))), "strip escape sequences from logs";
    None, "minprocs", "NUM", Effect::Set(|line, text, host| Ok(once(&mut line.minprocs, Integer::parse(text, host)?))), "minimum number of processes";
    None, "profile_options", "OPTIONS", Effect::Set(|line, text, _| Ok(once(&mut line.profile_options, text.to_owned()))), "accepted and ignored";
    Some('?'), "", "", Effect::Help, "";
}

fn once<T>(slot: &mut Option<T>, value: T) -> bool {
    slot.replace(value).is_none()
}

fn flag(slot: &mut bool) -> bool {
    !std::mem::replace(slot, true)
}

const STRICT: &str = "--strict";

/// Parses a command line without the program name. An error is the text after `Error: `.
pub fn parse(args: &[String], host: &dyn Host) -> Result<Invocation, String> {
    let strict = args.iter().any(|arg| arg == STRICT);
    // Not abbreviated, because Supervisor's own options can be: `--str` is `--strip_ansi`.
    let args: Vec<String> = args.iter().filter(|arg| *arg != STRICT).cloned().collect();
    let (given, words) = getopt::parse(FLAGS, &args)?;
    if !words.is_empty() {
        return Err(getopt::positional(&words));
    }
    let mut line = CommandLine { strict, ..CommandLine::default() };
    for option in &given {
        match EFFECTS[option.spec] {
            Effect::Help => return Ok(Invocation::Help),
            Effect::Version => return Ok(Invocation::Version),
            Effect::Set(set) => apply(&mut line, option, set, host)?,
        }
    }
    Ok(Invocation::Run(Box::new(line)))
}

fn apply(
    line: &mut CommandLine,
    option: &ParsedOption,
    set: Setter,
    host: &dyn Host,
) -> Result<(), String> {
    match set(line, &option.argument, host) {
        Ok(true) => Ok(()),
        Ok(false) => Err(getopt::conflicting(option)),
        Err(why) => Err(getopt::invalid(option, &why)),
    }
}

/// The help text.
pub fn help(program: &str) -> String {
    format!(
        "supervisord -- run a set of applications and keep them running.\n\nUsage: {program} [options]\n\n\
         Options:\n{}\nLong options may be abbreviated.\n\
         --check, alone or with -c, reads the configuration and starts nothing.\n\
         --strict refuses a configuration that root reads and other users may change.\n",
        getopt::help(FLAGS)
    )
}

/// The search path of the configuration file. `program` is the path of the program.
pub fn search_path(program: &str) -> Vec<String> {
    let base = path::dirname(path::dirname(program));
    vec![
        path::join(base, "etc/supervisord.conf"),
        path::join(base, "supervisord.conf"),
        "supervisord.conf".to_owned(),
        "etc/supervisord.conf".to_owned(),
        "/etc/supervisord.conf".to_owned(),
        "/etc/supervisor/supervisord.conf".to_owned(),
    ]
}

/// The first file of the search path that exists, or an error message.
pub fn find(program: &str, host: &dyn Host) -> Result<String, String> {
    let places = search_path(program);
    let found = places.iter().find(|place| host.exists(place));
    found.cloned().ok_or_else(|| {
        format!(
            "No config file found at default paths ({}); use the -c option to specify a config \
             file at a different path",
            places.join(", ")
        )
    })
}

/// The warning for root when the configuration is searched for.
pub const ROOT_SEARCHES: &str = "Supervisord is running as root and it is searching for its \
    configuration file in default locations (including its current working directory); you \
    probably want to specify a \"-c\" argument specifying an absolute path to a configuration \
    file for improved security.";

/// The path of the program; a bare name is looked up on PATH.
pub fn own_path(name: &str, host: &dyn Host) -> String {
    if name.contains('/') {
        return name.to_owned();
    }
    let dirs = host.variable("PATH").unwrap_or_default();
    let candidates = dirs.split(':').map(|dir| path::join(dir, name));
    candidates.into_iter().find(|path| host.is_executable(path)).unwrap_or_else(|| name.to_owned())
}
