//! The options of `status` among the names of processes.

use std::io::{self, IsTerminal};

use super::server::ProcessInfo;
use crate::core::state::ProcessState;

/// What `status` is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatusOptions<'a> {
    pub(super) exit_code: ExitCode,
    pub(super) colour: Colour,
    /// Show what processes use.
    pub(super) is_wide: bool,
    pub(super) names: Vec<&'a str>,
}

impl<'a> StatusOptions<'a> {
    /// The error is what is wrong with an option.
    pub(super) fn parse(rest: &'a str) -> Result<Self, String> {
        let bad = |option: &str, value: &str| format!("bad value for {option}: {value}");
        let mut options = Self {
            exit_code: ExitCode::Any,
            colour: Colour::Auto,
            is_wide: false,
            names: Vec::new(),
        };
        for word in rest.split_whitespace() {
            if let Some(value) = word.strip_prefix("--exit-code=") {
                options.exit_code =
                    ExitCode::parse(value).ok_or_else(|| bad("--exit-code", value))?;
            } else if let Some(value) = word.strip_prefix("--color=") {
                options.colour = Colour::parse(value).ok_or_else(|| bad("--color", value))?;
            } else if matches!(word, "--exit-code" | "--color") {
                return Err(format!("{word} needs a value after `=`"));
            } else if word == "--wide" {
                options.is_wide = true;
            } else {
                options.names.push(word);
            }
        }
        Ok(options)
    }
}

/// Which processes make the exit status of `status` 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExitCode {
    /// Those that do not run, as in Supervisor.
    Any,
    /// Those that failed.
    Errors,
    None,
}

impl ExitCode {
    fn parse(value: &str) -> Option<Self> {
        match value {
            "any" => Some(Self::Any),
            "errors" => Some(Self::Errors),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    pub(super) fn counts(self, info: &ProcessInfo) -> bool {
        let Some(state) = ProcessState::from_code(info.state) else { return false };
        match self {
            Self::Any => state.is_stopped(),
            Self::Errors => match state {
                ProcessState::Fatal | ProcessState::Backoff | ProcessState::Unknown => true,
                // An expected exit has no error.
                ProcessState::Exited => !info.spawnerr.is_empty(),
                _ => false,
            },
            Self::None => false,
        }
    }
}

/// Whether states are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    Always,
    Never,
}

impl Colour {
    fn parse(value: &str) -> Option<Self> {
        match value {
            "auto" => Some(Self::Auto),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }

    pub(super) fn is_wanted(self) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|it| !it.is_empty());
        let is_dumb = || std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        match self {
            Self::Auto => io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The name of a state with the blanks after it, in its colour if that is wanted.
pub(super) fn state_column(name: &str, width: usize, is_coloured: bool) -> String {
    let code = match name {
        "RUNNING" => "32",
        "STARTING" | "STOPPING" => "33",
        "BACKOFF" | "FATAL" | "UNKNOWN" => "31",
        _ => "",
    };
    if !is_coloured || code.is_empty() {
        return format!("{name:width$}");
    }
    let blanks = width.saturating_sub(name.len());
    format!("\x1b[{code}m{name}\x1b[0m{:blanks$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_anywhere_between_names() {
        let options = StatusOptions::parse("web --wide --color=never api --exit-code=none");
        let options = options.unwrap();
        assert_eq!(options.names, ["web", "api"]);
        assert!(options.is_wide && options.colour == Colour::Never);
        assert_eq!(options.exit_code, ExitCode::None);
        let error = |words| StatusOptions::parse(words).unwrap_err();
        assert_eq!(error("--color=red"), "bad value for --color: red");
        assert_eq!(error("--exit-code errors"), "--exit-code needs a value after `=`");
        assert_eq!(StatusOptions::parse("--wider").unwrap().names, ["--wider"]);
    }

    #[test]
    fn a_coloured_state_takes_the_same_room() {
        assert_eq!(state_column("RUNNING", 10, false), "RUNNING   ");
        assert_eq!(state_column("RUNNING", 10, true), "\x1b[32mRUNNING\x1b[0m   ");
        assert_eq!(state_column("STOPPED", 10, true), "STOPPED   ");
    }
}
