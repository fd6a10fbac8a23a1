//! Tests of whole projects; each file is a row of the table.

use std::rc::Rc;

use super::{Assignment, Kind, Made, MemoryFiles, NoRecipes, Part, Project, Recipes, Request};

fn load(files: &[(&str, &str)]) -> Project {
    let outcome = Project::load(
        &Request::strict("buildout.cfg"),
        &MemoryFiles::with(files),
        Rc::new(NoRecipes),
    );
    outcome.unwrap_or_else(|failure| panic!("{}", failure.fault.message()))
}

fn one(text: &str) -> Project {
    load(&[("buildout.cfg", text)])
}

fn get(project: &Project, section: &str, option: &str) -> String {
    project.get(section, option).unwrap().unwrap()
}

fn message(project: &Project, section: &str) -> String {
    project.options(section).unwrap_err().message().to_owned()
}

#[test]
fn defaults_know_the_directory() {
    let project = one("[buildout]\nparts =\n");
    assert_eq!(get(&project, "buildout", "bin-directory"), "/srv/plone/bin");
    assert_eq!(get(&project, "buildout", "eggs-directory"), "/srv/plone/eggs/v5");
    assert_eq!(get(&project, "versions", "zc.buildout"), ">=6.0.1");
}

#[test]
fn layers_add_and_remove_lines() {
    let project = load(&[
        ("buildout.cfg", "[buildout]\nextends = base.cfg\nparts += b\nparts -= x\n"),
        ("base.cfg", "[buildout]\nparts =\n  a\n  x\n"),
    ]);
    assert_eq!(project.parts().unwrap(), ["a", "b"]);
}

#[test]
fn macros_speak_in_the_section_that_uses_them() {
    let project = one(
        "[buildout]\n[m]\nport = 80\nurl = ${:_buildout_section_name_}:${:port}\n[a]\n<= m\nport = 81\n",
    );
    assert_eq!(get(&project, "a", "url"), "a:81");
}

#[test]
fn what_is_missing_is_told_with_its_chain() {
    let project = one("[buildout]\n[a]\nx = ${b:y}\n[b]\ny = 1${c:z}\n[c]\n");
    let fault = project.options("a").unwrap_err();
    assert_eq!(fault.message(), "Referenced option does not exist: c z");
    let place = project.sources().place(fault.span().unwrap());
    assert_eq!(place.to_string(), "buildout.cfg:5:6");
    let steps: Vec<_> = fault.steps().map(|step| step.doing.as_str()).collect();
    assert_eq!(
        steps,
        [
            "Getting section a.",
            "Initializing section a.",
            "Getting option a:x.",
            "Getting section b.",
            "Initializing section b.",
            "Getting option b:y."
        ]
    );
}

#[test]
fn circles_end() {
    let project = one("[buildout]\n[a]\nx = ${:y}\ny = ${:x}\n");
    assert_eq!(message(&project, "a"), "Circular reference in substitutions.");
    let project = one("[buildout]\n[a]\n<= b\n[b]\n<= a\n");
    assert_eq!(message(&project, "a"), "Infinite extending loop 'a'");
}

#[test]
fn the_command_line_has_the_last_word() {
    let mut request = Request::strict("buildout.cfg");
    request.assignments =
        ["a:x=2", "parts+=q"].map(|word| word.parse::<Assignment>().unwrap()).into();
    let files =
        MemoryFiles::with(&[("buildout.cfg", "[buildout]\nparts = p\n[m]\nx = 1\n[a]\n<= m\n")]);
    let project = Project::load(&request, &files, Rc::new(NoRecipes)).map_err(|f| f.fault).unwrap();
    assert_eq!(get(&project, "a", "x"), "2");
    assert_eq!(project.parts().unwrap(), ["p", "q"]);
}

struct Locations;

impl Recipes for Locations {
    fn made(&self, part: &mut Part<'_>) -> Result<Option<Vec<Made>>, super::Fault> {
        if part.recipe() != "known" {
            return Ok(None);
        }
        let parts = part.other("buildout", "parts-directory")?.unwrap_or_default();
        let value = format!("{parts}/{}", part.name());
        Ok(Some(vec![Made::known("location", value)]))
    }
}

#[test]
fn recipes_make_options_and_what_is_referred_to_becomes_a_part() {
    let text =
        "[buildout]\nparts = s\n[s]\nrecipe = other\nx = ${z:location}/bin\n[z]\nrecipe = known\n";
    let files = MemoryFiles::with(&[("buildout.cfg", text)]);
    let project = Project::load(&Request::lazy("buildout.cfg"), &files, Rc::new(Locations));
    let project = project.map_err(|failure| failure.fault).unwrap();
    assert_eq!(project.reached_parts().unwrap(), ["z", "s"]);
    assert_eq!(get(&project, "s", "x"), "/srv/plone/parts/z/bin");
    assert!(project.is_made("z", "location"));
}

#[test]
fn what_an_unknown_recipe_would_make_is_missed_only_when_needed() {
    let text = "[buildout]\nparts = s\n[s]\nrecipe = other\nx = ${z:location}\ny = 1\n[z]\nrecipe = what\n";
    let files = MemoryFiles::with(&[("buildout.cfg", text)]);
    let project = Project::load(&Request::lazy("buildout.cfg"), &files, Rc::new(NoRecipes));
    let project = project.map_err(|failure| failure.fault).unwrap();
    assert_eq!(get(&project, "s", "y"), "1");
    assert_eq!(project.get("s", "x").unwrap_err().kind(), Kind::MadeByRecipe);
    let installed = "[buildout]\nparts = z\n[z]\nrecipe = what\nlocation = /there\n";
    let files = MemoryFiles::with(&[("buildout.cfg", text), (".installed.cfg", installed)]);
    let project = Project::load(&Request::lazy("buildout.cfg"), &files, Rc::new(NoRecipes));
    assert_eq!(get(&project.map_err(|f| f.fault).unwrap(), "s", "x"), "/there");
}

#[test]
fn an_absent_url_is_an_error_or_a_gap() {
    let files = [("buildout.cfg", "[buildout]\nextends = http://x/v.cfg\nversions = v\n")];
    let files = MemoryFiles::with(&files);
    let failure = Project::load(&Request::strict("buildout.cfg"), &files, Rc::new(NoRecipes));
    assert!(failure.err().unwrap().fault.message().contains("http://x/v.cfg"));
    let project = Project::load(&Request::lazy("buildout.cfg"), &files, Rc::new(NoRecipes));
    let project = project.map_err(|failure| failure.fault).unwrap();
    assert_eq!(project.unavailable()[0].url, "http://x/v.cfg");
}

#[test]
fn a_list_that_an_absent_url_may_begin_is_not_taken_for_the_whole() {
    let text =
        "[buildout]\nextends = http://x/base.cfg\nparts += s\n[s]\nrecipe = r\ne += 1\nf = 1\n";
    let files = MemoryFiles::with(&[("buildout.cfg", text)]);
    let project = Project::load(&Request::lazy("buildout.cfg"), &files, Rc::new(NoRecipes));
    let project = project.map_err(|failure| failure.fault).unwrap();
    assert!(project.reached_parts().unwrap_err().message().contains("http://x/base.cfg"));
    project.get("s", "e").unwrap();
    assert!(project.incomplete("s", "e").is_some());
    assert!(project.incomplete("s", "f").is_none());
}

fn chain(length: usize, link: impl Fn(usize) -> String) -> Project {
    let links: String = (0..length).map(link).collect();
    one(&format!("[buildout]\n{links}[s{length}]\nx = 1\n"))
}

#[test]
fn chains_may_be_long_but_not_endless() {
    let references = |at: usize| format!("[s{at}]\nx = ${{s{}:x}}\n", at + 1);
    assert_eq!(get(&chain(300, references), "s0", "x"), "1");
    let fault = chain(5000, references).get("s0", "x").unwrap_err();
    assert_eq!(fault.kind(), Kind::Limit);
    let macros = |at: usize| format!("[s{at}]\n<= s{}\n", at + 1);
    assert_eq!(get(&chain(290, macros), "s0", "x"), "1");
    let fault = chain(5000, macros).get("s0", "x").unwrap_err();
    assert_eq!(fault.kind(), Kind::Limit);
}

#[test]
fn what_doubles_at_every_step_is_stopped() {
    let doubles = |at: usize| format!("[s{at}]\nx = ${{s{0}:x}}${{s{0}:x}}\n", at + 1);
    let fault = chain(60, doubles).get("s0", "x").unwrap_err();
    assert_eq!(fault.kind(), Kind::Limit);
    let macros = |at: usize| format!("[s{at}]\n<= s{0}\n  s{0}\n", at + 1);
    assert_eq!(get(&chain(60, macros), "s0", "x"), "1");
    let texts: Vec<(String, String)> = (0..60)
        .map(|at| {
            (format!("f{at}.cfg"), format!("[buildout]\nextends = f{0}.cfg f{0}.cfg\n", at + 1))
        })
        .collect();
    let mut files = MemoryFiles::with(&[("f60.cfg", "[buildout]\n")]);
    for (name, text) in texts {
        files.files.insert(format!("/srv/plone/{name}"), text);
    }
    let failure = Project::load(&Request::strict("f0.cfg"), &files, Rc::new(NoRecipes));
    assert_eq!(failure.err().unwrap().fault.kind(), Kind::Limit);
}
