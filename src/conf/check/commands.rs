//! Lints for commands and directories that do not exist or cannot be executed.

use super::lint_input::{LintInput, warning};
use crate::conf::config::Process;
use crate::conf::hook::Hook;
use crate::conf::python::path;
use crate::conf::sections::program;
use crate::conf::words;
use crate::diag::{Diagnostic, Span};

pub(super) fn commands(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let own = |process: &Process| (program::COMMAND.name, process.command.clone());
    let mut found = Vec::new();
    for process in subject.programs() {
        let hooks = [Hook::Prestart, Hook::StopCommand, Hook::Poststop];
        let hooks = hooks
            .into_iter()
            .filter_map(|hook| Some((hook.name(), hook.command(process)?.to_owned())));
        for (option, text) in std::iter::once(own(process)).chain(hooks) {
            found.extend(command(subject, process, option, &text));
        }
    }
    found
}

/// The option of a program with this value is a command.
fn command(
    subject: &LintInput<'_>,
    process: &Process,
    option: &str,
    text: &str,
) -> Option<Diagnostic> {
    let place = subject.place(&process.program, option);
    let words = match words::split(text) {
        Ok(words) => words,
        Err(error) => return Some(unreadable(subject, process, option, &error.to_string())),
    };
    let Some(word) = words.first().filter(|word| !word.is_empty()) else {
        let message = "the command is empty".to_owned();
        return Some(warning("no-command", message, place).help("name a program"));
    };
    let span = first_word(subject, process, option, word).or(place);
    if word.contains('/') {
        return by_path(subject, word, span);
    }
    let found = search_path(subject, process)
        .iter()
        .any(|dir| subject.host.is_executable(&path::join(dir, word)));
    (!found).then(|| {
        let message = format!("no program `{word}` is found on PATH");
        warning("no-program", message, span).help("install it, or write its whole path")
    })
}

/// The position of the first word, if the value contains it literally.
fn first_word(
    subject: &LintInput<'_>,
    process: &Process,
    option: &str,
    word: &str,
) -> Option<Span> {
    let entry = subject.entry(&process.program, option)?;
    let written = entry.value.split_whitespace().next()?;
    (written == word || written.contains('%')).then(|| entry.locate(0, written.len()))
}

/// The PATH of the program's environment, else that of this process.
fn search_path(subject: &LintInput<'_>, process: &Process) -> Vec<String> {
    let own = process.environment.iter().find(|pair| pair.0 == "PATH").map(|pair| pair.1.clone());
    let path = own.or_else(|| subject.host.variable("PATH"));
    let path = path.unwrap_or_else(|| "/bin:/usr/bin:/usr/local/bin".to_owned());
    path.split(':').map(str::to_owned).collect()
}

fn by_path(subject: &LintInput<'_>, word: &str, span: Option<Span>) -> Option<Diagnostic> {
    let host = subject.host;
    // A relative path depends on the working directory of supervisord, which may be any of these.
    let daemon = subject.draft.supervisord.as_ref().and_then(|daemon| daemon.directory.as_deref());
    let bases = ["", &subject.examined.loaded.here, daemon.unwrap_or_default()];
    if bases.iter().any(|base| host.is_executable(&path::join(base, word))) {
        return None;
    }
    let shown = path::normpath(word);
    Some(if host.is_dir(word) {
        warning("not-executable", format!("`{shown}` is a directory"), span).help("name a program")
    } else if host.exists(word) {
        let message = format!("`{shown}` may not be executed");
        warning("not-executable", message, span).help(format!("`chmod +x {shown}`"))
    } else {
        let message = format!("there is no program `{shown}`");
        warning("no-program", message, span).help("install it, or correct the path")
    })
}

/// An unclosed quote, often caused by a comment character.
fn unreadable(subject: &LintInput<'_>, process: &Process, option: &str, why: &str) -> Diagnostic {
    let place = subject.place(&process.program, option);
    let entry = subject.entry(&process.program, option);
    let cut = entry.and_then(|entry| entry.lines.last()).is_some_and(|line| {
        let rest = subject.sources.text(line.source).get(line.end..).unwrap_or_default();
        rest.lines().next().is_some_and(|rest| rest.trim_start().starts_with([';', '#']))
    });
    let help = if cut {
        "a `;` or `#` behind a blank begins a comment, quotes or not: put the command into a script"
    } else {
        "close the quote, or write it as `\\\"`"
    };
    let message = format!("the command cannot be taken apart: {}", why.to_lowercase());
    warning("bad-command", message, place).help(help)
}

/// Working directories that do not exist.
pub(super) fn directories(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for process in subject.programs() {
        let Some(directory) = &process.directory else { continue };
        let expanded = crate::conf::kinds::expand_user(directory, subject.host);
        if directory.starts_with(['/', '~']) && !subject.host.is_dir(&expanded) {
            let message = format!("there is no directory `{}`", path::normpath(&expanded));
            let place = subject.place(&process.program, program::DIRECTORY.name);
            found.push(warning("no-directory", message, place).help("create it"));
        }
    }
    found
}
