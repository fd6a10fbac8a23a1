//! The contents of the supervisord.conf that is generated: sections with settings, each with its
//! origin. `render` converts it to text.

use crate::buildout::paths::join;
use crate::conf::sections::{self, include, is_secret, program};
use crate::diag::Span;

use super::recipe::Tier;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// `[supervisord]`, the servers, the client, the RPC interface, in the order of the file.
    pub base_sections: Vec<Section>,
    pub programs: Vec<Program>,
    pub listeners: Vec<Section>,
    pub groups: Vec<Section>,
    /// The patterns of `[include]`.
    pub includes: Vec<String>,
}

/// One `[program:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub name: String,
    /// The part that it is made from.
    pub part: String,
    pub tier: Option<Tier>,
    pub settings: Vec<Setting>,
    /// The addresses that it listens on and requires, from the recipe.
    pub serves: Option<String>,
    pub needs: Option<String>,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub settings: Vec<Setting>,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub option: String,
    pub value: String,
    pub origin: Origin,
}

/// The reason for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option of the project.
    Project(Option<Span>),
    /// The recipe with this title.
    Recipe(String),
    /// A default of supkit.
    Supkit,
}

/// The header of a section with a name of its own: `program:zeo`.
pub fn header(section: &sections::Section, name: &str) -> String {
    format!("{}:{name}", section.word)
}

impl Setting {
    pub fn new(option: impl Into<String>, value: impl Into<String>, origin: Origin) -> Self {
        Self { option: option.into(), value: value.into(), origin }
    }
}

impl Section {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Appends an option and removes an earlier one of the same name.
    pub fn set(&mut self, option: &str, value: impl Into<String>, origin: Origin) {
        let option = option.to_lowercase();
        self.settings.retain(|setting| setting.option != option);
        self.settings.push(Setting::new(option, value, origin));
    }

    pub fn get(&self, option: &str) -> Option<&str> {
        let found = self.settings.iter().rfind(|setting| setting.option == option);
        found.map(|setting| setting.value.as_str())
    }
}

impl Program {
    pub fn get(&self, option: &str) -> Option<&str> {
        let found = self.settings.iter().rfind(|setting| setting.option == option);
        found.map(|setting| setting.value.as_str())
    }

    /// Replaces the option at its position, or appends it.
    pub fn set(&mut self, option: &str, value: impl Into<String>, origin: Origin) {
        let setting = Setting::new(option, value, origin);
        match self.settings.iter_mut().find(|old| old.option == setting.option) {
            Some(old) => *old = setting,
            None => self.settings.push(setting),
        }
    }

    pub fn section(&self) -> Section {
        Section {
            name: header(&program::SECTION, &self.name),
            settings: self.settings.clone(),
            span: self.span,
        }
    }
}

impl Deployment {
    /// Whether it configures the daemon.
    pub fn has_daemon(&self) -> bool {
        self.base_sections.iter().any(|section| section.name == sections::supervisord::SECTION.word)
    }

    /// Whether it has a password, so that the file must not be world-readable.
    pub fn has_password(&self) -> bool {
        let settings = self.base_sections.iter().flat_map(|section| &section.settings);
        settings.chain(self.listeners.iter().flat_map(|section| &section.settings)).any(|setting| {
            is_secret(&setting.option) && !setting.value.is_empty()
                || setting.value.contains("SUPERVISOR_PASSWORD='")
                    && !setting.value.contains("SUPERVISOR_PASSWORD=''")
        })
    }

    /// Replaces `%(here)s` by the directory `here` and makes patterns absolute, so that the
    /// configuration can be moved.
    pub fn rebase(&mut self, here: &str) {
        let text = here.replace('%', "%%");
        let programs = self.programs.iter_mut().map(|program| &mut program.settings);
        let others = [&mut self.base_sections, &mut self.listeners, &mut self.groups];
        let others = others.into_iter().flatten().map(|section| &mut section.settings);
        for setting in programs.chain(others).flatten() {
            setting.value = setting.value.replace("%(here)s", &text);
        }
        for pattern in &mut self.includes {
            *pattern = join(here, &pattern.replace("%(here)s", here));
        }
    }

    /// All sections in the order of the file.
    pub fn sections(&self) -> Vec<Section> {
        let mut sections = self.base_sections.clone();
        sections.extend(self.programs.iter().map(Program::section));
        sections.extend(self.listeners.iter().cloned());
        sections.extend(self.groups.iter().cloned());
        if !self.includes.is_empty() {
            let mut section = Section::new(include::SECTION.word);
            section.set(include::FILES.name, self.includes.join(" "), Origin::Supkit);
            sections.push(section);
        }
        sections
    }
}
