//! The commands of the pages of the book that use Supervisor itself.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Sandbox, book, oracle};

/// With Supervisor as `venv` in this directory.
fn run(page: &str, directory: &str) {
    let sandbox = Sandbox::new();
    let bin = sandbox.path(directory).join("venv/bin");
    fs::create_dir_all(&bin).expect("directories can be made");
    for name in ["supervisord", "supervisorctl"] {
        symlink(oracle::bin(name), bin.join(name)).expect("a link");
    }
    book::run_in(&sandbox, page);
}

#[test]
fn migrating_from_supervisor() {
    run("migrating-from-supervisor.md", "app");
}

#[test]
fn comparison() {
    run("comparison.md", "");
}
