//! From a [`Project`] to what the generator wants to know. Only the parts that buildout would
//! install are asked, and of an option that cannot be resolved nothing is said unless it is needed.

use std::collections::BTreeMap;

use crate::buildout::{BuildoutEnv, Fault, Project, Reached};
use crate::diag::{Diagnostic, Span};

use super::catalogue::Catalogue;
use super::derive::{is_left_out, tells_all, tells_programs};
use super::input::{Input, Part, Value};
use super::recipe::{PREFIX, Yields};
use super::{frame, templated, unlisted};

/// All parts in the order of installing, resolved as far as they matter.
pub fn read(
    project: &Project,
    catalogue: &Catalogue,
    outside: &dyn BuildoutEnv,
) -> Result<Input, Vec<Diagnostic>> {
    let alone = |fault: Fault| vec![fault.diagnostic()];
    let Reached { parts: reached, lost } = project.reached().map_err(alone)?;
    let directory = |option: &str| {
        project.get("buildout", option).map(Option::unwrap_or_default).map_err(alone)
    };
    let mut parts = Vec::new();
    let mut faults: Vec<Diagnostic> = lost.iter().map(Fault::diagnostic).collect();
    for name in &reached {
        match part(project, catalogue, outside, name) {
            Ok(part) => parts.push(part),
            Err(fault) => faults.push(*fault),
        }
    }
    let unlisted = unlisted::names(project, &reached);
    let read = |name: &str| part(project, catalogue, outside, name);
    let (supervisors, warnings) =
        unlisted::supervisors(project, catalogue, &parts, &unlisted, &read);
    // Where one part tells everything, what is wrong with the others does no harm.
    let tells = |part: &Part| tells_all(catalogue, part);
    let is_told = parts.iter().any(tells)
        || supervisors.iter().any(|part| tells(part) && tells_programs(part));
    if !faults.is_empty() && !is_told {
        return Err(faults);
    }
    Ok(Input {
        directory: directory("directory")?,
        bin: directory("bin-directory")?,
        parts_directory: directory("parts-directory")?,
        parts,
        supervisors,
        unlisted,
        warnings,
    })
}

fn part(
    project: &Project,
    catalogue: &Catalogue,
    outside: &dyn BuildoutEnv,
    name: &str,
) -> Result<Part, Box<Diagnostic>> {
    let failed = |fault: Fault| Box::new(fault.diagnostic());
    let mut options = BTreeMap::new();
    let mut broken = Vec::new();
    for option in project.names(name).map_err(failed)? {
        match project.get(name, &option) {
            Ok(Some(text)) => {
                options.insert(option.clone(), value(project, name, &option, text));
            }
            Ok(None) => {}
            Err(fault) => broken.push((option, fault)),
        }
    }
    let span = project.span(name, "recipe");
    let mut part = Part { name: name.to_owned(), span, options, template: None };
    let get = |option: &str| part.get(option).map(str::to_owned);
    let recipe = catalogue.find(part.recipe(), name, &get);
    let matters = |option: &String| {
        [PREFIX, frame::DAEMON, frame::CLIENT].iter().any(|prefix| option.starts_with(prefix))
            || recipe.is_some_and(|recipe| recipe.reads.0.contains(option))
    };
    if let Some((_, fault)) = broken.into_iter().find(|(option, _)| matters(option)) {
        return Err(failed(fault));
    }
    let mut needed = part.options.keys().filter(|option| matters(option));
    if let Some(fault) = needed.find_map(|option| project.incomplete(name, option)) {
        return Err(failed(fault));
    }
    if recipe.is_some_and(|recipe| recipe.yields == Yields::Template) && !is_left_out(&part) {
        part.template = templated::template(project, outside, &part)?;
    }
    Ok(part)
}

fn value(project: &Project, section: &str, option: &str, text: String) -> Value {
    let lines = places(project, section, option, &text);
    Value { span: project.span(section, option), lines, text }
}

/// Where each line of a value stands. It is looked for as it was written, before its references
/// were followed; unless one of them stands for several lines.
fn places(project: &Project, section: &str, option: &str, text: &str) -> Vec<Option<Span>> {
    let written = project.value(section, option).map(|value| value.text).unwrap_or_default();
    let same = written.lines().count() == text.lines().count();
    let lines = if same { &written } else { text };
    lines.lines().map(|line| project.pinpoint(section, option, line.trim())).collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::buildout::{MemoryFiles, Request};

    fn read_text(text: &str) -> Result<Input, Vec<Diagnostic>> {
        let paper = MemoryFiles::with(&[("buildout.cfg", text)]);
        let catalogue = Rc::new(Catalogue::new(&[]).unwrap());
        let recipes = Rc::clone(&catalogue);
        let project = Project::load(&Request::lazy("buildout.cfg"), &paper, recipes);
        read(
            &project.map_err(|failure| failure.fault.message().to_owned()).unwrap(),
            &catalogue,
            &paper,
        )
    }

    const CLIENT: &str = "\
        [buildout]\nparts = instance supervisor\n\
        [port]\nrecipe = who.knows\n\
        [instance]\nrecipe = plone.recipe.zope2instance\nhttp-address = ${port:number}\n";

    #[test]
    fn a_program_cannot_be_made_of_what_only_an_unknown_recipe_knows() {
        let faults = read_text(&format!("{CLIENT}[supervisor]\nrecipe = zc.recipe.egg\n"));
        assert!(faults.unwrap_err()[0].message.contains("port number"));
    }

    #[test]
    fn a_part_that_an_absent_url_may_define_is_missed_only_where_programs_are_derived() {
        let text = "[buildout]\nextends = http://x/y.cfg\nparts = omelette supervisor\n\
                    [supervisor]\nrecipe = ";
        let told = read_text(&format!("{text}collective.recipe.supervisor\n"));
        assert_eq!(told.unwrap().parts.len(), 1);
        let faults = read_text(&format!("{text}zc.recipe.egg\n")).unwrap_err();
        assert!(faults[0].message.contains("omelette"), "{faults:?}");
    }

    #[test]
    fn a_configuration_that_is_told_needs_nothing_of_the_other_parts() {
        let told = "[supervisor]\nrecipe = collective.recipe.supervisor\nprograms = 1 a /b/a\n";
        let input = read_text(&format!("{CLIENT}{told}")).unwrap();
        assert!(input.parts.iter().any(|part| part.name == "supervisor"));
    }
}
