//! The arguments that select a buildout project, the same as buildout's.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::rc::Rc;

use super::real_buildout_env::RealBuildoutEnv;
use crate::buildout::{Assignment, Failure, Fault, Project, Recipes, Request};
use crate::diag::SourceMap;
use crate::os::stdout;

#[derive(Clone, Default, clap::Args)]
pub(super) struct ProjectArgs {
    /// The main file of the project
    #[arg(short = 'c', value_name = "FILE", default_value = "buildout.cfg")]
    pub(super) file: String,
    /// Do not read ~/.buildout/default.cfg
    #[arg(short = 'U')]
    no_user_defaults: bool,
    /// Set `offline` to true
    #[arg(short = 'o', long)]
    offline: bool,
    /// Set `offline` to false
    #[arg(short = 'O')]
    online: bool,
    /// Set `newest` to true
    #[arg(short = 'n')]
    newest: bool,
    /// Set `newest` to false
    #[arg(short = 'N')]
    not_newest: bool,
    /// Be more verbose
    #[arg(short = 'v', action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Be less verbose
    #[arg(short = 'q', action = clap::ArgAction::Count)]
    quiet: u8,
    /// Set `socket-timeout`
    #[arg(short = 't', value_name = "SECONDS")]
    timeout: Option<u32>,
    /// Accepted for compatibility and ignored
    #[arg(short = 'D', hide = true)]
    debug: bool,
}

impl ProjectArgs {
    /// The same arguments for zc.buildout.
    pub(super) fn for_buildout(&self) -> Vec<String> {
        let mut words = vec!["-c".to_owned(), self.file.clone()];
        let flags = [
            (self.no_user_defaults, "-U"),
            (self.offline, "-o"),
            (self.online, "-O"),
            (self.newest, "-n"),
            (self.not_newest, "-N"),
        ];
        words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, flag)| (*flag).to_owned()));
        words.extend((0..self.verbose).map(|_| "-v".to_owned()));
        words.extend((0..self.quiet).map(|_| "-q".to_owned()));
        if let Some(seconds) = self.timeout {
            words.extend(["-t".to_owned(), seconds.to_string()]);
        }
        words
    }

    pub(super) fn is_offline(&self) -> bool {
        self.offline
    }

    pub(super) fn is_newest(&self) -> bool {
        self.newest
    }

    /// The request for these arguments and assignments.
    pub(super) fn request(&self, mut request: Request, assignments: Vec<Assignment>) -> Request {
        request.file.clone_from(&self.file);
        request.user_defaults = !self.no_user_defaults;
        request.assignments = assignments;
        let flags = [
            (self.offline, "offline", "true"),
            (self.online, "offline", "false"),
            (self.newest, "newest", "true"),
            (self.not_newest, "newest", "false"),
        ];
        for (_, option, value) in flags.iter().filter(|(given, ..)| *given) {
            request.assignments.push(Assignment::buildout(option, value));
        }
        if let Some(seconds) = self.timeout {
            request.assignments.push(Assignment::buildout("socket-timeout", &seconds.to_string()));
        }
        let verbosity = 10 * (i32::from(self.verbose) - i32::from(self.quiet));
        if verbosity != 0 {
            request.assignments.push(Assignment::buildout("verbosity", &verbosity.to_string()));
        }
        request
    }
}

/// Loads a project from the file system.
pub(super) fn load(request: &Request, recipes: Rc<dyn Recipes>) -> Result<Project, Box<Failure>> {
    Project::load(request, &RealBuildoutEnv::around(&request.file), recipes)
}

/// Splits the words into assignments and others.
pub(super) fn words(words: &[String]) -> Result<(Vec<Assignment>, Vec<String>), String> {
    let mut assignments = Vec::new();
    let mut others = Vec::new();
    for word in words {
        if word.contains('=') {
            assignments.push(word.parse().map_err(|fault| format!("{fault}"))?);
        } else {
            others.push(word.clone());
        }
    }
    Ok((assignments, others))
}

/// Prints the result.
pub(super) fn print(text: &str) -> ExitCode {
    stdout::write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Prints an error message in buildout's format.
pub(super) fn refuse(message: &str) -> ExitCode {
    print_error(&format!("Error: {message}"));
    ExitCode::FAILURE
}

/// Prints all faults with position, chain and remedy.
pub(super) fn fail(faults: &[Fault], sources: &SourceMap) -> ExitCode {
    for fault in faults {
        print_error(&fault.diagnostic().render(sources, styled()));
    }
    ExitCode::FAILURE
}

/// Prints the warnings of a project.
pub(super) fn warn(project: &Project) {
    for warning in project.warnings() {
        print_error(&warning.render(project.sources(), styled()));
    }
}

fn styled() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// An error is ignored: standard error may be closed.
fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
