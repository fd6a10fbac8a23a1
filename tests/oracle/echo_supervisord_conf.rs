//! `echo_supervisord_conf`: the original's sections and options with texts of our own, and a file
//! that the original starts with. The reference of the options comes from the same table.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::oracle;

fn ours() -> String {
    let supkit = env!("CARGO_BIN_EXE_supkit");
    let output = Command::new(supkit).arg("echo_supervisord_conf").output().expect("it runs");
    String::from_utf8(output.stdout).expect("text")
}

/// Every section and option, with whether it is commented out; values and words are free.
fn shape(text: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut shape = BTreeSet::new();
    for line in text.lines() {
        let (off, body) = match line.strip_prefix(';') {
            Some(body) => (";", body),
            None => ("", line),
        };
        let body = if body.starts_with([' ', ';']) { "" } else { body };
        if body.starts_with('[') {
            body.split(';').next().unwrap_or_default().trim().clone_into(&mut section);
            shape.insert(format!("{off}{section}"));
        } else if let Some((name, _)) = body.split_once('=') {
            shape.insert(format!("{off}{section} {}", name.trim()));
        }
    }
    shape
}

#[test]
fn the_sample_has_the_originals_sections_and_options() {
    let theirs = Command::new(oracle::bin("echo_supervisord_conf")).output().expect("it runs");
    let theirs = shape(&String::from_utf8_lossy(&theirs.stdout));
    let ours = shape(&ours());
    let lost: Vec<_> = theirs.difference(&ours).collect();
    let more: Vec<_> = ours.difference(&theirs).collect();
    // The original writes both urls of a server, of which one is a comment.
    assert_eq!(lost, [";[supervisorctl] serverurl"], "more: {more:?}");
    assert!(more.is_empty(), "{more:?}");
}

#[test]
fn the_original_reads_the_sample() {
    let script = "import sys, tempfile\nfrom supervisor.options import ServerOptions\n\
        f = tempfile.NamedTemporaryFile('w'); f.write(sys.stdin.read()); f.flush()\n\
        o = ServerOptions(); o.realize(['-c', f.name], doc='')\n\
        print(len(o.server_configs), o.parse_warnings)";
    assert_eq!(oracle::python(script, &ours()).trim(), "1 []");
}
