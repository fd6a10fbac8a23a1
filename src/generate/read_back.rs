//! Reads a generated configuration as the daemon would, so that an invalid or misread one is never
//! written.

use crate::conf::Config;
use crate::conf::options::CommandLine;
use crate::conf::sections::supervisord;
use crate::diag::{Diagnostic, SourceMap, Span};
use crate::ini::python::Document;

use super::deployment::{Deployment, Origin, Setting};
use super::derive::Derived;
use super::permissive_host::PermissiveHost;
use super::planned_file::{Content, File};

/// The text of a text file; empty for others.
pub fn text_of(file: &File) -> &str {
    match &file.content {
        Content::Text(text) => text,
        Content::OwnProgram | Content::Link(_) => "",
    }
}

/// Reads the text of a configuration that will be written to `conf`, and returns the typed
/// configuration. Errors have the position of their cause in the project. The values of a verbatim
/// configuration are not compared, because it may contain comments.
pub fn read_back(derived: &Derived, text: &str, conf: &str) -> Result<Config, Vec<Diagnostic>> {
    if !derived.is_verbatim {
        compare(&derived.deployment, text)?;
    }
    read(&derived.deployment, text, conf)
}

/// Reads the text of a deployment. A fragment is read as if it were included.
pub fn read(deployment: &Deployment, text: &str, conf: &str) -> Result<Config, Vec<Diagnostic>> {
    let with_daemon = format!("{text}\n[{}]\n", supervisord::SECTION.word);
    let text = if deployment.has_daemon() { text } else { &with_daemon };
    let line = CommandLine { configuration: Some(conf.to_owned()), ..CommandLine::default() };
    let host = PermissiveHost { conf, text };
    crate::conf::read(conf, &line, &host).map_err(|invalid| {
        let faults = invalid.faults.iter().map(|fault| {
            let place = fault.diagnostic.span.map(|span| invalid.sources.place(span));
            let cause = place.and_then(|place| cause(deployment, text, place.line));
            let mut diagnostic = (*fault.diagnostic).clone();
            (diagnostic.span, diagnostic.chain) = (cause, Vec::new());
            diagnostic
        });
        faults.collect()
    })
}

/// Checks that each value is parsed as it was written.
pub fn compare(deployment: &Deployment, text: &str) -> Result<(), Vec<Diagnostic>> {
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
            let found = found.map(|entry| without_indentation(&entry.value));
            if found.as_deref() != Some(&without_indentation(&setting.value)) {
                faults.push(misread(&section.name, setting, found.as_deref()));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The position in the project that causes a line of the configuration.
fn cause(deployment: &Deployment, text: &str, line: usize) -> Option<Span> {
    let above: Vec<&str> = text.lines().take(line).collect();
    let header = above.iter().rev().find_map(|line| line.strip_prefix('[')?.strip_suffix(']'))?;
    let option = above.iter().rev().find_map(|line| Some(line.split_once(" = ")?.0));
    place_of(deployment, header, option.unwrap_or_default())
}

/// The position in the project of an option, or of the part that its section is made from.
pub fn place_of(deployment: &Deployment, section: &str, option: &str) -> Option<Span> {
    let sections = deployment.sections();
    let section = sections.iter().find(|it| it.name == section)?;
    let setting = section.settings.iter().find(|setting| setting.option == option);
    match setting.map(|setting| &setting.origin) {
        Some(Origin::Project(span)) => *span,
        _ => section.span,
    }
}

/// Each line trimmed, because reading removes the indentation of continuation lines.
fn without_indentation(value: &str) -> String {
    value.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn misread(section: &str, setting: &Setting, found: Option<&str>) -> Diagnostic {
    let message = format!(
        "`{}` of [{section}] cannot be written: `{}` would be read as `{}`",
        setting.option,
        setting.value,
        found.unwrap_or_default()
    );
    let fault = Diagnostic::error("unwritable", message)
        .help("a `;` or `#` after a blank begins a comment in supervisord.conf");
    match &setting.origin {
        Origin::Project(span) => fault.maybe_at(*span),
        Origin::Recipe(_) | Origin::Supkit => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::super::deployment::Section;
    use super::super::render;
    use super::*;

    fn compared(value: &str) -> Result<(), Vec<Diagnostic>> {
        let mut section = Section::new("supervisord");
        section.set("environment", value, Origin::Supkit);
        let deployment = Deployment { base_sections: vec![section], ..Deployment::default() };
        compare(&deployment, &render::configuration(&deployment, "buildout.cfg").unwrap())
    }

    #[test]
    fn values_that_are_read_back_unchanged_are_accepted() {
        assert!(compared("A=1").is_ok());
        assert!(compared("A=1,\nB=\"2\"").is_ok());
        assert!(compared("").is_ok());
        assert!(compared("A=<&>\"'{{x}}").is_ok());
    }

    #[test]
    fn a_value_that_would_be_cut_is_an_error() {
        let faults = compared("A=1 ; B=2").unwrap_err();
        assert!(faults[0].message.contains("would be read as `A=1`"), "{}", faults[0].message);
    }
}
