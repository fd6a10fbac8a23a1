//! A configuration that would be read otherwise than it was meant is never written: the text is
//! read again, and every value must come back as it went in.

use crate::diag::{Diagnostic, SourceMap};
use crate::ini::python::Document;

use super::deployment::{Deployment, Origin, Setting};
use super::plan::{Content, File};

/// The text of a file that has one.
pub fn text_of(file: &File) -> &str {
    match &file.content {
        Content::Text(text) => text,
        Content::OwnProgram | Content::Link(_) => "",
    }
}

/// Reads `text` and compares it with what it was made from.
pub fn check(deployment: &Deployment, text: &str) -> Result<(), Vec<Diagnostic>> {
    let mut sources = SourceMap::default();
    let id = sources.add("supervisord.conf", text);
    let mut document = Document::default();
    if let Err(fault) = document.read(id, "supervisord.conf", text) {
        return Err(vec![Diagnostic::error("unreadable", fault.text)]);
    }
    let mut faults = Vec::new();
    for section in deployment.sections() {
        for setting in &section.settings {
            let found = document.entry(&section.name, &setting.option);
            let found = found.map(|entry| flat(&entry.value));
            if found.as_deref() != Some(&flat(&setting.value)) {
                faults.push(unwritable(&section.name, setting, found.as_deref()));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Line by line without the blanks around, as continuation lines lose theirs.
fn flat(value: &str) -> String {
    value.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn unwritable(section: &str, setting: &Setting, found: Option<&str>) -> Diagnostic {
    let message = format!(
        "`{}` of [{section}] cannot be written as it is: `{}` would be read as `{}`",
        setting.option,
        setting.value,
        found.unwrap_or_default()
    );
    let fault = Diagnostic::error("unwritable", message)
        .help("a `;` or `#` after a blank begins a comment in supervisord.conf");
    match &setting.origin {
        Origin::Project(Some(span)) => fault.at(*span),
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::super::deployment::Section;
    use super::super::render;
    use super::*;

    fn checked(value: &str) -> Result<(), Vec<Diagnostic>> {
        let mut section = Section::new("supervisord");
        section.set("environment", value, Origin::Supkit);
        let deployment = Deployment { frame: vec![section], ..Deployment::default() };
        check(&deployment, &render::configuration(&deployment, "buildout.cfg").unwrap())
    }

    #[test]
    fn values_that_come_back_are_fine() {
        assert!(checked("A=1").is_ok());
        assert!(checked("A=1,\nB=\"2\"").is_ok());
        assert!(checked("").is_ok());
        assert!(checked("A=<&>\"'{{x}}").is_ok());
    }

    #[test]
    fn a_value_that_would_be_cut_is_refused() {
        let faults = checked("A=1 ; B=2").unwrap_err();
        assert!(faults[0].message.contains("would be read as `A=1`"), "{}", faults[0].message);
    }
}
