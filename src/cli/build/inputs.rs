//! What a build depends on: the texts of the project, the files that its options name, and the
//! versions of buildout itself.

use std::fs;
use std::path::Path;

use crate::assets;
use crate::buildout::Project;
use crate::buildout::paths::{join, normalize};
use crate::generate::build_plan::{BuildInputs, requirements};

use super::super::project::ProjectArgs;

/// A larger file is not an input of a recipe, but data.
const LARGEST: u64 = 1024 * 1024;
/// What describes a distribution that is developed in the project.
const DISTRIBUTION: [&str; 3] = ["setup.py", "setup.cfg", "pyproject.toml"];
/// The file with the requirements of buildout itself, by convention.
const REQUIREMENTS: &str = "requirements.txt";

pub(super) fn read(
    project: &Project,
    python: &str,
    assignments: &[String],
    args: &ProjectArgs,
) -> BuildInputs {
    let sources = project.sources();
    let mut files: Vec<(String, String)> = sources
        .ids()
        .map(|id| (sources.name(id).to_owned(), sources.text(id).to_owned()))
        .collect();
    files.extend(named_files(project));
    let mut arguments = args.for_buildout();
    arguments.extend(assignments.iter().cloned());
    BuildInputs {
        python: python.to_owned(),
        requirements: own_requirements(project),
        files,
        arguments,
    }
}

/// Those of the project, if they contain buildout.
fn own_requirements(project: &Project) -> String {
    let text = fs::read_to_string(Path::new(project.directory()).join(REQUIREMENTS));
    let is_buildout = |line: &str| line.trim_start().starts_with("zc.buildout");
    if let Some(text) = text.ok().filter(|text| text.lines().any(is_buildout)) {
        return text;
    }
    let get = |section: &str, option: &str| project.get(section, option).ok().flatten();
    let section = get("buildout", "versions").unwrap_or_else(|| "versions".to_owned());
    // Buildout's own default for itself is a lower limit, not a pin.
    let is_pin = |version: &String| version.starts_with(|c: char| c.is_ascii_digit());
    requirements(assets::BUILDOUT_REQUIREMENTS, &|name| {
        get(&section, name).map(|version| version.trim().to_owned()).filter(is_pin)
    })
}

/// The small files of the project that options of its parts name, such as templates, and those of
/// distributions that it develops.
fn named_files(project: &Project) -> Vec<(String, String)> {
    let mut paths: Vec<String> = Vec::new();
    for part in project.reached_parts().unwrap_or_default() {
        for option in project.names(&part).unwrap_or_default() {
            paths.extend(project.get(&part, &option).ok().flatten());
        }
    }
    let developed = project.get("buildout", "develop").ok().flatten().unwrap_or_default();
    for directory in developed.split_whitespace() {
        paths.extend(DISTRIBUTION.map(|name| join(directory, name)));
    }
    let directory = project.directory();
    let made: Vec<&str> = {
        let installed = project.installed();
        installed.parts().iter().flat_map(|part| installed.paths(part)).collect()
    };
    let is_path = |path: &String| !path.contains('\n') && (1..512).contains(&path.len());
    let mut paths: Vec<String> = paths
        .into_iter()
        .map(|path| path.trim().to_owned())
        .filter(is_path)
        .map(|path| normalize(&join(directory, &path)))
        .filter(|path| path.starts_with(&format!("{directory}/")))
        .filter(|path| !is_made(&made, path))
        .collect();
    paths.sort();
    paths.dedup();
    paths.into_iter().filter_map(|path| Some((path.clone(), small_text(&path)?))).collect()
}

/// Whether buildout made a file, or a directory around it.
fn is_made(made: &[&str], path: &str) -> bool {
    made.iter()
        .any(|it| path == *it || path.strip_prefix(it).is_some_and(|rest| rest.starts_with('/')))
}

fn small_text(path: &str) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    let is_input = meta.is_file() && meta.len() <= LARGEST;
    let bytes = is_input.then(|| fs::read(path).ok()).flatten()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
