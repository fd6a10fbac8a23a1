//! The command line of supervisord: its options, what they say of the configuration, and where the
//! configuration is looked for without `-c`.

use super::config::LogLevel;
use super::getopt::{self, Flag, Given};
use super::kinds::{Bytes, Directory, FilePath, Integer, Kind, Level, Octal};
use super::python::path;
use super::surroundings::Surroundings;

/// What a command line lays over the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    pub configuration: Option<String>,
    pub nodaemon: bool,
    pub silent: bool,
    pub user: Option<String>,
    pub umask: Option<i64>,
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
    /// Taken for Supervisor's sake; there is no Python to profile.
    pub profile_options: Option<String>,
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Run(Box<CommandLine>),
    Help,
    Version,
}

/// What an option does.
#[derive(Clone, Copy)]
enum Effect {
    Help,
    Version,
    Set(Setter),
}

/// Lays an option over a command line; `Ok(false)` says that it has been given before.
type Setter = fn(&mut CommandLine, &str, &dyn Surroundings) -> Result<bool, String>;

macro_rules! options {
    ($($short:expr, $long:literal, $argument:literal, $effect:expr, $doc:literal;)+) => {
        /// All options, in the order of the help text.
        pub const FLAGS: &[Flag] =
            &[$(Flag { short: $short, long: $long, argument: $argument, doc: $doc }),+];
        const EFFECTS: &[Effect] = &[$($effect),+];
    };
}

options! {
    Some('c'), "configuration", "FILENAME", Effect::Set(|line, text, _| Ok(once(&mut line.configuration, text.to_owned()))), "the configuration; without it some places are searched";
    Some('n'), "nodaemon", "", Effect::Set(|line, _, _| Ok(flag(&mut line.nodaemon))), "stay in the foreground";
    Some('s'), "silent", "", Effect::Set(|line, _, _| Ok(flag(&mut line.silent))), "keep the log off standard output";
    Some('h'), "help", "", Effect::Help, "print this text";
    Some('v'), "version", "", Effect::Version, "print the version of Supervisor that this one equals";
    Some('u'), "user", "USER", Effect::Set(|line, text, _| Ok(once(&mut line.user, text.to_owned()))), "become this user, given by name or number";
    Some('m'), "umask", "UMASK", Effect::Set(|line, text, world| Ok(once(&mut line.umask, Octal::parse(text, world)?))), "umask of the daemon (022)";
    Some('d'), "directory", "DIR", Effect::Set(|line, text, world| Ok(once(&mut line.directory, Directory::parse(text, world)?))), "where to go in the background";
    Some('l'), "logfile", "FILENAME", Effect::Set(|line, text, world| Ok(once(&mut line.logfile, FilePath::parse(text, world)?))), "use FILENAME as the activity log";
    Some('y'), "logfile_maxbytes", "BYTES", Effect::Set(|line, text, world| Ok(once(&mut line.logfile_maxbytes, Bytes::parse(text, world)?))), "size at which the log is rotated";
    Some('z'), "logfile_backups", "NUM", Effect::Set(|line, text, world| Ok(once(&mut line.logfile_backups, Integer::parse(text, world)?))), "how many rotated logs are kept";
    Some('e'), "loglevel", "LEVEL", Effect::Set(|line, text, world| Ok(once(&mut line.loglevel, Level::parse(text, world)?))), "critical, error, warn, info, debug, trace or blather";
    Some('j'), "pidfile", "FILENAME", Effect::Set(|line, text, world| Ok(once(&mut line.pidfile, FilePath::parse(text, world)?))), "where to leave the process number";
    Some('i'), "identifier", "NAME", Effect::Set(|line, text, _| Ok(once(&mut line.identifier, text.to_owned()))), "name of this daemon among others";
    Some('q'), "childlogdir", "DIR", Effect::Set(|line, text, world| Ok(once(&mut line.childlogdir, Directory::parse(text, world)?))), "where AUTO logs are made";
    Some('k'), "nocleanup", "", Effect::Set(|line, _, _| Ok(flag(&mut line.nocleanup))), "keep the AUTO logs of earlier runs";
    Some('a'), "minfds", "NUM", Effect::Set(|line, text, world| Ok(once(&mut line.minfds, Integer::parse(text, world)?))), "refuse to start with fewer file descriptors";
    Some('t'), "strip_ansi", "", Effect::Set(|line, _, _| Ok(flag(&mut line.strip_ansi))), "strip escape sequences from logs";
    None, "minprocs", "NUM", Effect::Set(|line, text, world| Ok(once(&mut line.minprocs, Integer::parse(text, world)?))), "refuse to start with fewer processes";
    None, "profile_options", "OPTIONS", Effect::Set(|line, text, _| Ok(once(&mut line.profile_options, text.to_owned()))), "taken and ignored: there is no Python to profile";
    Some('?'), "", "", Effect::Help, "";
}

fn once<T>(slot: &mut Option<T>, value: T) -> bool {
    slot.replace(value).is_none()
}

fn flag(slot: &mut bool) -> bool {
    !std::mem::replace(slot, true)
}

/// Reads a command line without the program's name. An error is what follows `Error: `.
pub fn parse(args: &[String], world: &dyn Surroundings) -> Result<Wish, String> {
    let (given, words) = getopt::parse(FLAGS, args)?;
    if !words.is_empty() {
        return Err(getopt::positional(&words));
    }
    let mut line = CommandLine::default();
    for option in &given {
        match EFFECTS[option.flag] {
            Effect::Help => return Ok(Wish::Help),
            Effect::Version => return Ok(Wish::Version),
            Effect::Set(set) => lay(&mut line, option, set, world)?,
        }
    }
    Ok(Wish::Run(Box::new(line)))
}

fn lay(
    line: &mut CommandLine,
    option: &Given,
    set: Setter,
    world: &dyn Surroundings,
) -> Result<(), String> {
    match set(line, &option.argument, world) {
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
         --check, alone or with -c, reads the configuration and starts nothing.\n",
        getopt::help(FLAGS)
    )
}

/// The places where a configuration is looked for, best first. `program` is the path that the
/// program was started by.
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

/// The first file of the search path that exists, or what is said if there is none.
pub fn find(program: &str, world: &dyn Surroundings) -> Result<String, String> {
    let places = search_path(program);
    let found = places.iter().find(|place| world.exists(place));
    found.cloned().ok_or_else(|| {
        format!(
            "No config file found at default paths ({}); use the -c option to specify a config \
             file at a different path",
            places.join(", ")
        )
    })
}

/// What root is told when the configuration is searched for.
pub const ROOT_SEARCHES: &str = "Supervisord is running as root and it is searching for its \
    configuration file in default locations (including its current working directory); you \
    probably want to specify a \"-c\" argument specifying an absolute path to a configuration \
    file for improved security.";

/// The path that a script of this name would see as its own: a bare name is looked up on PATH.
pub fn own_path(name: &str, world: &dyn Surroundings) -> String {
    if name.contains('/') {
        return name.to_owned();
    }
    let dirs = world.variable("PATH").unwrap_or_default();
    let candidates = dirs.split(':').map(|dir| path::join(dir, name));
    candidates.into_iter().find(|path| world.is_executable(path)).unwrap_or_else(|| name.to_owned())
}
