use std::rc::Rc;

use super::*;
use crate::buildout::{MemoryFiles, Request};
use crate::generate::derive::derive;
use crate::generate::paths::Place;
use crate::generate::project_reader;

/// Each finding as `code line`.
fn findings(text: &str) -> Vec<String> {
    let env = MemoryFiles::with(&[("buildout.cfg", text)]);
    let catalogue = Rc::new(Catalogue::new(&[]).unwrap());
    let recipes = Rc::clone(&catalogue);
    let project = Project::load(&Request::lazy("buildout.cfg"), &env, recipes);
    let project = project.map_err(|failure| failure.fault.message().to_owned()).unwrap();
    let input = project_reader::read(&project, &catalogue, &env).unwrap();
    let place = Place::new(&input.directory, "/srv/plone/etc/supervisord.conf");
    let derived = derive(&input, &catalogue, &place).unwrap();
    let faults = inspect(Some(&project), &input, &catalogue, &derived, &|_| true);
    let line = |span| project.sources().place(span).line;
    faults.iter().map(|it| format!("{} {}", it.code, it.span.map_or(0, line))).collect()
}

const STORAGE: &str = "[zeo]\nrecipe = plone.recipe.zeoserver\nzeo-address = 127.0.0.1:8100\n\
    [one]\nrecipe = plone.recipe.zope2instance\nhttp-address = 8081\nzeo-client = on\n\
    zeo-address = ${zeo:zeo-address}\n";

#[test]
fn a_correct_project_has_no_findings() {
    let text = format!("[buildout]\nparts = zeo one\n{STORAGE}");
    assert_eq!(findings(&text), [] as [&str; 0]);
}

#[test]
fn an_unlisted_part_made_by_a_macro_is_found_and_so_is_its_program() {
    let text = format!(
        "[buildout]\nparts = zeo one supervisor\n{STORAGE}[two]\n<= one\nhttp-address = 8082\n\
         [supervisor]\nrecipe = collective.recipe.supervisor\nprograms =\n  \
         10 zeo ${{buildout:bin-directory}}/zeo [fg]\n  \
         20 two ${{buildout:bin-directory}}/two [console]\n"
    );
    assert_eq!(findings(&text), ["unbuilt-part 12", "unbuilt-program 18"]);
}

#[test]
fn a_readable_password_is_marked_at_its_own_line() {
    let text = format!(
        "[buildout]\nparts = zeo one\n{STORAGE}user = ${{users:admin}}\n\
                        [users]\nadmin = admin:geheim\n"
    );
    assert_eq!(findings(&text), ["open-password 13"]);
}

#[test]
fn a_port_in_an_option_of_an_unknown_part_may_be_served() {
    let cache = "[cache]\nrecipe = plone.recipe.varnish:configuration\nbackends = 127.0.0.1:9000\n";
    let text = format!("[buildout]\nparts = zeo one cache\n{STORAGE}{cache}");
    assert_eq!(findings(&text), ["unserved 13"]);
    let text = format!(
        "[buildout]\nparts = zeo one cache lb\n{STORAGE}{cache}\
                        [lb]\nrecipe = who.knows\nconf = bind 127.0.0.1:9000\n"
    );
    assert_eq!(findings(&text), [] as [&str; 0]);
}
