//! The `supervisorctl` applet: its command line. What its actions do is the business of `ctl`.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::conf::getopt::{self, Flag, Given};
use crate::conf::python::repr;
use crate::ctl::{self, Settings};

/// Where this program refuses its command line.
const USAGE: u8 = 2;

const FLAGS: &[Flag] = &[
    Flag {
        short: Some('c'),
        long: "configuration",
        argument: "FILE",
        doc: "read [supervisorctl] of this file",
    },
    Flag { short: Some('h'), long: "help", argument: "", doc: "print this and exit" },
    Flag { short: Some('?'), long: "", argument: "", doc: "" },
    Flag {
        short: Some('i'),
        long: "interactive",
        argument: "",
        doc: "ask before the daemon is shut down or reloaded",
    },
    Flag {
        short: Some('s'),
        long: "serverurl",
        argument: "URL",
        doc: "the daemon: http://HOST:PORT or unix://PATH",
    },
    Flag { short: Some('u'), long: "username", argument: "NAME", doc: "who asks" },
    Flag { short: Some('p'), long: "password", argument: "WORD", doc: "and by which right" },
    Flag {
        short: Some('r'),
        long: "history_file",
        argument: "FILE",
        doc: "where the shell keeps its history",
    },
];

/// What the command line says.
#[derive(Default)]
struct CommandLine {
    interactive: Option<()>,
    serverurl: Option<String>,
    username: Option<String>,
    password: Option<String>,
    history_file: Option<String>,
    help: bool,
    words: Vec<String>,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    let args: Vec<String> = args.into_iter().map(|arg| arg.to_string_lossy().into()).collect();
    let program = program();
    match CommandLine::read(&args).and_then(|line| Ok((line.settings()?, line))) {
        Ok((_, line)) if line.help => print_help(&program),
        Ok((settings, line)) => run(settings, &line.words),
        Err(error) => refuse(&getopt::usage(&program, &error)),
    }
}

fn run(settings: Settings, words: &[String]) -> ExitCode {
    match ctl::run(settings, words) {
        Ok(status) => ExitCode::from(status),
        Err(error) => refuse(&format!("Error: {error}\n")),
    }
}

/// What this program was called.
fn program() -> String {
    let name = std::env::args_os().next().unwrap_or_else(|| "supervisorctl".into());
    name.to_string_lossy().into_owned()
}

/// Nothing is left to do if nobody can be told.
fn refuse(text: &str) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(USAGE)
}

fn print_help(program: &str) -> ExitCode {
    let options = getopt::help(FLAGS);
    let text = format!(
        "{program}: talk to a running supervisord.\n\n\
         Usage: {program} [options] [action [arguments]]\n\nOptions:\n{options}\n\
         Without an action a shell is started; `help` lists the actions.\n"
    );
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

impl CommandLine {
    fn read(args: &[String]) -> Result<Self, String> {
        let (given, words) = getopt::parse(FLAGS, args)?;
        let mut line = Self { words, ..Self::default() };
        for option in given {
            if !line.lay(&option)? {
                return Err(getopt::conflicting(&option));
            }
        }
        Ok(line)
    }

    /// `false` if the option has been given before.
    fn lay(&mut self, option: &Given) -> Result<bool, String> {
        let text = option.argument.clone();
        Ok(match FLAGS[option.flag].short {
            Some('c') => true,
            Some('i') => self.interactive.replace(()).is_none(),
            Some('s') => {
                check_url(&text).map_err(|why| getopt::invalid(option, &why))?;
                self.serverurl.replace(text).is_none()
            }
            Some('u') => self.username.replace(text).is_none(),
            Some('p') => self.password.replace(text).is_none(),
            Some('r') => self.history_file.replace(text).is_none(),
            _ => {
                self.help = true;
                true
            }
        })
    }

    fn settings(&self) -> Result<Settings, String> {
        let serverurl = self.serverurl.clone();
        Ok(Settings {
            serverurl: serverurl.unwrap_or_else(|| "http://localhost:9001".to_owned()),
            username: self.username.clone(),
            password: self.password.clone(),
            prompt: "supervisor".to_owned(),
            history_file: self.history_file.clone(),
            interactive: self.interactive.is_some(),
        })
    }
}

/// A url has a scheme and something after it.
fn check_url(text: &str) -> Result<(), String> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let rest = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).map(|(_, rest)| rest);
    let rest = rest.map(|rest| rest.trim_start_matches("//"));
    match rest.map(|rest| rest.split(['?', '#']).next().unwrap_or_default()) {
        Some(place) if !place.is_empty() => Ok(()),
        _ => Err(format!("value {} is not a URL", repr(text))),
    }
}
