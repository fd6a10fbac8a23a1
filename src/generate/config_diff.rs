//! The differences between an existing configuration and a deployment, option by option. Comments
//! and the order of options are ignored.

use crate::diag::SourceMap;
use crate::ini::python::Document;

use super::deployment::{Deployment, Origin};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub section: String,
    /// `None` if the whole section is added or removed.
    pub option: Option<String>,
    pub old: Option<String>,
    pub new: Option<String>,
    /// The reason for the new value.
    pub origin: Option<Origin>,
}

/// Compares the text of a configuration with a deployment. A text with syntax errors is treated as
/// empty.
pub fn differences(old: &str, deployment: &Deployment) -> Vec<Difference> {
    let mut sources = SourceMap::default();
    let id = sources.add("supervisord.conf", old);
    let mut document = Document::default();
    if document.read(id, "supervisord.conf", old).is_err() {
        document = Document::default();
    }
    let sections = deployment.sections();
    let mut all = Vec::new();
    for section in &sections {
        if document.section(&section.name).is_none() {
            all.push(whole(&section.name, false));
        }
        for setting in &section.settings {
            let old = document.entry(&section.name, &setting.option).map(|entry| &entry.value);
            if old.map(|old| without_indentation(old)) != Some(without_indentation(&setting.value))
            {
                all.push(Difference {
                    section: section.name.clone(),
                    option: Some(setting.option.clone()),
                    old: old.cloned(),
                    new: Some(setting.value.clone()),
                    origin: Some(setting.origin.clone()),
                });
            }
        }
        all.extend(removed_options(&document, section));
    }
    for section in document.sections() {
        if !sections.iter().any(|kept| kept.name == section.name) {
            all.push(whole(&section.name, true));
        }
    }
    all
}

/// Options of the file that the deployment does not have.
fn removed_options(document: &Document, section: &super::deployment::Section) -> Vec<Difference> {
    let entries = document.section(&section.name).map(|old| document.entries(old));
    let entries = entries.into_iter().flatten();
    entries
        .filter(|entry| section.get(&entry.key).is_none())
        .map(|entry| Difference {
            section: section.name.clone(),
            option: Some(entry.key.clone()),
            old: Some(entry.value.clone()),
            new: None,
            origin: None,
        })
        .collect()
}

fn whole(section: &str, is_removed: bool) -> Difference {
    let (old, new) =
        if is_removed { (Some(String::new()), None) } else { (None, Some(String::new())) };
    Difference { section: section.to_owned(), option: None, old, new, origin: None }
}

fn without_indentation(value: &str) -> String {
    value.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::deployment::Section;
    use super::*;

    fn deployment(settings: &[(&str, &str)]) -> Deployment {
        let mut section = Section::new("supervisord");
        for (option, value) in settings {
            section.set(option, *value, Origin::Supkit);
        }
        Deployment { base_sections: vec![section], ..Deployment::default() }
    }

    #[test]
    fn comments_and_order_are_no_differences() {
        let old = "; hello\n[supervisord]\nb = 2\na: 1 ; note\n";
        assert_eq!(differences(old, &deployment(&[("a", "1"), ("b", "2")])), []);
    }

    #[test]
    fn changed_new_and_removed_options_are_differences() {
        let old = "[supervisord]\na = 1\nc = 3\n[program:old]\ncommand = x\n";
        let got = differences(old, &deployment(&[("a", "2"), ("b", "2")]));
        let side = |text: &Option<String>| text.clone().unwrap_or("-".to_owned());
        let shown: Vec<String> = got
            .iter()
            .map(|d| {
                format!("{} {}: {} > {}", d.section, side(&d.option), side(&d.old), side(&d.new))
            })
            .collect();
        let wanted = [
            "supervisord a: 1 > 2",
            "supervisord b: - > 2",
            "supervisord c: 3 > -",
            "program:old -:  > -",
        ];
        assert_eq!(shown, wanted);
    }
}
