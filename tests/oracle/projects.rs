//! Real projects: the output of `supkit generate` is kept as a snapshot beside each, Supervisor accepts
//! it, and where the project contains a part with the configuration, zc.buildout and the recipe make
//! the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, oracle};
use supkit::diag::SourceId;
use supkit::ini::python::Document;
use walkdir::WalkDir;

/// Names with their settings.
type Sections = BTreeMap<String, BTreeMap<String, String>>;

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    let entries = fs::read_dir(folder).expect("the fixtures");
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("a fixture").path()).collect();
    found.sort();
    assert!(found.len() >= 8, "too few projects");
    found
}

/// A copy of a fixture, in which `/srv` is a directory of its own, with the generated files.
struct Project {
    name: String,
    fixture: PathBuf,
    sandbox: Sandbox,
    text: String,
}

impl Project {
    fn generated(fixture: PathBuf) -> Self {
        let name = fixture.file_name().expect("a name").to_string_lossy().into_owned();
        let sandbox = Sandbox::new();
        let srv = sandbox.path("srv").display().to_string();
        for entry in WalkDir::new(&fixture).into_iter().map(|entry| entry.expect("a file")) {
            let inside = entry.path().strip_prefix(&fixture).expect("below").display().to_string();
            let kept = entry.path().extension().is_some_and(|it| it == "snap");
            if entry.file_type().is_file() && !kept {
                let text = fs::read_to_string(entry.path()).expect("text");
                sandbox.write(&inside, &text.replace("/srv", &srv));
            }
        }
        // A deployment elsewhere must be there already.
        fs::create_dir_all(sandbox.path("srv/site/var/log")).expect("a directory");
        let conf = sandbox.path("etc/supervisord.conf");
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        command.args(["generate", "-U", "--output"]).arg(&conf);
        let output = command.env("HOME", sandbox.dir()).output().expect("supkit runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {errors}");
        let text = sandbox.read("etc/supervisord.conf");
        Self { name, fixture, sandbox, text }
    }

    fn conf(&self) -> String {
        self.sandbox.path("etc/supervisord.conf").display().to_string()
    }

    fn sections(&self) -> Sections {
        let mut document = Document::default();
        document.read(SourceId(0), "ours", &self.text).expect("what we write can be read");
        let settings = |section| {
            let entries = document.entries(section);
            entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        let sections = document.sections().iter();
        sections.map(|section| (section.name.clone(), settings(section))).collect()
    }

    /// Removes the URLs of the project, which the original would fetch if no cache has them.
    fn without_urls(&self) -> String {
        let main = self.sandbox.path("buildout.cfg").display().to_string();
        if self.sandbox.path("cache").exists() {
            return main;
        }
        let files = WalkDir::new(self.sandbox.dir()).into_iter().filter_map(Result::ok);
        for file in files.filter(|it| it.path().extension().is_some_and(|it| it == "cfg")) {
            let text = fs::read_to_string(file.path()).expect("text");
            let words = text.split_inclusive([' ', '\n']);
            let is_url = |word: &&str| word.starts_with("http") && word.contains(".cfg");
            let kept = words.map(|word| if is_url(&word) { "\n" } else { word });
            fs::write(file.path(), kept.collect::<String>()).expect("it can be written");
        }
        main
    }

    /// The text without what differs from run to run.
    fn lasting(&self) -> String {
        let directory = self.sandbox.dir().display().to_string();
        let lines = self.text.lines().filter(|line| !line.starts_with("; Made by"));
        lines.collect::<Vec<_>>().join("\n").replace(&directory, "<dir>")
    }
}

fn all() -> Vec<Project> {
    fixtures().into_iter().map(Project::generated).collect()
}

#[test]
fn each_project_becomes_what_is_kept_beside_it() {
    for project in all() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&project.fixture);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("supervisord.conf", project.lasting()));
    }
}

#[test]
fn supervisor_accepts_what_is_generated() {
    let projects = all();
    let paths: Vec<String> = projects.iter().map(Project::conf).collect();
    let answers = oracle::python(include_str!("scripts/resolve.py"), &paths.join("\n"));
    for (project, line) in projects.iter().zip(answers.lines()) {
        let answer: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(answer["error"].is_null(), "{}: {answer}\n{}", project.name, project.text);
        let programs = project.sections().keys().filter(|it| it.starts_with("program:")).count();
        let groups = answer["groups"].as_object().expect("groups");
        let processes = groups.values().filter_map(|it| it["processes"].as_object()).flatten();
        assert!(processes.count() >= programs, "{}: {answer}", project.name);
    }
}

#[test]
fn a_configuration_in_a_part_is_what_buildout_and_its_recipe_make() {
    let projects = all();
    let files: Vec<String> = projects.iter().map(Project::without_urls).collect();
    let answers = oracle::python(include_str!("scripts/ask_project.py"), &files.join("\n"));
    let mut compared = BTreeSet::new();
    for (project, line) in projects.iter().zip(answers.lines()) {
        let theirs: Option<Sections> = serde_json::from_str::<Option<Vec<(String, _)>>>(line)
            .expect("sections")
            .map(|sections| sections.into_iter().collect());
        let Some(theirs) = theirs else { continue };
        assert_eq!(project.sections(), theirs, "{}", project.name);
        compared.insert(project.name.as_str());
    }
    assert!(compared.len() >= 5 && compared.contains("templated"), "{compared:?}");
}
