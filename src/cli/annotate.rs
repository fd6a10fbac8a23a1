//! `supkit annotate`: prints every section of a project with resolved values, as JSON or as text
//! with the source of each value.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::rc::Rc;

use super::generate::{catalogue, output};
use super::project::{self, ProjectArgs};
use text::Resolved;

use crate::buildout::{Fault, NoRecipes, Project, Recipes, Request};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Include options that known recipes set
    #[arg(long)]
    recipes: bool,
    /// Sections to print (default: all), and overrides of options: SECTION:OPTION=VALUE
    #[arg(value_name = "SECTION")]
    words: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn main(args: &Args) -> ExitCode {
    let (assignments, sections) = match project::words(&args.words) {
        Ok(words) => words,
        Err(fault) => return project::refuse(&fault),
    };
    let mut request = args.project.request(Request::strict(""), assignments);
    request.installed = args.recipes;
    let recipes = match recipes(args) {
        Ok(recipes) => recipes,
        Err(code) => return code,
    };
    let project = match project::load(&request, recipes) {
        Ok(project) => project,
        Err(failure) => return project::fail(&[failure.fault], &failure.sources),
    };
    project::warn(&project);
    if args.recipes {
        // Recipes add sections in the order of the parts. A fault is reported where a section has it.
        let _ = project.reached();
    }
    let added = project.added();
    let exists = |section: &&String| project.has_section(section) || added.contains(section);
    if let Some(unknown) = sections.iter().find(|section| !exists(section)) {
        return project::refuse(&format!("Section not found: {unknown}"));
    }
    match resolve(&project, &sections) {
        Ok(resolved) => match args.format {
            Format::Json => project::print(&json(&project, &resolved)),
            Format::Text => {
                project::print(&text::annotated(&project, &resolved, args.project.verbose > 0))
            }
        },
        Err(faults) => project::fail(&faults, project.sources()),
    }
}

fn recipes(args: &Args) -> Result<Rc<dyn Recipes>, ExitCode> {
    if args.recipes {
        let catalogue = catalogue(&args.project.file).map_err(|error| {
            output::report(&error);
            ExitCode::FAILURE
        })?;
        Ok(Rc::new(catalogue))
    } else {
        Ok(Rc::new(NoRecipes))
    }
}

/// All sections, or all faults that prevent their resolution.
fn resolve(project: &Project, chosen: &[String]) -> Result<Resolved, Vec<Fault>> {
    let mut resolved = Resolved::new();
    let mut faults: Vec<Fault> = Vec::new();
    let mut reported = BTreeSet::new();
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name);
    let names = project.sections().map(str::to_owned).chain(project.added());
    for section in names.filter(|name| wanted(name)) {
        match project.options(&section) {
            Ok(options) => drop(resolved.insert(section, options.into_iter().collect())),
            // A fault that affects several sections is reported once.
            Err(fault) if reported.insert((fault.message().to_owned(), fault.span())) => {
                faults.push(fault);
            }
            Err(_) => {}
        }
    }
    if faults.is_empty() { Ok(resolved) } else { Err(faults) }
}

/// `{"section": {"option": "value"}}`; options set by recipes are listed under a name that no
/// section can have.
fn json(project: &Project, resolved: &Resolved) -> String {
    let mut all: BTreeMap<&str, serde_json::Value> = resolved
        .iter()
        .map(|(name, options)| (name.as_str(), serde_json::json!(options)))
        .collect();
    let made: BTreeMap<&str, Vec<&String>> = resolved
        .iter()
        .map(|(section, options)| {
            let made = options.keys().filter(|name| project.is_made(section, name));
            (section.as_str(), made.collect())
        })
        .filter(|(_, names): &(_, Vec<&String>)| !names.is_empty())
        .collect();
    if !made.is_empty() {
        all.insert("made by recipes", serde_json::json!(made));
    }
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    format!("{text}\n")
}
