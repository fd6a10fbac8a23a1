use super::*;

fn read(text: &str) -> Sections {
    parse(SourceId(0), text, &mut |text| Ok(text.trim() == "yes")).unwrap()
}

fn fault(text: &str) -> String {
    parse(SourceId(0), text, &mut |_| Ok(false)).unwrap_err().message("f.cfg")
}

fn value(text: &str) -> String {
    let sections = read(&format!("[a]\n{text}"));
    sections["a"].options["x"].value.clone()
}

#[test]
fn a_value_on_its_own_line_has_every_line_stripped() {
    assert_eq!(
        value("x = one\n    two\n\n  # text\n# comment\n\tthree  \n"),
        "one\ntwo\n# text\nthree"
    );
}

#[test]
fn a_block_loses_its_common_indentation_only() {
    assert_eq!(value("x =\n      one\n        two\n    four\n"), "  one\n    two\nfour");
    assert_eq!(value("x =\n\n   a\n\n   b\n\n"), "a\n\nb");
    assert_eq!(value("x =\n\ta\n    b\n"), "\ta\n    b");
}

#[test]
fn names_of_sections_take_what_the_oracle_takes() {
    for name in ["a", "a@b!", "1", "größe", "a/b+c"] {
        assert!(read(&format!("[ {name} ] ; c\n")).contains_key(name), "{name}");
    }
    for line in ["[a b]", "[]", "[a] junk", "[a{b}]"] {
        assert!(fault(line).starts_with("File contains no section headers."), "{line}");
    }
}

#[test]
fn operators_belong_to_the_key_and_join_within_a_section() {
    let read = read("[a]\nx += 1\nx += 2\ny+= 1\nz\t-=1\n");
    let keys: Vec<_> =
        read["a"].options.iter().map(|(k, v)| (k.as_str(), v.value.as_str())).collect();
    assert_eq!(keys, [("x +", "1\n2"), ("y+", "1"), ("z\t-", "1")]);
}

#[test]
fn an_assignment_forgets_earlier_operators() {
    let read = read("[a]\nx += 1\nx = 2\n");
    assert_eq!(read["a"].options.len(), 1);
}

#[test]
fn all_bad_lines_are_told_at_once() {
    assert_eq!(
        fault("[a]\nx\n  y\nz = 1\nx + = 1\n"),
        "File contains parsing errors: f.cfg\n\t[line  2]: 'x\\n'\n\t[line  3]: '  y\\n'\n\t[line  5]: 'x + = 1\\n'"
    );
}

#[test]
fn a_false_section_is_read_and_dropped() {
    let read = read("[a]\nx = 1\n[b:no]\ny = 2\n  more\n[c: yes ]\nz = 3\n");
    assert_eq!(read.keys().collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(read["a"].options["x"].value, "1");
}

#[test]
fn brackets_may_stand_in_a_condition() {
    let mut seen = String::new();
    let text = "[a: x[0] == '\\x23'] ; c\n";
    parse(SourceId(0), text, &mut |text| {
        seen = text.into();
        Ok(true)
    })
    .unwrap();
    assert_eq!(seen, " x[0] == '#'");
}

#[test]
fn the_arrow_names_part_dependencies() {
    assert_eq!(read("[a]\n=> b c\n")["a"].options["<part-dependencies>"].value, "b c");
}
