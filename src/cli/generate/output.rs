//! Output of `generate`: diagnostics on standard error, results on standard output.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::buildout::Project;
use crate::conf::sections::program::{COMMAND, PRIORITY};
use crate::diag::{Diagnostic, SourceMap, united};
use crate::generate::config_diff::{Difference, differences};
use crate::generate::deployment::Origin;
use crate::generate::derive::Derived;
use crate::generate::input::Input;
use crate::generate::planned_file::{Conflict, FileStatus, Role};
use crate::os::stdout;

use super::super::apply;
use super::comparison::Comparison;
use super::sources::{ProjectError, Source};

/// Writes to standard output.
pub(in crate::cli) fn out(text: &str) {
    stdout::write_all(text.as_bytes());
}

fn err(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn diagnostic(fault: &Diagnostic, sources: &SourceMap) {
    err(&fault.render(sources, std::io::stderr().is_terminal()));
}

pub(in crate::cli) fn report(error: &ProjectError) {
    for fault in &error.faults {
        diagnostic(fault, &error.sources);
    }
}

pub(super) fn warnings(source: &Source, derived: &Derived, input: &Input) {
    let sources = source.origin.sources();
    for warning in united(source.origin.warnings().iter().cloned()) {
        diagnostic(&warning, sources);
    }
    for gap in source.origin.buildout().into_iter().flat_map(Project::unavailable) {
        let message = format!("`{}` is not available; its options are unknown", gap.url);
        let warning = Diagnostic::warning("url", message).help(gap.help.clone());
        diagnostic(&warning.maybe_at(gap.span), sources);
    }
    for warning in &derived.warnings {
        diagnostic(warning, sources);
    }
    let missing = missing_commands(derived, input);
    if !missing.is_empty() {
        let message = format!("these commands do not exist yet: {}", missing.join(", "));
        let help = "build the project with bin/buildout";
        diagnostic(&Diagnostic::warning("no-command", message).help(help), sources);
    }
}

/// Commands below the project that do not exist.
fn missing_commands(derived: &Derived, input: &Input) -> Vec<String> {
    let here = format!("{}/", input.directory);
    let programs = derived.deployment.programs.iter();
    let mut missing: Vec<String> = programs
        .filter_map(|program| {
            let word = program.get(COMMAND.name)?.split_whitespace().next()?.to_owned();
            let path = word.replace("%(here)s/..", &input.directory);
            let below = path.strip_prefix(&here)?;
            (!path.contains('%') && !Path::new(&path).exists()).then(|| below.to_owned())
        })
        .collect();
    let mut seen = BTreeSet::new();
    missing.retain(|command| seen.insert(command.clone()));
    missing
}

pub(super) fn dry_run(comparison: &Comparison, with_text: bool) {
    if with_text {
        out(&comparison.plan.text);
    }
    for (file, status) in &comparison.files {
        err(&format!("would {} {}", verb(status), file.path));
    }
    for path in &comparison.kept {
        err(&format!("would keep {path}, which supkit did not write"));
    }
}

fn verb(status: &FileStatus) -> &'static str {
    match status {
        FileStatus::New => "write",
        FileStatus::Changed => "replace",
        FileStatus::Unchanged => "keep",
        FileStatus::Conflict(Conflict::NotAFile(_)) => "fail to replace",
        FileStatus::Conflict(_) => "need --replace to overwrite",
    }
}

/// `--check`
pub(super) fn check(comparison: &Comparison) -> ExitCode {
    if comparison.changes().next().is_none() {
        return ExitCode::SUCCESS;
    }
    for (file, status) in comparison.changes() {
        let state = if *status == FileStatus::New { "missing" } else { "out of date" };
        err(&format!("{} is {state}", file.path));
    }
    err("run `supkit generate`");
    ExitCode::FAILURE
}

pub(super) fn written(comparison: &Comparison, directory: &str, is_applied: bool) {
    let shown = |path: &str| path.strip_prefix(&format!("{directory}/")).unwrap_or(path).to_owned();
    for (file, status) in comparison.changes() {
        let word = if *status == FileStatus::New { "wrote" } else { "replaced" };
        let note = match file.role {
            Role::InstalledCfg => ": supkit's files are no longer listed",
            _ => "",
        };
        out(&format!("{word} {}{note}\n", shown(&file.path)));
    }
    for path in &comparison.kept {
        err(&format!("kept {}, which supkit did not write; --replace overwrites it", shown(path)));
    }
    let derived = &comparison.plan.derived;
    let fragments = derived.fragments.iter().map(|fragment| &fragment.deployment);
    let programs: Vec<String> = std::iter::once(&derived.deployment)
        .chain(fragments)
        .flat_map(|deployment| &deployment.programs)
        .map(|program| {
            format!(
                "{} ({})",
                program.name,
                program.get(PRIORITY.name).or(PRIORITY.default).unwrap_or_default()
            )
        })
        .collect();
    if comparison.changes().next().is_none() {
        out("nothing changed\n");
    }
    if !programs.is_empty() {
        out(&format!("programs by priority: {}\n", programs.join(", ")));
    }
    if comparison.plan.derived.is_fragment() {
        out("the configuration has no [supervisord]: include it in another one\n");
    } else if comparison.files.iter().any(|(file, _)| file.role == Role::Script) {
        out(next_step(comparison, is_applied));
    }
}

/// The command that makes the running programs agree with the configuration.
fn next_step(comparison: &Comparison, is_applied: bool) -> &'static str {
    if is_applied {
        ""
    } else if apply::is_running(&comparison.plan.conf) {
        "a daemon runs here: `supkit generate --apply` updates it and restarts only what changed\n"
    } else {
        "start them with bin/run\n"
    }
}

/// `--diff`
pub(super) fn diff(source: &Source, comparison: &Comparison) {
    let old = std::fs::read(&comparison.plan.conf).unwrap_or_default();
    let old = String::from_utf8_lossy(&old);
    let mut section = "";
    let all = differences(&old, &comparison.plan.derived.deployment);
    for difference in &all {
        if difference.section != section {
            section = &difference.section;
            out(&heading(difference));
        }
        if let Some(option) = &difference.option {
            out(&option_lines(source, option, difference));
        }
    }
    if all.is_empty() {
        out("no changes\n");
    }
}

fn heading(difference: &Difference) -> String {
    let sign = match (&difference.option, &difference.old, &difference.new) {
        (None, None, _) => "+ ",
        (None, _, None) => "- ",
        _ => "  ",
    };
    format!("{sign}[{}]\n", difference.section)
}

fn option_lines(source: &Source, option: &str, difference: &Difference) -> String {
    // Writing to a String cannot fail.
    let mut lines = String::new();
    if let Some(old) = &difference.old {
        let _ = writeln!(lines, "-     {option} = {}", joined(old));
    }
    if let Some(new) = &difference.new {
        let reason = difference.origin.as_ref();
        let reason = reason.map_or_else(String::new, |origin| reason_text(source, origin));
        let _ = writeln!(lines, "+     {option} = {}   ; {reason}", joined(new));
    }
    lines
}

fn joined(value: &str) -> String {
    value.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The reason for a value: `buildout.cfg:12`, a recipe or supkit.
fn reason_text(source: &Source, origin: &Origin) -> String {
    match origin {
        Origin::Project(Some(span)) => {
            let place = source.origin.sources().place(*span);
            format!("{}:{}", place.file, place.line)
        }
        Origin::Project(None) => "the project".to_owned(),
        Origin::Recipe(title) => format!("recipe: {title}"),
        Origin::Supkit => "supkit".to_owned(),
    }
}
