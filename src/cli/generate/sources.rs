//! What `generate` reads: the project and the recipes beside it. And how it says no, with the
//! texts that a fault points into.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use walkdir::WalkDir;

use crate::buildout::{Assignment, Project, Request};
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::generate::catalogue::{Assuming, BadFile, Catalogue};

use super::super::project::{self, ProjectArgs};

/// A project with the recipes that are known for it.
pub(in crate::cli) struct Source {
    pub(in crate::cli) project: Project,
    pub(in crate::cli) catalogue: Rc<Catalogue>,
}

/// Faults, and the texts that they point into.
pub(in crate::cli) struct Refusal {
    pub(in crate::cli) faults: Vec<Diagnostic>,
    pub(in crate::cli) sources: SourceMap,
}

impl Refusal {
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Self::many(vec![Diagnostic::error("failed", message)])
    }

    pub(super) fn many(faults: Vec<Diagnostic>) -> Self {
        Self { faults, sources: SourceMap::default() }
    }
}

impl Source {
    /// Faults of the project, with its texts.
    pub(in crate::cli) fn faults<T>(
        &self,
        result: Result<T, Vec<Diagnostic>>,
    ) -> Result<T, Refusal> {
        result.map_err(|faults| Refusal { faults, sources: self.project.sources().clone() })
    }
}

pub(super) fn load(args: &ProjectArgs, assignments: &[String]) -> Result<Source, Refusal> {
    let assignments = assignments
        .iter()
        .map(|text| text.parse::<Assignment>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|wrong| Refusal::plain(wrong.to_string()))?;
    read(&args.request(Request::lazy(&args.file), assignments))
}

/// A project without any wishes of the command line.
pub(in crate::cli) fn load_file(file: &str) -> Result<Source, Refusal> {
    read(&Request::lazy(file))
}

fn read(request: &Request) -> Result<Source, Refusal> {
    let catalogue = Rc::new(catalogue(&request.file)?);
    let recipes = Rc::new(Assuming(Rc::clone(&catalogue)));
    let project = project::load(request, recipes).map_err(|failure| Refusal {
        faults: vec![failure.fault.diagnostic()],
        sources: failure.sources,
    })?;
    Ok(Source { project, catalogue })
}

/// The built-in recipes and those of `recipes.d/` beside the project's main file.
pub(in crate::cli) fn catalogue(file: &str) -> Result<Catalogue, Refusal> {
    let directory = Path::new(file).parent().unwrap_or(Path::new("")).join("recipes.d");
    let mut own = Vec::new();
    for path in ini_files(&directory) {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Refusal::plain(format!("reading {name}: {error}")))?;
        own.push((name, text));
    }
    Catalogue::new(&own).map_err(|bad| bad_recipe(&bad, &own))
}

fn ini_files(directory: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(directory).max_depth(1).sort_by_file_name();
    let paths = walk.into_iter().filter_map(Result::ok).map(walkdir::DirEntry::into_path);
    paths.filter(|path| path.extension().is_some_and(|end| end == "ini")).collect()
}

/// Points at the key, where the fault knows one.
fn bad_recipe(bad: &BadFile, own: &[(String, String)]) -> Refusal {
    let text = own.iter().find(|(name, _)| *name == bad.file).map_or("", |(_, text)| text);
    let mut sources = SourceMap::default();
    let id = sources.add(&bad.file, text);
    let quoted = bad.fault.message.split('`').nth(1).unwrap_or_default();
    let key = bad.fault.key.as_deref().unwrap_or(quoted);
    let start = (!key.is_empty()).then(|| text.find(key)).flatten();
    let span = start.map_or(Span::new(id, 0, 0), |at| Span::new(id, at, at + key.len()));
    let fault = Diagnostic::error("bad-recipe", bad.fault.message.clone())
        .at(span)
        .help("`supkit recipes` shows how the built-in recipes look");
    Refusal { faults: vec![fault], sources }
}
