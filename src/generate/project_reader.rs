//! Reads a [`Project`] into the [`Input`] of the generator: the parts that buildout would install. An
//! option that cannot be resolved is an error only if it is used.

use std::collections::BTreeMap;

use crate::buildout::{BuildoutEnv, Fault, Project, Reached};
use crate::diag::{Diagnostic, Span};

use super::catalogue::Catalogue;
use super::collective::has_programs;
use super::input::{Input, Part, Value};
use super::part_options::{CLIENT_PREFIX, DAEMON_PREFIX, PROGRAM_PREFIX, buildout, supkit};
use super::part_roles::{is_left_out, is_whole_configuration};
use super::recipe::{Produces, Recipe};
use super::switch::switch;
use super::{configurations, proxies, templated, unlisted};

/// All parts in the order of installation, with the resolved options.
pub fn read(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
) -> Result<Input, Vec<Diagnostic>> {
    let single = |fault: Fault| vec![fault.diagnostic()];
    let Reached { parts: mut reached, lost } = project.reached().map_err(single)?;
    // What the recipe of a part adds belongs to this part, which makes the program.
    let added = project.added();
    reached.retain(|name| !added.contains(name));
    let directory = |option: &str| {
        project.get(buildout::SECTION, option).map(Option::unwrap_or_default).map_err(single)
    };
    let mut parts = Vec::new();
    let mut faults: Vec<Diagnostic> = lost.iter().map(Fault::diagnostic).collect();
    let listed = project.parts().map_err(single)?;
    let commands = unlisted::commands(project, &reached);
    for name in reached.iter().chain(&commands) {
        match part(project, catalogue, env, name) {
            Ok(part) => {
                let is_listed = listed.contains(name) || commands.contains(name);
                parts.push(Part { is_listed, ..part });
            }
            Err(fault) => faults.push(*fault),
        }
    }
    let unlisted = unlisted::names(project, &reached);
    let read = |name: &str| part(project, catalogue, env, name);
    let (supervisors, mut warnings) =
        unlisted::supervisors(project, catalogue, &parts, &unlisted, &read);
    warnings.extend(unlisted::unlisted_commands(project, &unlisted));
    // If one part is the whole configuration, the others are not used.
    let is_whole = |part: &Part| is_whole_configuration(catalogue, part);
    let is_verbatim = parts.iter().any(is_whole)
        || supervisors.iter().any(|part| is_whole(part) && has_programs(part));
    if !faults.is_empty() && !is_verbatim {
        return Err(faults);
    }
    let has_readiness = setting(project, supkit::READINESS, true).map_err(|fault| vec![*fault])?;
    let has_drains =
        setting(project, supkit::DRAIN, has_readiness).map_err(|fault| vec![*fault])?;
    let mut input = Input {
        directory: directory(buildout::DIRECTORY)?,
        bin: directory(buildout::BIN_DIRECTORY)?,
        parts_directory: directory(buildout::PARTS_DIRECTORY)?,
        parts,
        supervisors,
        unlisted,
        has_readiness,
        has_drains,
        warnings,
    };
    configurations::find(project, catalogue, env, &mut input);
    proxies::find(project, catalogue, env, &mut input);
    Ok(input)
}

/// An option of `[supkit]`.
fn setting(project: &Project, option: &str, default: bool) -> Result<bool, Box<Diagnostic>> {
    let section = supkit::SECTION;
    if !project.has_section(section) {
        return Ok(default);
    }
    let value = project.get(section, option).map_err(|fault| Box::new(fault.diagnostic()))?;
    switch(option, &value.unwrap_or_default(), default, project.span(section, option))
}

fn part(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
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
    let mut part = Part { name: name.to_owned(), span, options, ..Part::default() };
    let get = |option: &str| part.get(option).map(str::to_owned);
    let recipe = catalogue.find(part.recipe(), name, &get);
    let elsewhere: Vec<(String, String)> = recipe
        .into_iter()
        .flat_map(Recipe::names_elsewhere)
        .filter_map(|name| Some((name.to_owned(), elsewhere(project, &part, name)?)))
        .collect();
    let is_used = |option: &String| {
        let prefixes = [PROGRAM_PREFIX, DAEMON_PREFIX, CLIENT_PREFIX];
        prefixes.iter().any(|prefix| option.starts_with(prefix))
            || recipe.is_some_and(|recipe| recipe.reads.0.contains(option))
    };
    if let Some((_, fault)) = broken.into_iter().find(|(option, _)| is_used(option)) {
        return Err(failed(fault));
    }
    let mut used = part.options.keys().filter(|option| is_used(option));
    if let Some(fault) = used.find_map(|option| project.incomplete(name, option)) {
        return Err(failed(fault));
    }
    let produces = recipe.map(|recipe| recipe.produces);
    for (name, text) in elsewhere {
        part.options.insert(name, Value { text, ..Value::default() });
    }
    if produces == Some(Produces::Template) && !is_left_out(&part) {
        part.template = templated::template(project, env, &part)?;
    }
    Ok(part)
}

/// `OPTION>NAME`: the option NAME of the section that OPTION of the part names; or `SECTION:NAME`.
fn elsewhere(project: &Project, part: &Part, name: &str) -> Option<String> {
    if let Some((section, option)) = name.split_once(':') {
        return project.get(section, option).ok().flatten();
    }
    let (option, name) = name.split_once('>')?;
    project.get(part.given(option)?.trim(), name).ok().flatten()
}

fn value(project: &Project, section: &str, option: &str, text: String) -> Value {
    let lines = line_spans(project, section, option, &text);
    Value { span: project.span(section, option), lines, text }
}

/// The position of each line of a value. Lines are searched with their references unresolved, unless
/// a reference resolves to several lines.
fn line_spans(project: &Project, section: &str, option: &str, text: &str) -> Vec<Option<Span>> {
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
        let env = MemoryFiles::with(&[("buildout.cfg", text)]);
        let catalogue = Rc::new(Catalogue::new(&[]).unwrap());
        let recipes = Rc::clone(&catalogue);
        let project = Project::load(&Request::lazy("buildout.cfg"), &env, recipes);
        read(
            &project.map_err(|failure| failure.fault.message().to_owned()).unwrap(),
            &catalogue,
            &env,
        )
    }

    const CLIENT: &str = "\
        [buildout]\nparts = instance supervisor\n\
        [port]\nrecipe = who.knows\n\
        [instance]\nrecipe = plone.recipe.zope2instance\nhttp-address = ${port:number}\n";

    #[test]
    fn an_option_of_an_unknown_recipe_is_missed_where_it_is_used() {
        let faults = read_text(&format!("{CLIENT}[supervisor]\nrecipe = zc.recipe.egg\n"));
        assert!(faults.unwrap_err()[0].message.contains("port number"));
    }

    #[test]
    fn a_part_that_an_unavailable_url_may_define_is_missed_only_if_programs_are_derived() {
        let text = "[buildout]\nextends = http://x/y.cfg\nparts = omelette supervisor\n\
                    [supervisor]\nrecipe = ";
        let whole = read_text(&format!("{text}collective.recipe.supervisor\n"));
        assert_eq!(whole.unwrap().parts.len(), 1);
        let faults = read_text(&format!("{text}zc.recipe.egg\n")).unwrap_err();
        assert!(faults[0].message.contains("omelette"), "{faults:?}");
    }

    #[test]
    fn a_whole_configuration_does_not_need_the_other_parts() {
        let whole = "[supervisor]\nrecipe = collective.recipe.supervisor\nprograms = 1 a /b/a\n";
        let input = read_text(&format!("{CLIENT}{whole}")).unwrap();
        assert!(input.parts.iter().any(|part| part.name == "supervisor"));
    }
}
