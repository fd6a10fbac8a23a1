//! Buildout projects in a sandbox.

use super::sandbox::Sandbox;

/// A project of one program.
pub const SMALL: &str = "\
[buildout]
parts = web

[web]
recipe = some.recipe
supervisor-command = ${buildout:directory}/bin/web --port 1
";

pub fn project(cfg: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("buildout.cfg", cfg);
    sandbox
}
