//! The environment with the eggs of a project: what is installed into it, and what is in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What pip installs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The eggs of all parts, as the parts name them.
    pub eggs: Vec<String>,
    /// `NAME==VERSION`, for all versions that the project pins.
    pub pins: Vec<String>,
    /// Arguments of pip that say where distributions are: `--index-url URL`.
    pub arguments: Vec<String>,
    /// Whether a distribution that is not pinned may be installed.
    pub may_pick: bool,
}

impl Requirements {
    pub(super) fn add(&mut self, eggs: impl IntoIterator<Item = String>) {
        for egg in eggs {
            if !self.eggs.contains(&egg) {
                self.eggs.push(egg);
            }
        }
    }

    /// The file that names the eggs.
    pub fn file(&self) -> String {
        self.eggs.iter().fold(String::new(), |text, egg| text + egg + "\n")
    }

    /// The file that pins versions.
    pub fn constraints(&self) -> String {
        self.pins.iter().fold(String::new(), |text, pin| text + pin + "\n")
    }

    /// Everything that the result of pip depends on.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}", self.file(), self.constraints());
        for argument in &self.arguments {
            let _ = writeln!(text, "{argument}");
        }
        text
    }

    /// The distributions that are neither pinned nor part of every environment.
    pub fn picked<'a>(&self, found: &'a Distributions) -> Vec<&'a str> {
        let pinned: Vec<String> = self.pins.iter().map(|pin| key(name_of(pin))).collect();
        let is_picked = |name: &&str| {
            !pinned.contains(&key(name)) && !["pip", "setuptools", "wheel"].contains(name)
        };
        let names = found.0.values().map(|it| it.name.as_str());
        if self.may_pick { Vec::new() } else { names.filter(is_picked).collect() }
    }
}

/// A distribution that is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    pub name: String,
    pub version: String,
    /// Its scripts: the name, the module and the attribute.
    pub scripts: Vec<(String, String, String)>,
}

/// All distributions of an environment, by their normalized names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distributions(pub BTreeMap<String, Distribution>);

impl Distributions {
    /// The distribution that a requirement such as `Zope[wsgi] >= 5` names.
    pub fn find(&self, requirement: &str) -> Option<&Distribution> {
        self.0.get(&key(name_of(requirement)))
    }

    pub fn insert(&mut self, distribution: Distribution) {
        self.0.insert(key(&distribution.name), distribution);
    }
}

/// The scripts in an `entry_points.txt`.
pub fn scripts(entry_points: &str) -> Vec<(String, String, String)> {
    let mut is_scripts = false;
    let mut found = Vec::new();
    for line in entry_points.lines().map(str::trim) {
        if line.starts_with('[') {
            is_scripts = line == "[console_scripts]";
        } else if let (true, Some((name, place))) = (is_scripts, line.split_once('=')) {
            let place = place.split('[').next().unwrap_or_default().trim();
            if let Some((module, attribute)) = place.split_once(':') {
                let (module, attribute) = (module.trim().to_owned(), attribute.trim().to_owned());
                found.push((name.trim().to_owned(), module, attribute));
            }
        }
    }
    found
}

/// The name in a requirement.
pub(super) fn name_of(requirement: &str) -> &str {
    let is_name = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let requirement = requirement.trim();
    let end = requirement.find(|c| !is_name(c)).unwrap_or(requirement.len());
    &requirement[..end]
}

/// The normalized form of a name: `zope.interface`, `zope_interface` and `Zope-Interface` are one.
pub(super) fn key(name: &str) -> String {
    let mut key = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if key.ends_with('-') => {}
            '-' | '_' | '.' => key.push('-'),
            _ => key.extend(c.to_lowercase()),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_in_their_normalized_form() {
        assert_eq!(key("Zope_.Interface"), "zope-interface");
        assert_eq!(name_of(" Zope[wsgi] >= 5"), "Zope");
        assert_eq!(name_of("zope.interface==8"), "zope.interface");
    }

    #[test]
    fn scripts_are_those_for_the_console() {
        let text = "[zc.buildout]\ndefault = a:B\n[console_scripts]\nrunwsgi = Zope2.Startup.serve:main [x]\n\
                    odd\n[gui_scripts]\nw = c:d\n";
        let wanted = ("runwsgi".to_owned(), "Zope2.Startup.serve".to_owned(), "main".to_owned());
        assert_eq!(scripts(text), [wanted]);
    }

    #[test]
    fn what_was_picked_is_what_is_not_pinned() {
        let mut found = Distributions::default();
        for name in ["Zope", "zope.interface", "six", "pip"] {
            found.insert(Distribution { name: name.to_owned(), ..Distribution::default() });
        }
        let pins = vec!["zope==6".to_owned(), "zope_interface==8".to_owned()];
        let mut requirements = Requirements { pins, ..Requirements::default() };
        assert_eq!(requirements.picked(&found), ["six"]);
        requirements.may_pick = true;
        assert_eq!(requirements.picked(&found), [""; 0]);
    }
}
