//! The settings of supervisorctl: its command line and `[supervisorctl]`. `[include]` is not
//! supported there, as in Supervisor.

use super::fault::{Fault, InvalidConfig};
use super::getopt::{self, OptionSpec, ParsedOption};
use super::host::Host;
use super::kinds::normalize_path;
use super::load::{self, Loaded};
use super::option_reader::{OptionReader, Read, Scope};
use super::options;
use super::plugins;
use super::python::names::Names;
use super::python::{repr, strip};
use super::read::environ;
use super::sections::{ctlplugin, supervisorctl as s};
use crate::diag::Diagnostic;

/// The settings of supervisorctl.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    pub serverurl: String,
    pub username: Option<String>,
    pub password: Option<String>,
    pub prompt: String,
    pub history_file: Option<String>,
    /// Whether to run the interactive shell; the default if there is no action.
    pub interactive: bool,
    /// The action and its arguments.
    pub words: Vec<String>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({}, {:?})", self.serverurl, self.words)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// Values of the section.
struct SectionValues {
    serverurl: String,
    prompt: String,
    username: Option<String>,
    password: Option<String>,
    history_file: Option<String>,
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
        None => SectionValues::default(),
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

fn settings(
    line: Arguments,
    section: SectionValues,
    words: Vec<String>,
    host: &dyn Host,
) -> Settings {
    let typed = line.history_file.map(|path| normalize_path(&path, host));
    Settings {
        serverurl: line.serverurl.unwrap_or(section.serverurl),
        username: line.username.or(section.username),
        password: line.password.or(section.password),
        prompt: section.prompt,
        history_file: typed.or(section.history_file),
        interactive: line.interactive || words.is_empty(),
        words,
    }
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

impl Default for SectionValues {
    fn default() -> Self {
        Self {
            serverurl: s::SERVERURL.default.unwrap_or_default().to_owned(),
            prompt: s::PROMPT.default.unwrap_or_default().to_owned(),
            username: None,
            password: None,
            history_file: None,
        }
    }
}

fn read(file: &str, host: &dyn Host) -> Result<SectionValues, InvalidConfig> {
    let mut loaded = load::load_one(file, host);
    if let Some(fault) = loaded.fault.take() {
        return Err(InvalidConfig::new(vec![fault], loaded.sources));
    }
    if loaded.document.section(s::SECTION.word).is_none() {
        return Err(InvalidConfig::new(vec![no_section()], loaded.sources));
    }
    let mut reader = OptionReader::new(&loaded, environ(host), host);
    let section = section(&mut reader, &loaded, host);
    plugins::factories(&mut reader, &ctlplugin::SECTION, &ctlplugin::FACTORY, PLUGINS);
    let faults = reader.into_faults();
    match section {
        Ok(section) if faults.is_empty() => Ok(section),
        _ => Err(InvalidConfig::new(faults, loaded.sources)),
    }
}

fn section(reader: &mut OptionReader<'_>, loaded: &Loaded, host: &dyn Host) -> Read<SectionValues> {
    let mut here = Names::default();
    here.text("here", loaded.here.as_str());
    let none = Names::default();
    let scope = Scope { section: s::SECTION.word, names: &none, program: false };
    let with_here = Scope { names: &here, ..scope };
    let serverurl = reader.get(with_here, &s::SERVERURL);
    let prompt = reader.get(scope, &s::PROMPT);
    let username = reader.maybe(scope, &s::USERNAME);
    let password = reader.maybe(scope, &s::PASSWORD);
    let history_file = reader.maybe(with_here, &s::HISTORY_FILE);
    let history_file = history_file?.filter(|path| !path.is_empty());
    Ok(SectionValues {
        serverurl: absolute(serverurl?, host),
        prompt: prompt?,
        username: username?,
        password: password?,
        history_file: history_file.map(|path| normalize_path(&path, host)),
    })
}

fn absolute(url: String, host: &dyn Host) -> String {
    match url.strip_prefix("unix://") {
        Some(path) => format!("unix://{}", normalize_path(path, host)),
        None => url,
    }
}

/// The plug-ins that are built in: the one that supervisorctl always has.
const PLUGINS: &[&str] = &["supervisor.supervisorctl:DefaultControllerPlugin"];

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
