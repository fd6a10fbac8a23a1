//! Files in the shapes that distributions, container images and frameworks ship: `fixtures/conf`.

use std::path::Path;

use crate::config::ask::Case;

/// Every fixture, with the variables that they name and the directories that they log to.
pub fn real_world() -> Vec<Case> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conf");
    let mut files: Vec<_> =
        std::fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 15, "the fixtures are gone");
    files.iter().map(|path| case(&std::fs::read_to_string(path).unwrap())).collect()
}

fn case(text: &str) -> Case {
    let mut case = Case::new(text)
        .file("log/", "")
        .file("run/", "")
        .file("conf.d/app.conf", "[program:included]\ncommand=/bin/true\ndirectory=%(here)s\n");
    for (key, value) in [
        ("APP_ENV", "prod"),
        ("PORT", "8000"),
        ("WORKERS", "4"),
        ("LOG_LEVEL", "info"),
        ("SECRET", "s%t"),
    ] {
        case = case.variable(key, value);
    }
    case
}
