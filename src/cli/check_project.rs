//! `supkit check` for a buildout project: errors that prevent its deployment, and warnings. Nothing
//! is written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Diagnostic, SourceMap, Span};
use crate::generate::derive::derive;
use crate::generate::inspect::{OPEN_PASSWORD, inspect};
use crate::generate::paths::Place;
use crate::generate::project_reader;

use super::check_report::{Format, Report};
use super::generate::{ProjectError, load_file};
use super::real_buildout_env::RealBuildoutEnv;

/// The project to check: a `*.cfg` file that is named, or `./buildout.cfg`. `None` if a
/// configuration is to be checked.
pub(super) fn project_file(file: Option<&str>) -> Option<String> {
    match file {
        Some(file) => {
            let extension = Path::new(file).extension();
            extension.is_some_and(|extension| extension == "cfg").then(|| file.to_owned())
        }
        None => Path::new("buildout.cfg").exists().then(|| "buildout.cfg".to_owned()),
    }
}

pub(super) fn check(file: &str, format: Format) -> ExitCode {
    let (problems, sources) = match problems(file) {
        Ok(found) => found,
        Err(error) => (error.faults, error.sources),
    };
    let report = Report {
        file,
        problems: &problems,
        sources: &sources,
        is_configuration: false,
        original: &|_| None,
    };
    report.print(format)
}

fn problems(file: &str) -> Result<(Vec<Diagnostic>, SourceMap), ProjectError> {
    let source = load_file(file)?;
    let project = &source.project;
    let env = RealBuildoutEnv::around(file);
    let input = source.faults(project_reader::read(project, &source.catalogue, &env))?;
    let conf = format!("{}/etc/supervisord.conf", input.directory);
    let place = Place::new(&input.directory, &conf);
    let derived = source.faults(derive(&input, &source.catalogue, &place))?;
    let is_world_readable = |file: &str| {
        let meta = std::fs::metadata(file);
        meta.is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
    };
    let mut all = project.warnings().to_vec();
    all.extend(derived.warnings.iter().cloned());
    all.extend(inspect(project, &input, &source.catalogue, &derived, &is_world_readable));
    let mut sources = project.sources().clone();
    for fault in &all {
        mask_password(fault, &mut sources);
    }
    Ok((all, sources))
}

/// Masks the password in the displayed line; the output may end up in a log.
fn mask_password(fault: &Diagnostic, sources: &mut SourceMap) {
    let Some(span) = fault.span.filter(|_| fault.code == OPEN_PASSWORD) else { return };
    let line = sources.marked(span);
    let value = line.find('=').map_or(0, |at| at + 1);
    let start = value + line[value..].len() - line[value..].trim_start().len();
    sources.mask(Span::new(span.source, span.start + start, span.end));
}
