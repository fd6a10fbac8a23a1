//! Reads the project and its recipes. Errors contain the texts that they refer to.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use walkdir::WalkDir;

use crate::buildout::{Assignment, BuildoutEnv, Project, Request};
use crate::conf::secrets::mask_sources;
use crate::diag::{Diagnostic, SourceMap, Span, united};
use crate::generate::catalogue::{BadFile, Catalogue, WithDefaultLocation};
use crate::generate::input::Input;
use crate::generate::pip::{self, PipProject, Unreadable};
use crate::generate::project_reader;

use super::super::project::ProjectArgs;
use super::super::real_buildout_env::RealBuildoutEnv;
use super::super::{machine, pip_files};

/// A project with the known recipes.
pub(in crate::cli) struct Source {
    pub(in crate::cli) origin: Origin,
    pub(in crate::cli) catalogue: Rc<Catalogue>,
}

/// What the project is described by.
pub(in crate::cli) enum Origin {
    Buildout(Box<Project>),
    /// Configurations of Zope and ZEO, and the options of the command line.
    Pip(Box<PipProject>, Vec<Assignment>),
}

impl Origin {
    pub(in crate::cli) fn buildout(&self) -> Option<&Project> {
        match self {
            Self::Buildout(project) => Some(project),
            Self::Pip(..) => None,
        }
    }

    pub(in crate::cli) fn sources(&self) -> &SourceMap {
        match self {
            Self::Buildout(project) => project.sources(),
            Self::Pip(project, _) => project.sources(),
        }
    }

    pub(in crate::cli) fn warnings(&self) -> &[Diagnostic] {
        match self {
            Self::Buildout(project) => project.warnings(),
            Self::Pip(project, _) => project.warnings(),
        }
    }

    /// The main file as messages have it, if `given` is the path of a buildout.
    pub(in crate::cli) fn shown_file<'a>(&'a self, given: &'a str) -> &'a str {
        match self {
            Self::Buildout(_) => given,
            Self::Pip(project, _) => project.shown_file(),
        }
    }

    /// The main file, absolute.
    pub(in crate::cli) fn file(&self) -> &str {
        match self {
            Self::Buildout(project) => project.file(),
            Self::Pip(project, _) => project.file(),
        }
    }
}

/// Errors, and the texts that they refer to.
#[derive(Clone)]
pub(in crate::cli) struct ProjectError {
    pub(in crate::cli) faults: Vec<Diagnostic>,
    pub(in crate::cli) sources: SourceMap,
}

impl ProjectError {
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Self::many(vec![Diagnostic::error("failed", message)])
    }

    pub(super) fn many(faults: Vec<Diagnostic>) -> Self {
        Self { faults, sources: SourceMap::default() }
    }
}

impl Source {
    /// The input of the generator.
    pub(in crate::cli) fn input(&self, env: &dyn BuildoutEnv) -> Result<Input, ProjectError> {
        self.faults(match &self.origin {
            Origin::Buildout(project) => project_reader::read(project, &self.catalogue, env),
            Origin::Pip(project, assignments) => pip::input(project, assignments),
        })
    }

    /// Adds the texts of the project to errors.
    pub(in crate::cli) fn faults<T>(
        &self,
        result: Result<T, Vec<Diagnostic>>,
    ) -> Result<T, ProjectError> {
        result.map_err(|faults| {
            let mut sources = self.origin.sources().clone();
            mask_sources(&mut sources);
            ProjectError { faults: united(faults), sources }
        })
    }
}

pub(in crate::cli) fn load(
    args: &ProjectArgs,
    assignments: &[String],
) -> Result<Source, ProjectError> {
    let assignments = assignments
        .iter()
        .map(|text| text.parse::<Assignment>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ProjectError::plain(error.to_string()))?;
    let env = RealBuildoutEnv::around(&args.file);
    read(&args.request(Request::lazy(&args.file), assignments), &env)
}

/// Loads a project without arguments of the command line.
pub(in crate::cli) fn load_file(file: &str, env: &dyn BuildoutEnv) -> Result<Source, ProjectError> {
    read(&Request::lazy(file), env)
}

fn read(request: &Request, env: &dyn BuildoutEnv) -> Result<Source, ProjectError> {
    let catalogue = Rc::new(catalogue(&request.file)?);
    // An editor may have a buildout.cfg that is not saved yet.
    if !env.exists(&request.file) && pip_files::stands_for(&request.file) {
        let project = pip_files::read(&request.file);
        let project = project.map_err(|Unreadable { faults, mut sources }| {
            mask_sources(&mut sources);
            ProjectError { faults, sources }
        })?;
        let origin = Origin::Pip(Box::new(project), request.assignments.clone());
        return Ok(Source { origin, catalogue });
    }
    let recipes = Rc::new(WithDefaultLocation(Rc::clone(&catalogue)));
    let project = Project::load(request, env, recipes).map_err(|failure| ProjectError {
        faults: vec![failure.fault.diagnostic()],
        sources: failure.sources,
    })?;
    Ok(Source { origin: Origin::Buildout(Box::new(project)), catalogue })
}

/// The built-in recipes and those in `recipes.d/` next to the main file of the project.
pub(in crate::cli) fn catalogue(file: &str) -> Result<Catalogue, ProjectError> {
    let directory = Path::new(file).parent().unwrap_or(Path::new("")).join("recipes.d");
    let mut own = Vec::new();
    for path in ini_files(&directory) {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ProjectError::plain(format!("reading {name}: {error}")))?;
        own.push((name, text));
    }
    let catalogue = Catalogue::new(&own).map_err(|bad| bad_recipe(&bad, &own))?;
    Ok(catalogue.on(machine::of_this_process()))
}

fn ini_files(directory: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(directory).max_depth(1).sort_by_file_name();
    let paths = walk.into_iter().filter_map(Result::ok).map(walkdir::DirEntry::into_path);
    paths.filter(|path| path.extension().is_some_and(|end| end == "ini")).collect()
}

/// With the position of the key, if it is known.
fn bad_recipe(bad: &BadFile, own: &[(String, String)]) -> ProjectError {
    let text = own.iter().find(|(name, _)| *name == bad.file).map_or("", |(_, text)| text);
    let mut sources = SourceMap::default();
    let id = sources.add(&bad.file, text);
    let quoted = bad.fault.message.split('`').nth(1).unwrap_or_default();
    let key = bad.fault.key.as_deref().unwrap_or(quoted);
    let start = (!key.is_empty()).then(|| text.find(key)).flatten();
    let span = start.map_or(Span::new(id, 0, 0), |at| Span::new(id, at, at + key.len()));
    let fault = Diagnostic::error("bad-recipe", bad.fault.message.clone())
        .at(span)
        .help("`supkit recipes` lists the built-in recipes as examples");
    ProjectError { faults: vec![fault], sources }
}
