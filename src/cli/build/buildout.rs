//! `bin/buildout` of a project that supkit builds: the command line of zc.buildout. Without a command,
//! and with `install` for all parts, it builds and generates; every other command is zc.buildout's.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Parser as _;

use super::super::usage::print_usage;
use super::args::Args;
use super::command;
use super::failure::Failure;
use super::start::Start;
use super::steps::Build;

/// Build what has changed, then generate the deployment
///
/// Other commands than `install` are those of zc.buildout: `annotate`, `query`, `bootstrap`, `setup`.
#[derive(clap::Parser)]
#[command(
    name = "buildout",
    version,
    override_usage = "buildout [OPTIONS] [ASSIGNMENTS] [COMMAND]"
)]
struct Options {
    #[command(flatten)]
    args: Args,
}

/// A command line of zc.buildout.
struct Line {
    /// Options and assignments.
    options: Vec<String>,
    /// The command and its arguments.
    command: Vec<String>,
}

impl Line {
    /// Options end at the first word that is neither an option nor an assignment.
    fn of(words: Vec<String>) -> Self {
        let mut end = 0;
        while let Some(word) = words.get(end) {
            let letters = word.strip_prefix('-').map(|word| word.trim_start_matches(FLAGS));
            end += match letters {
                // The next word is the value.
                Some("c" | "t") => 2,
                Some(_) => 1,
                None if word.contains('=') => 1,
                None => break,
            };
        }
        let mut options = words;
        let command = options.split_off(end.min(options.len()));
        Self { options, command }
    }

    /// Whether it installs all parts.
    fn is_build(&self) -> bool {
        self.command.is_empty() || self.command == [INSTALL]
    }
}

/// The options without a value, which may be joined: `-vvN`.
const FLAGS: [char; 11] = ['v', 'q', 'h', 'W', 'U', 'o', 'O', 'n', 'N', 'D', 'A'];
const INSTALL: &str = "install";

pub(in crate::cli) fn main(words: Vec<OsString>) -> ExitCode {
    let words: Result<Vec<String>, OsString> =
        words.into_iter().map(OsString::into_string).collect();
    let line = match words {
        Ok(words) => Line::of(words),
        Err(word) => {
            let error = anyhow::anyhow!("`{}` is not UTF-8", word.to_string_lossy());
            Failure::Other(error).report();
            return ExitCode::FAILURE;
        }
    };
    let name = std::iter::once("buildout".to_owned());
    let args = match Options::try_parse_from(name.chain(line.options.iter().cloned())) {
        Ok(options) => options.args,
        Err(error) => return print_usage(&error),
    };
    if line.is_build() {
        return command::main(&args);
    }
    run(&args, &line).unwrap_or_else(|failure| {
        failure.report();
        ExitCode::FAILURE
    })
}

/// Runs zc.buildout. After parts were installed, the deployment is generated.
fn run(args: &Args, line: &Line) -> Result<ExitCode, Failure> {
    let start = Start::read(args)?;
    let mut lock = start.workshop.lock()?;
    let start = start.complete(args, &mut lock)?;
    let build = Build::of(args, start)?;
    let is_install = line.command.first().is_some_and(|command| command == INSTALL);
    if is_install && !build.is_by_buildout() {
        // The other parts are up to date afterwards, too.
        return build.run(&mut lock);
    }
    build.equip(&mut lock)?;
    if is_install {
        build.run_buildout(&line.command, &mut lock)?;
        return Ok(build.deploy());
    }
    drop(lock);
    let program = build.workshop().tool("buildout");
    #[expect(clippy::disallowed_methods, reason = "this process has no event loop")]
    let error = Command::new(&program).args(build.words_for_buildout(&line.command)).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display())).map_err(Failure::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(words: &[&str]) -> (Vec<String>, Vec<String>) {
        let line = Line::of(words.iter().map(|word| (*word).to_owned()).collect());
        (line.options, line.command)
    }

    #[test]
    fn options_and_assignments_may_be_mixed_and_end_at_the_command() {
        let (options, command) = split(&["-vNc", "dev.cfg", "a:b=c", "-t", "5", "install", "-x"]);
        assert_eq!(options, ["-vNc", "dev.cfg", "a:b=c", "-t", "5"]);
        assert_eq!(command, ["install", "-x"]);
        assert_eq!(split(&["-cdev.cfg", "query", "a:b"]).1, ["query", "a:b"]);
        assert_eq!(split(&["-N"]).1, [""; 0]);
        assert_eq!(split(&["-c"]).0, ["-c"]);
    }

    #[test]
    fn a_build_is_what_installs_all_parts() {
        let is_build = |words: &[&str]| {
            Line::of(words.iter().map(|word| (*word).to_owned()).collect()).is_build()
        };
        assert!(is_build(&[]) && is_build(&["-N"]) && is_build(&["-N", "install"]));
        assert!(!is_build(&["install", "web"]) && !is_build(&["annotate"]) && !is_build(&["init"]));
    }
}
