//! Real projects in `fixtures/`. Every main file there is a case; nothing has to be
//! listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::comparison::{Case, compare};

#[test]
fn fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases = Vec::new();
    for project in projects(&root) {
        for main in mains(&project) {
            let mut case = case(&root, &project, &main);
            cases.push(case.clone());
            case.assignments.push("buildout:parts+=one-more".into());
            case.assignments.push("instance:http-address=127.0.0.1:9999".into());
            cases.push(case);
        }
    }
    assert!(cases.len() >= 30, "fixtures are missing: {}", cases.len());
    compare(&cases);
}

/// The directories that have a buildout.cfg.
fn projects(root: &Path) -> BTreeSet<PathBuf> {
    let files = WalkDir::new(root).into_iter().filter_map(Result::ok);
    files
        .filter(|entry| entry.file_name() == "buildout.cfg")
        .filter_map(|entry| entry.path().parent().map(Path::to_path_buf))
        .collect()
}

/// Each configuration beside buildout.cfg can be the main one.
fn mains(project: &Path) -> Vec<String> {
    let names = fs::read_dir(project).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_str().unwrap().to_owned());
    let mut names: Vec<String> =
        names.filter(|name| is_cfg(Path::new(name)) && !name.starts_with('.')).collect();
    names.sort();
    names
}

fn is_cfg(name: &Path) -> bool {
    name.extension().is_some_and(|end| end == "cfg")
}

fn case(root: &Path, project: &Path, main: &str) -> Case {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(project).into_iter().map(Result::unwrap) {
        let name = entry.path().strip_prefix(project).unwrap().to_str().unwrap();
        if !entry.file_type().is_file() || name.starts_with('.') {
            continue;
        }
        if let Ok(text) = fs::read_to_string(entry.path()) {
            files.insert(name.to_owned(), text);
        }
    }
    let name = format!("{}/{main}", project.strip_prefix(root).unwrap().display());
    // Nothing may be fetched from the network.
    let assignments = vec!["buildout:offline=true".to_owned()];
    Case { name, main: main.to_owned(), files, assignments, user_defaults: false }
}
