//! A configuration that would be read otherwise than it was meant is never written: the text is
//! read again, and every value must come back as it went in.

use crate::conf::options::CommandLine;
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::ini::python::Document;

use super::deployment::{Deployment, Origin, Setting};
use super::obliging::Obliging;
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

/// Reads `text` as the daemon would, and points the faults at what caused them in the project.
pub fn understood(deployment: &Deployment, text: &str, conf: &str) -> Result<(), Vec<Diagnostic>> {
    let line = CommandLine { configuration: Some(conf.to_owned()), ..CommandLine::default() };
    let world = Obliging { conf, text };
    let Err(refused) = crate::conf::read::read(conf, &line, &world) else { return Ok(()) };
    let faults = refused.faults.iter().map(|fault| {
        let place = fault.diagnostic.span.map(|span| refused.sources.place(span));
        let cause = place.and_then(|place| cause(deployment, text, place.line));
        let mut told = (*fault.diagnostic).clone();
        (told.span, told.chain) = (cause, Vec::new());
        told
    });
    Err(faults.collect())
}

/// Where the project asks for what stands on a line of the configuration.
fn cause(deployment: &Deployment, text: &str, line: usize) -> Option<Span> {
    let above: Vec<&str> = text.lines().take(line).collect();
    let header = above.iter().rev().find_map(|line| line.strip_prefix('[')?.strip_suffix(']'))?;
    let option = above.iter().rev().find_map(|line| Some(line.split_once(" = ")?.0));
    let sections = deployment.sections();
    let section = sections.iter().find(|section| section.name == header)?;
    let setting = section.settings.iter().find(|setting| Some(setting.option.as_str()) == option);
    match setting.map(|setting| &setting.origin) {
        Some(Origin::Project(span)) => *span,
        _ => section.span,
    }
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
