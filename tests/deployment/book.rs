//! The commands of the pages of the book that build and run a real Zope, ZEO and Varnish.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::demo::Deployment;
use crate::support::{Sandbox, book};

fn run(page: &str) {
    let _machine = crate::machine();
    let eggs = built_eggs();
    let sandbox = Sandbox::new();
    // varnishd gives up root's rights before it reads its VCL.
    fs::set_permissions(sandbox.dir(), fs::Permissions::from_mode(0o755)).expect("chmod");
    take_eggs(&sandbox, &eggs);
    book::run_in(&sandbox, page);
}

/// Those that the demo has built. Without them a page would take longer than a sandbox lives.
fn built_eggs() -> PathBuf {
    let cache = std::env::var_os("SUPKIT_DEMO_CACHE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/demo"),
        PathBuf::from,
    );
    let eggs = cache.join("eggs");
    if !eggs.exists() {
        Deployment::prepare(&["zeoserver", "instance", "varnish"]).build();
    }
    eggs
}

/// Into the directory for eggs that the settings of the reader name.
fn take_eggs(sandbox: &Sandbox, eggs: &Path) {
    let settings = "[buildout]\neggs-directory = {here}/home/eggs\n";
    sandbox.write("home/.buildout/default.cfg", settings);
    let mut copy = sandbox.command("cp");
    let copy = copy.arg("-a").arg(eggs).arg("home/eggs").status();
    assert!(copy.expect("cp runs").success());
}

#[test]
fn first_deployment() {
    run("first-deployment.md");
}

#[test]
fn tutorial() {
    run("tutorial.md");
}

#[test]
fn tutorial_in_german() {
    run("de/tutorial.md");
}

#[test]
fn operations() {
    run("operations.md");
}
