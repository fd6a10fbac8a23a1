//! What supervisorctl reads: its command line and `[supervisorctl]`. It takes no `[include]`, as
//! Supervisor's own does not.

use super::fault::{Fault, Refused};
use super::getopt::{self, Flag, Given};
use super::kinds::normalize_path;
use super::load::{self, Loaded};
use super::options;
use super::plugins;
use super::python::names::Names;
use super::python::{repr, strip};
use super::read::environ;
use super::reader::{Read, Reader, Scope};
use super::sections::{ctlplugin, supervisorctl as s};
use super::surroundings::Surroundings;
use crate::diag::Diagnostic;

/// Everything that supervisorctl is told before it starts.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    pub serverurl: String,
    pub username: Option<String>,
    pub password: Option<String>,
    pub prompt: String,
    pub history_file: Option<String>,
    /// Whether to ask for actions; so it is without words on the command line.
    pub interactive: bool,
    /// The action and its arguments.
    pub words: Vec<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({}, {:?})", self.serverurl, self.words)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Run(Client),
    Help,
}

/// What the command line says.
#[derive(Default)]
struct Line {
    configuration: Option<String>,
    interactive: bool,
    serverurl: Option<String>,
    username: Option<String>,
    password: Option<String>,
    history_file: Option<String>,
}

/// What the section says.
struct Written {
    serverurl: String,
    prompt: String,
    username: Option<String>,
    password: Option<String>,
    history_file: Option<String>,
}

type Setter = fn(&mut Line, &str) -> Result<bool, String>;

macro_rules! options {
    ($($short:expr, $long:literal, $argument:literal, $set:expr, $doc:literal;)+) => {
        /// All options, in the order of the help text.
        pub const FLAGS: &[Flag] =
            &[$(Flag { short: $short, long: $long, argument: $argument, doc: $doc }),+];
        const SETTERS: &[Option<Setter>] = &[$($set),+];
    };
}

options! {
    Some('c'), "configuration", "FILENAME", Some(|line, text| Ok(once(&mut line.configuration, text))), "the configuration; without it some places are searched";
    Some('h'), "help", "", None, "print this text";
    Some('i'), "interactive", "", Some(|line, _| Ok(!std::mem::replace(&mut line.interactive, true))), "start an interactive shell, or, with an action, ask before it ends or restarts supervisord";
    Some('s'), "serverurl", "URL", Some(|line, text| url(text).map(|()| once(&mut line.serverurl, text))), "where supervisord listens (http://localhost:9001)";
    Some('u'), "username", "NAME", Some(|line, text| Ok(once(&mut line.username, text))), "name for the server";
    Some('p'), "password", "WORD", Some(|line, text| Ok(once(&mut line.password, text))), "password for the server";
    Some('r'), "history_file", "FILENAME", Some(|line, text| Ok(once(&mut line.history_file, text))), "where the shell keeps its history";
    Some('?'), "", "", None, "";
}

fn once(slot: &mut Option<String>, text: &str) -> bool {
    slot.replace(text.to_owned()).is_none()
}

/// Reads the command line, without the program's name, and the file that it leads to.
pub fn parse(args: &[String], program: &str, world: &dyn Surroundings) -> Result<Wish, Refused> {
    let usage = |text: String| Refused::plain("usage", text, "");
    let (given, words) = getopt::parse(FLAGS, args).map_err(usage)?;
    let mut line = Line::default();
    for option in &given {
        match SETTERS[option.flag] {
            None => return Ok(Wish::Help),
            Some(set) => lay(&mut line, option, set).map_err(usage)?,
        }
    }
    let file = line.configuration.clone().or_else(|| options::find(program, world).ok());
    let written = match file {
        Some(file) => read(&file, world)?,
        None => Written::default(),
    };
    Ok(Wish::Run(client(line, written, words, world)))
}

fn lay(line: &mut Line, option: &Given, set: Setter) -> Result<(), String> {
    match set(line, &option.argument) {
        Ok(true) => Ok(()),
        Ok(false) => Err(getopt::conflicting(option)),
        Err(why) => Err(getopt::invalid(option, &why)),
    }
}

fn client(line: Line, written: Written, words: Vec<String>, world: &dyn Surroundings) -> Client {
    let typed = line.history_file.map(|path| normalize_path(&path, world));
    Client {
        serverurl: line.serverurl.unwrap_or(written.serverurl),
        username: line.username.or(written.username),
        password: line.password.or(written.password),
        prompt: written.prompt,
        history_file: typed.or(written.history_file),
        interactive: line.interactive || words.is_empty(),
        words,
    }
}

/// The help text.
pub fn help(program: &str) -> String {
    format!(
        "supervisorctl -- control applications that a supervisord runs.\n\n\
         Usage: {program} [options] [action [arguments]]\n\nOptions:\n{}\n\
         Long options may be abbreviated. Without an action a shell asks for them.\n\
         The action `help` tells which there are.\n",
        getopt::help(FLAGS)
    )
}

impl Default for Written {
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

fn read(file: &str, world: &dyn Surroundings) -> Result<Written, Refused> {
    let mut loaded = load::load_one(file, world);
    if let Some(fault) = loaded.fault.take() {
        return Err(Refused::new(vec![fault], loaded.sources));
    }
    if loaded.document.section(s::SECTION.word).is_none() {
        return Err(Refused::new(vec![no_section()], loaded.sources));
    }
    let mut reader = Reader::new(&loaded, environ(world), world);
    let written = section(&mut reader, &loaded, world);
    plugins::factories(&mut reader, &ctlplugin::SECTION, &ctlplugin::FACTORY, PLUGINS);
    let faults = reader.into_faults();
    match written {
        Ok(written) if faults.is_empty() => Ok(written),
        _ => Err(Refused::new(faults, loaded.sources)),
    }
}

fn section(reader: &mut Reader<'_>, loaded: &Loaded, world: &dyn Surroundings) -> Read<Written> {
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
    Ok(Written {
        serverurl: absolute(serverurl?, world),
        prompt: prompt?,
        username: username?,
        password: password?,
        history_file: history_file.map(|path| normalize_path(&path, world)),
    })
}

fn absolute(url: String, world: &dyn Surroundings) -> String {
    match url.strip_prefix("unix://") {
        Some(path) => format!("unix://{}", normalize_path(path, world)),
        None => url,
    }
}

/// The plug-ins that need no Python: the one that supervisorctl always has.
const PLUGINS: &[&str] = &["supervisor.supervisorctl:DefaultControllerPlugin"];

fn no_section() -> Fault {
    let section = s::SECTION.word;
    Fault::new(
        ".ini file does not include supervisorctl section",
        Diagnostic::error("no-supervisorctl", format!("there is no `[{section}]`"))
            .help(format!("add a line `[{section}]` and below it `serverurl = ...`")),
    )
}

/// Python's idea of a URL: a scheme, and something behind it.
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
