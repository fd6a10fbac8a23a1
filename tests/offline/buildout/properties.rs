//! Every text is resolved or reported as an error, in bounded time and space.

use std::rc::Rc;

use proptest::prelude::*;
use supkit::buildout::{MemoryFiles, NoRecipes, Project, Request};

/// Resolves all sections; returns whether there was no error.
fn exhaust(files: &[(&str, &str)], request: &Request) -> bool {
    match Project::load(request, &MemoryFiles::with(files), Rc::new(NoRecipes)) {
        Ok(project) => {
            let is_resolved = project.sections().all(|name| project.options(name).is_ok());
            let reached = project.reached_parts();
            if let Err(fault) = &reached {
                fault.diagnostic().render(project.sources(), false);
            }
            is_resolved
        }
        Err(failure) => {
            failure.fault.diagnostic().render(&failure.sources, false);
            false
        }
    }
}

/// Texts made of syntactic elements in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\n  "),
        Just(" = "),
        Just(" += "),
        Just(" -= "),
        Just("["),
        Just("]\n"),
        Just("[a]\n"),
        Just("[b]\n"),
        Just("[buildout]\n"),
        Just("x"),
        Just("y"),
        Just("${"),
        Just("}"),
        Just(":"),
        Just("${a:x}"),
        Just("${:y}"),
        Just("$$"),
        Just("$"),
        Just("<= b\n"),
        Just("<"),
        Just("extends = b.cfg\n"),
        Just("optional-extends = b.cfg\n"),
        Just("parts = a b\n"),
        Just("recipe = r\n"),
        Just("=> a\n"),
        Just("#"),
        Just(";"),
        Just("\t"),
        Just("ü"),
        Just("\r"),
        Just("[a:linux]\n"),
        Just("python_version >= '3'"),
        Just("(("),
        Just("not "),
        Just("'"),
        Just("_buildout_section_name_"),
        Just("\u{2028}"),
        Just("\0"),
        Just("versions = a\n"),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_pieces_breaks_the_reader(top in pieces(), base in pieces()) {
        let files = [("buildout.cfg", top.as_str()), ("b.cfg", base.as_str())];
        exhaust(&files, &Request::strict("buildout.cfg"));
        exhaust(&files, &Request::lazy("buildout.cfg"));
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        exhaust(&[("buildout.cfg", &text)], &Request::strict("buildout.cfg"));
    }

    #[test]
    fn no_condition_breaks_the_reader(condition in "[a-z_0-9 .()'\"<>=!~*+-]{0,40}") {
        let text = format!("[buildout]\n[a:{condition}]\nx = 1\n");
        exhaust(&[("buildout.cfg", &text)], &Request::strict("buildout.cfg"));
    }

    /// Text without a dollar sign comes back as it was written.
    #[test]
    fn plain_values_stay(value in "[a-zA-Z0-9/.:,=#;%(){}\\[\\]-]{0,40}") {
        let text = format!("[buildout]\n[a]\nx = {value}\ny = ${{:x}}\n");
        let paper = MemoryFiles::with(&[("buildout.cfg", &text)]);
        let project = Project::load(&Request::strict("buildout.cfg"), &paper, Rc::new(NoRecipes));
        let project = project.map_err(|failure| failure.fault.message().to_owned()).unwrap();
        prop_assert_eq!(project.get("a", "y").unwrap().unwrap(), value);
    }

    /// A chain of references gives what its end says, whatever the order of the sections.
    #[test]
    fn chains_lead_to_their_end(order in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle()) {
        let mut text = String::from("[buildout]\n");
        for (at, name) in order.iter().enumerate() {
            let value = order.get(at + 1).map_or("end".into(), |next| format!("${{s{next}:x}}"));
            text += &format!("[s{name}]\nx = {value}\n");
        }
        let paper = MemoryFiles::with(&[("buildout.cfg", &text)]);
        let project = Project::load(&Request::strict("buildout.cfg"), &paper, Rc::new(NoRecipes));
        let project = project.map_err(|failure| failure.fault.message().to_owned()).unwrap();
        prop_assert_eq!(project.get(&format!("s{}", order[0]), "x").unwrap().unwrap(), "end");
    }
}
