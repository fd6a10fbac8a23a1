//! The options that recipes set in their part, as the published recipes set them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::Value;
use supkit::buildout::{MemoryFiles, Project, Request};
use supkit::generate::catalogue::Catalogue;
use supkit::generate::machine::Machine;

use crate::support::{Sandbox, oracle};

const PROJECT: &str = include_str!("scripts/recipe_options.cfg");
/// The directory of a project in memory.
const DIRECTORY: &str = "/srv/plone";

/// Recipes that Python 3 cannot run. What is known of them comes from reading them.
const PYTHON_2: [&str; 8] = [
    "celery",
    "clone",
    "facts",
    "gocept-cmmi",
    "gocept-download",
    "pound",
    "repoze",
    "slapos-cmmi",
];

/// Options that differ: the result of Python code, and an option that the recipe sets when it is
/// installed, after it was made.
const LEFT_OUT: [(&str, &str); 2] = [("offset", "port"), ("varnish-build", "daemon")];

type Options = BTreeMap<String, String>;

/// The environment variables of the real recipes.
fn environment() -> BTreeMap<String, String> {
    // A locale, so that Python adds none.
    [("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("SITE", "shop"), ("USER", "zope")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn theirs() -> BTreeMap<String, Result<Options, String>> {
    let sandbox = Sandbox::new();
    let directory = sandbox.path("project");
    std::fs::create_dir(&directory).expect("a directory");
    sandbox.write("asked.cfg", PROJECT);
    let mut command = sandbox.command(oracle::recipes_python());
    command.args(["-c", include_str!("scripts/recipe_options.py")]).arg(&directory);
    command.env_clear().envs(environment());
    command.stdin(std::fs::File::open(sandbox.path("asked.cfg")).expect("the project"));
    let output = command.output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let text = text.replace(&*directory.canonicalize().unwrap().to_string_lossy(), DIRECTORY);
    let answers: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
    let options = |answer: Value| match answer.get("options") {
        Some(options) => Ok(serde_json::from_value(options.clone()).expect("texts")),
        None => Err(answer["fault"].as_str().unwrap_or_default().to_owned()),
    };
    answers.into_iter().map(|(part, answer)| (part, options(answer))).collect()
}

fn ours() -> Project {
    let env = MemoryFiles::with(&[("buildout.cfg", PROJECT)]);
    let machine = Machine { environment: environment(), ..Machine::default() };
    let catalogue = Rc::new(Catalogue::new(&[]).expect("the recipes are valid").on(machine));
    Project::load(&Request::lazy("buildout.cfg"), &env, catalogue)
        .unwrap_or_else(|failure| panic!("{}", failure.fault.message()))
}

/// The options of a part; those that are computed are not known.
fn options(project: &Project, part: &str) -> Options {
    let names = project.names(part).unwrap_or_else(|fault| panic!("{part}: {}", fault.message()));
    let get = |name: &String| project.get(part, name).ok().flatten();
    names.iter().filter_map(|name| Some((name.clone(), get(name)?))).collect()
}

fn difference(part: &str, theirs: &Options, ours: &Options) -> String {
    let mut told = String::new();
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    for name in names {
        let (their, our) = (theirs.get(name), ours.get(name));
        let is_left_out = LEFT_OUT.contains(&(part, name));
        let depends = ["UID", "GID", "executable"].contains(&name.as_str());
        let is_one_sided = our.is_none() || their.is_none();
        if their != our && !(is_one_sided && is_left_out) && !depends {
            let _ = writeln!(told, "${{{part}:{name}}}\n  theirs {their:?}\n  ours   {our:?}");
        }
    }
    told
}

#[test]
fn recipes_set_the_options_that_are_known_of_them() {
    let project = ours();
    let theirs = theirs();
    let failed: Vec<&String> =
        theirs.iter().filter(|(_, it)| it.is_err()).map(|(part, _)| part).collect();
    assert_eq!(failed, PYTHON_2, "{theirs:#?}");
    let told: String = theirs
        .iter()
        .filter_map(|(part, options)| Some((part, options.as_ref().ok()?)))
        .map(|(part, their)| difference(part, their, &options(&project, part)))
        .collect();
    assert!(told.is_empty(), "{told}");
}

#[test]
fn every_recipe_of_the_catalogue_that_python_3_runs_is_asked() {
    let asked: BTreeSet<&str> =
        PROJECT.lines().filter_map(|line| line.strip_prefix("recipe = ")).collect();
    assert!(asked.len() >= 35, "{asked:?}");
    let catalogue = Catalogue::new(&[]).expect("the recipes are valid");
    let unknown: Vec<&&str> =
        asked.iter().filter(|name| catalogue.find(name, "x", &|_| None).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
