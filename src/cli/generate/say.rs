//! What `generate` tells: diagnostics on standard error, results on standard output.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Diagnostic, SourceMap};
use crate::generate::deployment::Origin;
use crate::generate::derive::Derived;
use crate::generate::differ::{Difference, differences};
use crate::generate::input::Input;
use crate::generate::plan::{Conflict, Role, Verdict};

use super::Planned;
use super::sources::{Refusal, Source};

/// Writes to standard output; who closed it does not want to hear more.
pub(in crate::cli) fn out(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn err(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn diagnostic(fault: &Diagnostic, sources: &SourceMap) {
    err(&fault.render(sources, std::io::stderr().is_terminal()));
}

pub(in crate::cli) fn refusal(refusal: &Refusal) {
    for fault in &refusal.faults {
        diagnostic(fault, &refusal.sources);
    }
}

/// What is odd but no reason to stop.
pub(super) fn warnings(source: &Source, derived: &Derived, input: &Input) {
    let sources = source.project.sources();
    for warning in source.project.warnings() {
        diagnostic(warning, sources);
    }
    for gap in source.project.unavailable() {
        let message = format!("`{}` is not at hand; what it says is not known here", gap.url);
        let warning = Diagnostic::warning("url", message).help(gap.help.clone());
        diagnostic(&gap.span.map_or(warning.clone(), |span| warning.at(span)), sources);
    }
    for warning in &derived.warnings {
        diagnostic(warning, sources);
    }
    let missing = missing_commands(derived, input);
    if !missing.is_empty() {
        let message = format!("these programs are not there yet: {}", missing.join(", "));
        let help = "build the project first: bin/buildout";
        diagnostic(&Diagnostic::warning("no-command", message).help(help), sources);
    }
}

/// Commands that are paths below the project where nothing lies.
fn missing_commands(derived: &Derived, input: &Input) -> Vec<String> {
    let here = format!("{}/", input.directory);
    let programs = derived.deployment.programs.iter();
    programs
        .filter_map(|program| {
            let word = program.get("command")?.split_whitespace().next()?.to_owned();
            let path = word.replace("%(here)s/..", &input.directory);
            let below = path.strip_prefix(&here)?;
            (!path.contains('%') && !Path::new(&path).exists()).then(|| below.to_owned())
        })
        .collect()
}

pub(super) fn dry_run(planned: &Planned, with_text: bool) {
    if with_text {
        out(&planned.text);
    }
    for (file, verdict) in &planned.files {
        err(&format!("would {} {}", verb(verdict), file.path));
    }
    for path in &planned.kept {
        err(&format!("would leave alone {path}, which supkit did not write"));
    }
}

fn verb(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::New => "write",
        Verdict::Changed => "replace",
        Verdict::Unchanged => "not touch",
        Verdict::Conflict(Conflict::NoFile(_)) => "fail to replace",
        Verdict::Conflict(_) => "need --replace to overwrite",
    }
}

/// `--check`
pub(super) fn check(planned: &Planned) -> ExitCode {
    let mut stale = planned.files.iter().filter(|(_, verdict)| *verdict != Verdict::Unchanged);
    let Some((first, verdict)) = stale.next() else { return ExitCode::SUCCESS };
    for (file, verdict) in std::iter::once(&(first.clone(), verdict.clone())).chain(stale) {
        let state = if *verdict == Verdict::New { "missing" } else { "out of date" };
        err(&format!("{} is {state}", file.path));
    }
    err("run `supkit generate`");
    ExitCode::FAILURE
}

pub(super) fn written(planned: &Planned, directory: &str) {
    let shown = |path: &str| path.strip_prefix(&format!("{directory}/")).unwrap_or(path).to_owned();
    for (file, verdict) in planned.files.iter().filter(|(_, v)| *v != Verdict::Unchanged) {
        let word = if *verdict == Verdict::New { "wrote" } else { "replaced" };
        let why = match file.role {
            Role::Record => ": the files that buildout made here are supkit's now",
            _ => "",
        };
        out(&format!("{word} {}{why}\n", shown(&file.path)));
    }
    for path in &planned.kept {
        err(&format!(
            "left alone {}, which supkit did not write; --replace takes its place",
            shown(path)
        ));
    }
    let programs: Vec<String> = planned
        .derived
        .deployment
        .programs
        .iter()
        .map(|program| format!("{} ({})", program.name, program.get("priority").unwrap_or("999")))
        .collect();
    if planned.files.iter().all(|(_, verdict)| *verdict == Verdict::Unchanged) {
        out("nothing changed\n");
    }
    out(&format!("programs by priority: {}\n", programs.join(", ")));
    if planned.files.iter().any(|(file, _)| file.role == Role::Script) {
        out("start them with bin/run\n");
    }
}

/// `--diff`
pub(super) fn difference(source: &Source, planned: &Planned) {
    let old = std::fs::read(&planned.conf).unwrap_or_default();
    let old = String::from_utf8_lossy(&old);
    let mut section = "";
    let all = differences(&old, &planned.derived.deployment);
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
        out("no option changes\n");
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
        let why = difference.origin.as_ref().map_or_else(String::new, |origin| why(source, origin));
        let _ = writeln!(lines, "+     {option} = {}   ; {why}", joined(new));
    }
    lines
}

fn joined(value: &str) -> String {
    value.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Who asks for a value: `buildout.cfg:12`, or what supkit knows.
fn why(source: &Source, origin: &Origin) -> String {
    match origin {
        Origin::Project(Some(span)) => {
            let place = source.project.sources().place(*span);
            format!("{}:{}", place.file, place.line)
        }
        Origin::Project(None) => "the project".to_owned(),
        Origin::Recipe(title) => format!("recipe: {title}"),
        Origin::Supkit => "supkit".to_owned(),
    }
}
