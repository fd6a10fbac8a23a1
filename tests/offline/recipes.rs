//! Every recipe file beside what it does for a part: the options that it makes and the program
//! that it yields. A recipe file without such an example is a fault.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use supkit::buildout::{MemoryFiles, Project, Request};
use supkit::generate::catalogue::{Catalogue, Entry};
use supkit::generate::derive::{Derived, derive};
use supkit::generate::input::{Input, Part};
use supkit::generate::paths::Place;
use supkit::generate::{reading, render};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recipes")
}

/// What becomes of a project that has parts of this recipe.
fn shown(catalogue: &Rc<Catalogue>, entry: &Entry, text: &str) -> String {
    let paper = MemoryFiles::with(&[("buildout.cfg", text)]);
    let recipes = Rc::clone(catalogue);
    let project = Project::load(&Request::lazy("buildout.cfg"), &paper, recipes)
        .unwrap_or_else(|failure| panic!("{}: {}", entry.file, failure.fault.message()));
    let input = reading::read(&project, catalogue, &paper)
        .unwrap_or_else(|faults| panic!("{}: {faults:#?}", entry.file));
    let mut told = String::new();
    let mut met = false;
    for part in &input.parts {
        let get = |option: &str| part.get(option).map(str::to_owned);
        let found = catalogue.find(part.recipe(), &part.name, &get);
        if found.is_some_and(|found| std::ptr::eq(found, &raw const entry.recipe)) {
            met = true;
            tell_made(&mut told, entry, part);
        }
    }
    assert!(met, "no part of fixtures/recipes/{} is of that recipe", entry.file);
    let place = Place::new(&input.directory, &format!("{}/etc/supervisord.conf", input.directory));
    match derive(&input, catalogue, &place) {
        Ok(derived) => tell_programs(&mut told, &input, derived),
        Err(faults) => assert_eq!(faults[0].code, "nothing-to-run", "{faults:#?}"),
    }
    told
}

fn tell_made(told: &mut String, entry: &Entry, part: &Part) {
    for (option, _) in &entry.recipe.makes.0 {
        let value = part.get(option).unwrap_or("(not)");
        let _ = writeln!(told, "${{{}:{option}}} is {value}", part.name);
    }
}

fn tell_programs(told: &mut String, input: &Input, derived: Derived) {
    for program in &derived.deployment.programs {
        let serves = program.serves.as_deref().unwrap_or("nothing that is known");
        let _ = writeln!(told, "{} serves {serves}", program.name);
        if let Some(needs) = &program.needs {
            let _ = writeln!(told, "{} needs {needs}", program.name);
        }
    }
    let mut deployment = derived.deployment;
    deployment.includes.clear();
    // The frame is the same for all but the daemon's own.
    if !input.parts.iter().any(|part| part.recipe().starts_with("zc.recipe.egg:scripts")) {
        deployment.frame.clear();
    }
    let text = render::configuration(&deployment, "buildout.cfg").expect("a text");
    let sections = text.find("\n[").map_or("", |at| &text[at..]);
    told.push_str(sections);
}

#[test]
fn every_recipe_does_what_is_kept_beside_it() {
    let catalogue = Rc::new(Catalogue::new(&[]).expect("the recipes are sound"));
    for entry in catalogue.entries() {
        let name = entry.file.trim_end_matches(".ini");
        let path = folder().join(format!("{name}.cfg"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} needs an example: {error}", entry.file));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, shown(&catalogue, entry, &text)));
    }
}
