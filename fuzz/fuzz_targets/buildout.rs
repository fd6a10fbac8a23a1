//! Any text as a buildout.cfg: layers, macros and references of all options, without an end or a
//! panic that a file can cause.
#![no_main]

use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use supkit::buildout::{NoRecipes, Paper, Project, Request};

fuzz_target!(|text: &str| {
    let paper = Paper::with(&[("buildout.cfg", text), ("base.cfg", "[buildout]\nparts = a\n[a]\nb = c\n")]);
    for request in [Request::strict("buildout.cfg"), Request::lazy("buildout.cfg")] {
        let Ok(project) = Project::load(&request, &paper, Rc::new(NoRecipes)) else { continue };
        let sections: Vec<String> = project.sections().map(str::to_owned).collect();
        for section in sections {
            let _ = project.options(&section);
        }
        let _ = project.parts();
    }
});
