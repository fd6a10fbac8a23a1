//! The text of a supervisord.conf that reads as these sections.

use super::section::{Section, Setting};

pub fn render(sections: &[Section]) -> String {
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

fn section(section: &Section) -> String {
    let settings: String = section.settings.iter().map(setting).collect();
    format!("[{}]\n{settings}", section.name)
}

/// A value that begins like a comment stands close to the `=`, where it is none.
fn setting(setting: &Setting) -> String {
    let value = setting.value.replace('\n', "\n    ");
    let blank = if value.is_empty() || value.starts_with([';', '#']) { "" } else { " " };
    format!("{} ={blank}{value}\n", setting.key)
}
