//! The original programs: a Python environment with Supervisor, superlance and buildout.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::sandbox::Sandbox;

/// The environment; a test that needs it fails if it is missing, it never passes unasked.
pub fn home() -> PathBuf {
    let home = std::env::var_os("SUPKIT_ORACLE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/oracle"),
        PathBuf::from,
    );
    // A link that leads nowhere counts as missing.
    assert!(
        fs::exists(home.join("bin/python")).unwrap_or(false),
        "the original programs are not in {}: run `make tools`, or set SUPKIT_ORACLE",
        home.display()
    );
    std::path::absolute(home).expect("the working directory is known")
}

/// The Python that can import the real recipes.
pub fn recipes_python() -> PathBuf {
    let home = std::env::var_os("SUPKIT_RECIPES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/recipes"),
        PathBuf::from,
    );
    let python = home.join("bin/python");
    let exists = fs::exists(&python).unwrap_or(false);
    assert!(
        exists,
        "the recipes are not in {}: run `make tools`, or set SUPKIT_RECIPES",
        home.display()
    );
    python
}

/// The environment with Zope and ZEO, as pip installs them.
pub fn zope() -> PathBuf {
    let home = std::env::var_os("SUPKIT_ZOPE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/zope"),
        PathBuf::from,
    );
    let exists = fs::exists(home.join("bin/runwsgi")).unwrap_or(false);
    assert!(exists, "Zope is not in {}: run `make tools`, or set SUPKIT_ZOPE", home.display());
    let home = std::path::absolute(home).expect("the working directory is known");
    for name in ["mkwsgiinstance", "runwsgi", "runzeo", "zconsole"] {
        follow_the_move(&home.join("bin").join(name), &home);
    }
    home
}

/// The script of axe-core.
pub fn axe() -> String {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/axe");
    let path = home.join("axe_playwright_python/axe.min.js");
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make tools`", path.display()))
}

/// One of its programs, such as `supervisord` or `python`.
pub fn bin(name: &str) -> PathBuf {
    let home = home();
    let program = home.join("bin").join(name);
    if name != "python" {
        follow_the_move(&program, &home);
    }
    program
}

/// A script of an environment names its Python with the whole path. After the environment was moved,
/// the path is wrong; it is corrected in the file.
fn follow_the_move(program: &Path, home: &Path) {
    let text = fs::read_to_string(program)
        .unwrap_or_else(|error| panic!("{}: {error}: run `make tools`", program.display()));
    let Some(there) = python_of(&text) else { return };
    let directory = |python: &Path| python.parent().and_then(|dir| dir.canonicalize().ok());
    let here = home.join("bin/python");
    if directory(Path::new(there)) == directory(&here) {
        return;
    }
    let here = here.display().to_string();
    // Written beside it and renamed: other tests run it at the same time.
    let fresh = program.with_extension(format!("{}.new", std::process::id()));
    fs::write(&fresh, text.replacen(there, &here, 1)).expect("the environment can be written");
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::rename(&fresh, program).expect("the environment can be written");
}

/// The Python in the first lines of a script: `#!PYTHON`, or, where that would be too long or have
/// blanks, `'''exec' "PYTHON" "$0" "$@"` below `#!/bin/sh`.
fn python_of(script: &str) -> Option<&str> {
    let mut lines = script.lines();
    let first = lines.next()?.strip_prefix("#!")?;
    if first != "/bin/sh" {
        return Some(first);
    }
    let rest = lines.next()?.strip_prefix("'''exec' ")?.trim_end_matches(" \"$0\" \"$@\"");
    Some(rest.trim_matches('"'))
}

/// Runs a script in its Python, with `input` as standard input, and gives what it prints.
pub fn python(script: &str, input: &str) -> String {
    use std::io::Write;
    // Only for its deadline: a script that hangs is ended.
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(bin("python"))
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    // Written beside the reading, so that neither waits for the other.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().expect("the writer ends").expect("python reads its input");
    assert!(output.status.success(), "the script failed: {}", output.status);
    String::from_utf8(output.stdout).expect("python prints UTF-8")
}
