//! The settings of supervisorctl: its command line and `[supervisorctl]`. `[include]` is not
//! supported there, as in Supervisor.

use super::config::Secret;
use super::fault::{Fault, InvalidConfig};
use super::getopt::{self, OptionSpec, ParsedOption};
use super::host::Host;
use super::kinds::{Maybe, Text, normalize_path};
use super::load;
use super::option_reader::{OptionReader, Read};
use super::options;
use super::plugins;
use super::python::{repr, strip};
use super::read::environ;
use super::section::Opt;
use super::section_reader::{SectionReader, with_here};
use super::sections::supervisorctl::{self as s, Supervisorctl};
use crate::diag::Diagnostic;

/// The settings of supervisorctl.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub options: Supervisorctl,
    /// Whether to run the interactive shell; the default if there is no action.
    pub interactive: bool,
    /// The action and its arguments.
    pub words: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Invocation {
    Run(Settings),
    Help,
}

/// Values of the command line.
#[derive(Default)]
struct Arguments {
    configuration: Option<String>,
    interactive: bool,
    serverurl: Option<String>,
    username: Option<String>,
    password: Option<String>,
    history_file: Option<String>,
    cacert: Option<String>,
}

type Setter = fn(&mut Arguments, &str) -> Result<bool, String>;

macro_rules! options {
    ($($short:expr, $long:literal, $argument:literal, $set:expr, $doc:literal;)+) => {
        /// All options, in the order of the help text.
        pub const FLAGS: &[OptionSpec] =
            &[$(OptionSpec { short: $short, long: $long, argument: $argument, doc: $doc }),+];
        const SETTERS: &[Option<Setter>] = &[$($set),+];
    };
}

options! {
    Some('c'), "configuration", "FILENAME", Some(|line, text| Ok(once(&mut line.configuration, text))), "the configuration file; without it the default paths are searched";
    Some('h'), "help", "", None, "print this text";
    Some('i'), "interactive", "", Some(|line, _| Ok(!std::mem::replace(&mut line.interactive, true))), "start an interactive shell; with an action, ask before shutdown and reload";
    Some('s'), "serverurl", "URL", Some(|line, text| url(text).map(|()| once(&mut line.serverurl, text))), "URL of supervisord (http://localhost:9001)";
    Some('u'), "username", "NAME", Some(|line, text| Ok(once(&mut line.username, text))), "username for the server";
    Some('p'), "password", "WORD", Some(|line, text| Ok(once(&mut line.password, text))), "password for the server";
    Some('r'), "history_file", "FILENAME", Some(|line, text| Ok(once(&mut line.history_file, text))), "file for the history of the shell";
    None, "cacert", "FILENAME", Some(|line, text| Ok(once(&mut line.cacert, text))), "certificates that a server with https:// may have; without it, those of the system";
    Some('?'), "", "", None, "";
}

fn once(slot: &mut Option<String>, text: &str) -> bool {
    slot.replace(text.to_owned()).is_none()
}

/// Reads the command line, without the program name, and the configuration file.
pub fn parse(args: &[String], program: &str, host: &dyn Host) -> Result<Invocation, InvalidConfig> {
    let usage = |text: String| InvalidConfig::plain("usage", text, "");
    let (given, words) = getopt::parse(FLAGS, args).map_err(usage)?;
    let mut line = Arguments::default();
    for option in &given {
        match SETTERS[option.spec] {
            None => return Ok(Invocation::Help),
            Some(set) => apply(&mut line, option, set).map_err(usage)?,
        }
    }
    let file = line.configuration.clone().or_else(|| options::find(program, host).ok());
    let section = match file {
        Some(file) => read(&file, host)?,
        None => Supervisorctl::with_defaults(host),
    };
    Ok(Invocation::Run(settings(line, section, words, host)))
}

fn apply(line: &mut Arguments, option: &ParsedOption, set: Setter) -> Result<(), String> {
    match set(line, &option.argument) {
        Ok(true) => Ok(()),
        Ok(false) => Err(getopt::conflicting(option)),
        Err(why) => Err(getopt::invalid(option, &why)),
    }
}

/// Applies the command line.
fn settings(
    line: Arguments,
    mut options: Supervisorctl,
    words: Vec<String>,
    host: &dyn Host,
) -> Settings {
    let cacert = line.cacert.map(|path| normalize_path(&path, host));
    options.cacert = cacert.or(options.cacert);
    if let Some(url) = line.serverurl {
        options.serverurl = url;
    }
    let typed = line.history_file.map(|path| normalize_path(&path, host));
    options.username = line.username.or(options.username);
    options.password = line.password.map(Secret::new).or(options.password);
    options.history_file = typed.or(options.history_file);
    Settings { options, interactive: line.interactive || words.is_empty(), words }
}

/// The help text.
pub fn help(program: &str) -> String {
    format!(
        "supervisorctl -- control applications that a supervisord runs.\n\n\
         Usage: {program} [options] [action [arguments]]\n\nOptions:\n{}\n\
         Long options may be abbreviated. Without an action an interactive shell is started.\n\
         The action `help` lists all actions.\n",
        getopt::help(FLAGS)
    )
}

fn read(file: &str, host: &dyn Host) -> Result<Supervisorctl, InvalidConfig> {
    let mut loaded = load::load_one(file, host);
    if let Some(fault) = loaded.fault.take() {
        return Err(InvalidConfig::new(vec![fault], loaded.sources));
    }
    if loaded.document.section(s::SECTION.word).is_none() {
        return Err(InvalidConfig::new(vec![no_section()], loaded.sources));
    }
    let mut reader = OptionReader::new(&loaded, environ(host).into(), host);
    let section = SectionReader::new(&mut reader, s::SECTION.word).read();
    plugins::check_ctl_plugins(&mut reader);
    let faults = reader.into_faults();
    match section {
        Ok(section) if faults.is_empty() => Ok(section),
        _ => Err(InvalidConfig::new(faults, loaded.sources)),
    }
}

/// A relative socket path is made absolute.
#[expect(clippy::unnecessary_wraps, reason = "the signature of all readers of a row")]
pub(super) fn serverurl(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Text>,
    _: &Supervisorctl,
) -> Read<String> {
    let host = reader.reader.host;
    let url = with_here(reader, option).ok().flatten();
    let url = url.unwrap_or_else(|| option.default_value(host));
    Ok(match url.strip_prefix("unix://") {
        Some(path) => format!("unix://{}", normalize_path(path, host)),
        None => url,
    })
}

/// An absolute path; empty means none.
pub(super) fn path(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Maybe<Text>>,
    _: &Supervisorctl,
) -> Read<Option<String>> {
    let path = with_here(reader, option)?.flatten().filter(|path| !path.is_empty());
    Ok(path.map(|path| normalize_path(&path, reader.reader.host)))
}

fn no_section() -> Fault {
    let section = s::SECTION.word;
    Fault::new(
        ".ini file does not include supervisorctl section",
        Diagnostic::error("no-supervisorctl", format!("there is no `[{section}]`"))
            .help(format!("add a line `[{section}]` and below it `serverurl = ...`")),
    )
}

/// Python's definition of a URL: a scheme and a non-empty rest.
fn url(text: &str) -> Result<(), String> {
    let refused = || format!("value {} is not a URL", repr(text));
    let clean: String = strip(text).chars().filter(|c| !"\t\r\n".contains(*c)).collect();
    let (scheme, rest) = clean.split_once(':').ok_or_else(refused)?;
    let lettered = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let worded = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let ends = |c| matches!(c, '?' | '#');
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(|c| c == '/' || ends(c)).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let path = path.split(ends).next().unwrap_or_default();
    let whole = lettered && worded && !(host.is_empty() && path.is_empty());
    if whole { Ok(()) } else { Err(refused()) }
}
