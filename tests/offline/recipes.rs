//! Every recipe file with an example: the options that the recipe sets in a part, and the program
//! that it produces. A recipe file without an example is an error.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use supkit::buildout::{MemoryFiles, Project, Request};
use supkit::generate::catalogue::{Catalogue, Entry};
use supkit::generate::derive::{Derived, derive};
use supkit::generate::input::{Input, Part};
use supkit::generate::paths::Place;
use supkit::generate::{project_reader, render};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recipes")
}

/// The result of a project with parts of this recipe.
fn result_of(catalogue: &Rc<Catalogue>, entry: &Entry, text: &str) -> String {
    let env = MemoryFiles::with(&[("buildout.cfg", text)]);
    let recipes = Rc::clone(catalogue);
    let project = Project::load(&Request::lazy("buildout.cfg"), &env, recipes)
        .unwrap_or_else(|failure| panic!("{}: {}", entry.file, failure.fault.message()));
    let input = project_reader::read(&project, catalogue, &env)
        .unwrap_or_else(|faults| panic!("{}: {faults:#?}", entry.file));
    let is_of_recipe = |part: &&Part| {
        catalogue.of(part).is_some_and(|found| std::ptr::eq(found, &raw const entry.recipe))
    };
    let parts: Vec<&Part> = input.parts.iter().filter(is_of_recipe).collect();
    assert!(!parts.is_empty(), "fixtures/recipes/{} has no part of that recipe", entry.file);
    let mut text = String::new();
    for part in parts {
        write_made_options(&mut text, entry, part);
    }
    let place = Place::new(&input.directory, &format!("{}/etc/supervisord.conf", input.directory));
    match derive(&input, catalogue, &place) {
        Ok(derived) => write_programs(&mut text, &input, derived),
        Err(faults) => assert_eq!(faults[0].code, "nothing-to-run", "{faults:#?}"),
    }
    text
}

fn write_made_options(text: &mut String, entry: &Entry, part: &Part) {
    for option in entry.recipe.makes.0.iter().map(|pair| &pair.option) {
        let value = part.get(option).unwrap_or("(not)");
        let _ = writeln!(text, "${{{}:{option}}} is {value}", part.name);
    }
}

fn write_programs(text: &mut String, input: &Input, derived: Derived) {
    for program in &derived.deployment.programs {
        let serves = program.serves.as_deref().unwrap_or("nothing that is known");
        let _ = writeln!(text, "{} serves {serves}", program.name);
        if let Some(needs) = &program.needs {
            let _ = writeln!(text, "{} needs {needs}", program.name);
        }
    }
    let mut deployment = derived.deployment;
    deployment.includes.clear();
    // The base sections depend only on the part for Supervisor.
    if !input.parts.iter().any(|part| part.recipe().starts_with("zc.recipe.egg:scripts")) {
        deployment.base_sections.clear();
    }
    let rendered = render::configuration(&deployment, "buildout.cfg").expect("a text");
    let sections = rendered.find("\n[").map_or("", |at| &rendered[at..]);
    text.push_str(sections);
}

#[test]
fn every_recipe_has_an_example_with_its_result() {
    let catalogue = Rc::new(Catalogue::new(&[]).expect("the built-in recipes are valid"));
    for entry in catalogue.entries() {
        let name = entry.file.trim_end_matches(".ini");
        let path = folder().join(format!("{name}.cfg"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} needs an example: {error}", entry.file));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, result_of(&catalogue, entry, &text)));
    }
}
