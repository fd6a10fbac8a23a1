//! Any bytes as a project of two files: a NUL byte ends the first one, which may extend the second
//! as `base.cfg`. Everything is resolved and every error rendered.

#![no_main]

use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use supkit::buildout::{NoRecipes, MemoryFiles, Project, Request};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (top, base) = text.split_once('\0').unwrap_or((&text, ""));
    let files = MemoryFiles::with(&[("buildout.cfg", top), ("base.cfg", base)]);
    for request in [Request::strict("buildout.cfg"), Request::lazy("buildout.cfg")] {
        match Project::load(&request, &files, Rc::new(NoRecipes)) {
            Ok(project) => {
                for section in project.sections() {
                    if let Err(fault) = project.options(section) {
                        fault.diagnostic().render(project.sources(), false);
                    }
                }
                let _ = project.reached_parts();
            }
            Err(failure) => {
                failure.fault.diagnostic().render(&failure.sources, false);
            }
        }
    }
});
