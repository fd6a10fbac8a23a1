//! `supkit check` of a buildout project: what would keep it from being deployed, and what is odd
//! about it. Nothing is written.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::conf::check::exit_code;
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::generate::derive::derive;
use crate::generate::inspect::{OPEN_PASSWORD, inspect};
use crate::generate::paths::Place;
use crate::generate::reading;

use super::check::{Format, one, styled};
use super::generate::{Refusal, load_file};
use super::real_buildout_env::RealBuildoutEnv;

/// The project that is meant: the one that is named, or the one that lies here.
pub(super) fn asked_for(file: Option<&str>) -> Option<String> {
    match file {
        Some(file) => {
            let end = Path::new(file).extension();
            end.is_some_and(|end| end == "cfg").then(|| file.to_owned())
        }
        None => Path::new("buildout.cfg").exists().then(|| "buildout.cfg".to_owned()),
    }
}

pub(super) fn report(file: &str, format: Format) -> ExitCode {
    let (problems, sources) = match problems(file) {
        Ok(found) => found,
        Err(refusal) => (refusal.faults, refusal.sources),
    };
    let text = match format {
        Format::Text => people(file, &problems, &sources),
        Format::Json => format!("{:#}\n", programs(file, &problems, &sources)),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(exit_code(&problems)),
        Err(_) => ExitCode::FAILURE,
    }
}

fn problems(file: &str) -> Result<(Vec<Diagnostic>, SourceMap), Refusal> {
    let source = load_file(file)?;
    let project = &source.project;
    let input = reading::read(project, &source.catalogue, &RealBuildoutEnv::around(file));
    let input = source.faults(input)?;
    let conf = format!("{}/etc/supervisord.conf", input.directory);
    let place = Place::new(&input.directory, &conf);
    let derived = source.faults(derive(&input, &source.catalogue, &place))?;
    let readable = |file: &str| {
        let meta = std::fs::metadata(file);
        meta.is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
    };
    let mut all = project.warnings().to_vec();
    all.extend(derived.warnings.iter().cloned());
    all.extend(inspect(project, &input, &source.catalogue, &derived, &readable));
    let mut sources = project.sources().clone();
    for fault in &all {
        hide_password(fault, &mut sources);
    }
    Ok((all, sources))
}

/// What is printed here may end in a log that more people read than the file.
fn hide_password(fault: &Diagnostic, sources: &mut SourceMap) {
    let Some(span) = fault.span.filter(|_| fault.code == OPEN_PASSWORD) else { return };
    let line = sources.marked(span);
    let value = line.find('=').map_or(0, |at| at + 1);
    let start = value + line[value..].len() - line[value..].trim_start().len();
    sources.mask(Span::new(span.source, span.start + start, span.end));
}

fn people(file: &str, problems: &[Diagnostic], sources: &SourceMap) -> String {
    let shown = problems.iter().map(|problem| problem.render(sources, styled()) + "\n\n");
    let verdict = match problems.len() {
        0 => format!("{file}: no problems\n"),
        1 => format!("{file}: 1 problem\n"),
        n => format!("{file}: {n} problems\n"),
    };
    shown.chain([verdict]).collect()
}

fn programs(file: &str, problems: &[Diagnostic], sources: &SourceMap) -> Value {
    let verdict = match exit_code(problems) {
        0 => "ok",
        1 => "warnings",
        _ => "refused",
    };
    let problems: Vec<Value> = problems.iter().map(|problem| one(sources, problem, None)).collect();
    json!({"file": file, "result": verdict, "problems": problems})
}
