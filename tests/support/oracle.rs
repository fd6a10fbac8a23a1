//! Where the original is: the directory of a Python environment that has Supervisor, superlance and
//! buildout in it.

use std::path::{Path, PathBuf};

/// The environment; a test that needs it fails if it is missing, it never passes unasked.
pub fn home() -> PathBuf {
    let home = std::env::var_os("SUPKIT_ORACLE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/oracle"),
        PathBuf::from,
    );
    assert!(
        home.join("bin/python").exists(),
        "the original is not at {}: run `make tools`, or set SUPKIT_ORACLE",
        home.display()
    );
    home
}

/// One of its programs, such as `supervisord` or `python`.
pub fn bin(name: &str) -> PathBuf {
    home().join("bin").join(name)
}

/// Runs a script in its Python, with `input` as standard input, and gives what it prints.
pub fn python(script: &str, input: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new(bin("python"))
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
