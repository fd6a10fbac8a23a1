//! A deployment on paper: the daemon, its servers, the programs with their places in the order, the
//! groups. Every setting remembers who asked for it. How it is written down is `render`'s business.

use crate::buildout::paths::join;
use crate::diag::Span;

use super::recipe::Tier;

/// All that one supervisord is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// `[supervisord]`, the servers, the client, the RPC interface, in the order of the file.
    pub frame: Vec<Section>,
    pub programs: Vec<Program>,
    /// Event listeners, as they were written.
    pub listeners: Vec<Section>,
    pub groups: Vec<Section>,
    /// The patterns of `[include]`.
    pub includes: Vec<String>,
}

/// One `[program:x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub name: String,
    /// The part that it comes from.
    pub part: String,
    pub tier: Option<Tier>,
    pub settings: Vec<Setting>,
    /// Where it listens, what it needs, as `host:port` or a path.
    pub serves: Option<String>,
    pub needs: Option<String>,
    pub span: Option<Span>,
}

/// A section of supervisord.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub settings: Vec<Setting>,
    pub span: Option<Span>,
}

/// One option of supervisord.conf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub option: String,
    pub value: String,
    pub origin: Origin,
}

/// Who asked for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The project, here.
    Project(Option<Span>),
    /// What supkit knows of a recipe, by its title.
    Recipe(String),
    /// The part's tier, or nothing at all: what supkit always does.
    Supkit,
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

    /// Adds an option; an earlier one of the same name gives way, as it would when the file is read.
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

    /// Replaces the value in its place, or adds it at the end.
    pub fn set(&mut self, option: &str, value: impl Into<String>, origin: Origin) {
        let setting = Setting::new(option, value, origin);
        match self.settings.iter_mut().find(|old| old.option == setting.option) {
            Some(old) => *old = setting,
            None => self.settings.push(setting),
        }
    }

    pub fn section(&self) -> Section {
        Section {
            name: format!("program:{}", self.name),
            settings: self.settings.clone(),
            span: self.span,
        }
    }
}

impl Deployment {
    /// Whether the text of this must not be read by everybody.
    pub fn has_password(&self) -> bool {
        let settings = self.frame.iter().flat_map(|section| &section.settings);
        settings.chain(self.listeners.iter().flat_map(|section| &section.settings)).any(|setting| {
            setting.option == "password" && !setting.value.is_empty()
                || setting.value.contains("SUPERVISOR_PASSWORD='")
                    && !setting.value.contains("SUPERVISOR_PASSWORD=''")
        })
    }

    /// Names what is relative to the configuration from `here`, so that the configuration may lie
    /// anywhere.
    pub fn anchor(&mut self, here: &str) {
        let text = here.replace('%', "%%");
        let programs = self.programs.iter_mut().map(|program| &mut program.settings);
        let others = [&mut self.frame, &mut self.listeners, &mut self.groups];
        let others = others.into_iter().flatten().map(|section| &mut section.settings);
        for setting in programs.chain(others).flatten() {
            setting.value = setting.value.replace("%(here)s", &text);
        }
        for pattern in &mut self.includes {
            *pattern = join(here, &pattern.replace("%(here)s", here));
        }
    }

    /// Everything, in the order in which it is written.
    pub fn sections(&self) -> Vec<Section> {
        let mut sections = self.frame.clone();
        sections.extend(self.programs.iter().map(Program::section));
        sections.extend(self.listeners.iter().cloned());
        sections.extend(self.groups.iter().cloned());
        if !self.includes.is_empty() {
            let mut include = Section::new("include");
            include.set("files", self.includes.join(" "), Origin::Supkit);
            sections.push(include);
        }
        sections
    }
}
