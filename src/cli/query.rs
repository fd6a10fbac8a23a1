//! `supkit query`: prints one value of a project, raw or resolved.

use std::process::ExitCode;
use std::rc::Rc;

use super::project::{self, ProjectArgs};
use crate::buildout::{NoRecipes, Project, Request};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Print the value with references and macros resolved
    #[arg(long)]
    resolved: bool,
    /// Option to print, and overrides of options: SECTION:OPTION=VALUE
    #[arg(value_name = "SECTION:OPTION")]
    words: Vec<String>,
}

pub(super) fn main(args: &Args) -> ExitCode {
    let (assignments, asked) = match project::words(&args.words) {
        Ok(words) => words,
        Err(fault) => return project::refuse(&fault),
    };
    let [asked] = &asked[..] else {
        return project::refuse("The query command requires a single argument.");
    };
    let names: Vec<&str> = asked.split(':').collect();
    let (section, option) = match names[..] {
        [option] => ("buildout", option),
        [section, option] => (section, option),
        _ => return project::refuse(&format!("Invalid option: {asked}")),
    };
    let request = args.project.request(Request::strict(""), assignments);
    let project = match project::load(&request, Rc::new(NoRecipes)) {
        Ok(project) => project,
        Err(failure) => return project::fail(&[failure.fault], &failure.sources),
    };
    project::warn(&project);
    let value = if args.resolved && project.has_section(section) {
        match project.get(section, option) {
            Ok(value) => value,
            Err(fault) => return project::fail(&[fault], project.sources()),
        }
    } else {
        project.written(section, option)
    };
    match value {
        Some(value) if args.project.verbose > 0 => {
            project::print(&format!("${{{section}:{option}}}\n{value}\n"))
        }
        Some(value) => project::print(&format!("{value}\n")),
        None => project::refuse(&absent(&project, section, option)),
    }
}

fn absent(project: &Project, section: &str, option: &str) -> String {
    if !project.has_section(section) {
        return format!("Section not found: {section}");
    }
    let inherited = matches!(project.get(section, option), Ok(Some(_)));
    let hint = if inherited { " (a macro brings it: ask with --resolved)" } else { "" };
    format!("Key not found: {option}{hint}")
}
