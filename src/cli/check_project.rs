//! `supkit check` for a project: errors that prevent its deployment, and warnings. Nothing is written.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use crate::buildout::BuildoutEnv;
use crate::conf::check::{open_server, writable_files};
use crate::conf::secrets::mask_sources;
use crate::conf::sections::inet_http_server;
use crate::daemon::real_host::RealHost;
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::generate::derive::derive;
use crate::generate::inspect::{OPEN_PASSWORD, inspect};
use crate::generate::paths::Place;
use crate::generate::plan::Plan;
use crate::generate::read_back::place_of;

use super::check_report::{Format, Report, Subject};
use super::generate::{ProjectError, Source, load_file, rehearse};
use super::pip_files;
use super::real_buildout_env::RealBuildoutEnv;

/// The project to check: a `*.cfg` file that is named, or `./buildout.cfg`, which need not exist in a
/// pip project. `None` if a configuration is to be checked.
pub(super) fn project_file(file: Option<&str>) -> Option<String> {
    let Some(file) = file else {
        let is_project = Path::new("buildout.cfg").exists() || pip_files::are_here();
        return is_project.then(|| "buildout.cfg".to_owned());
    };
    let extension = Path::new(file).extension();
    extension.is_some_and(|extension| extension == "cfg").then(|| file.to_owned())
}

pub(super) fn check(file: &str, format: Format) -> ExitCode {
    let env = RealBuildoutEnv::around(file);
    let loaded = load_file(file, &env);
    let shown = loaded.as_ref().map_or(file, |source| source.origin.shown_file(file)).to_owned();
    let (problems, sources) = found(loaded, &env);
    let report = Report {
        file: &shown,
        problems: &problems,
        sources: &sources,
        subject: Subject::Project,
        original: &|_| None,
    };
    report.print(format)
}

/// The problems of a project, and the texts that they are in.
pub(super) fn problems(file: &str, env: &dyn BuildoutEnv) -> (Vec<Diagnostic>, SourceMap) {
    found(load_file(file, env), env)
}

fn found(
    loaded: Result<Source, ProjectError>,
    env: &dyn BuildoutEnv,
) -> (Vec<Diagnostic>, SourceMap) {
    let inspected = loaded.and_then(|source| inspected(&source, env));
    inspected.unwrap_or_else(|error| (error.faults, error.sources))
}

fn inspected(
    source: &Source,
    env: &dyn BuildoutEnv,
) -> Result<(Vec<Diagnostic>, SourceMap), ProjectError> {
    let origin = &source.origin;
    let input = source.input(env)?;
    let conf = format!("{}/etc/supervisord.conf", input.directory);
    let place = Place::new(&input.directory, &conf);
    let derived = source.faults(derive(&input, &source.catalogue, &place))?;
    let is_world_readable = |file: &str| {
        let meta = std::fs::metadata(file);
        meta.is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
    };
    let mut all = origin.warnings().to_vec();
    all.extend(derived.warnings.iter().cloned());
    let project = origin.buildout();
    all.extend(inspect(project, &input, &source.catalogue, &derived, &is_world_readable));
    all.extend(match rehearse(source, &input) {
        Ok((plan, obstacles)) => obstacles.into_iter().chain(open_servers(&plan)).collect(),
        Err(error) => error.faults,
    });
    all.extend(writable_files(origin.sources(), &RealHost));
    let mut sources = origin.sources().clone();
    mask_sources(&mut sources);
    for fault in &all {
        mask_password(fault, &mut sources);
    }
    Ok((all, sources))
}

/// An error for each server of the deployment that other hosts reach without a password.
fn open_servers(plan: &Plan) -> impl Iterator<Item = Diagnostic> {
    plan.config.servers.iter().filter_map(|server| {
        let error = open_server(server, &RealHost)?;
        let deployment = &plan.derived.deployment;
        // The options have other names in a project.
        let error = error
            .help("set a username and a password, or listen on this host only, such as 127.0.0.1");
        Some(error.maybe_at(place_of(deployment, &server.section, inet_http_server::PORT.name)))
    })
}

/// Masks the password in the displayed line; the output may end up in a log.
fn mask_password(fault: &Diagnostic, sources: &mut SourceMap) {
    let Some(span) = fault.span.filter(|_| fault.code == OPEN_PASSWORD) else { return };
    let line = sources.marked(span);
    let value = line.find('=').map_or(0, |at| at + 1);
    let start = value + line[value..].len() - line[value..].trim_start().len();
    sources.mask(Span::new(span.source, span.start + start, span.end));
}
