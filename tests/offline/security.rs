//! Every guarantee of `docs/security.md` and `docs/guarantees.md` names tests, and they exist.

use std::fs;
use std::path::Path;

/// The guarantees of the page with what proves them.
fn guarantees(page: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.filter_map(|row| row.rsplit_once(" | "));
    let guarantees = cells.filter(|(first, _)| *first != "guarantee" && *first != "---");
    guarantees
        .map(|(guarantee, proofs)| {
            let quoted = proofs.split('`').skip(1).step_by(2);
            (guarantee, quoted.filter_map(|proof| proof.split_once("::")).collect())
        })
        .collect()
}

/// Whether the text has this test.
fn has_test(text: &str, name: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    while lines.any(|line| line == "#[test]") {
        let is_attribute = |line: &&str| line.starts_with("#[");
        let function = lines.by_ref().find(|line| !is_attribute(line));
        if function.is_some_and(|line| line.starts_with(&format!("fn {name}("))) {
            return true;
        }
    }
    false
}

#[test]
fn each_guarantee_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["docs/security.md", "docs/guarantees.md"];
    let pages = pages.map(|path| fs::read_to_string(root.join(path)).expect("the page"));
    let guarantees: Vec<_> = pages.iter().flat_map(|page| guarantees(page)).collect();
    assert!(guarantees.len() > 20, "{guarantees:?}");
    let mut missing = Vec::new();
    for (guarantee, proofs) in &guarantees {
        assert!(!proofs.is_empty(), "no test proves: {guarantee}");
        for (file, name) in proofs {
            let text = fs::read_to_string(root.join(file)).unwrap_or_default();
            if !has_test(&text, name) {
                missing.push(format!("{file}::{name}"));
            }
        }
    }
    assert!(missing.is_empty(), "the pages name tests that do not exist: {missing:#?}");
}

#[test]
fn a_name_in_a_comment_is_no_test() {
    let text = "// fn a() {\n#[test]\n#[ignore]\nfn b() {}\nfn c() {}\n";
    assert_eq!(["a", "b", "c"].map(|name| has_test(text, name)), [false, true, false]);
}
