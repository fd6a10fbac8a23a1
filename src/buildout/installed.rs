//! Reads `.installed.cfg`, which records each installed part with all options that its recipe set.

use std::collections::BTreeMap;

use crate::diag::SourceId;
use crate::ini::buildout as ini;
use crate::ini::text::words;

/// zc.buildout's escapes for white space.
const SPACES: &[(&str, &str)] = &[
    ("%(__buildout_space__)s", " "),
    ("%(__buildout_space_n__)s", "\n"),
    ("%(__buildout_space_r__)s", "\r"),
    ("%(__buildout_space_f__)s", "\x0c"),
    ("%(__buildout_space_v__)s", "\x0b"),
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    parts: Vec<String>,
    options: BTreeMap<String, BTreeMap<String, String>>,
}

impl Installed {
    /// Parses the file; an unreadable file counts as nothing installed.
    pub fn read(text: &str) -> Self {
        let Ok(sections) = ini::parse(SourceId(u32::MAX), text, &mut |_| Ok(true)) else {
            return Self::default();
        };
        let options: BTreeMap<String, BTreeMap<String, String>> =
            sections.into_iter().map(|(name, section)| (name, values(section))).collect();
        let parts = options.get("buildout").and_then(|buildout| buildout.get("parts"));
        let parts = parts.map(|text| words(text).map(str::to_owned).collect()).unwrap_or_default();
        Self { parts, options }
    }

    /// The parts in installation order.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The options of a part that this recipe installed, without buildout's own records.
    pub fn part(
        &self,
        name: &str,
        recipe: &str,
    ) -> Option<impl Iterator<Item = (&String, &String)>> {
        if !self.parts.iter().any(|part| part == name) {
            return None;
        }
        let options = self.options.get(name)?;
        // Options of a different recipe are ignored.
        options.get("recipe").filter(|by| *by == recipe)?;
        Some(options.iter().filter(|(option, _)| !option.starts_with("__buildout_")))
    }

    /// The paths that the part created.
    pub fn paths(&self, name: &str) -> impl Iterator<Item = &str> {
        let paths = self.options.get(name).and_then(|part| part.get("__buildout_installed__"));
        paths.into_iter().flat_map(|text| text.lines()).filter(|line| !line.is_empty())
    }
}

fn values(section: ini::Section) -> BTreeMap<String, String> {
    let plain = |text: String| {
        SPACES.iter().fold(text, |text, (written, meant)| text.replace(written, meant))
    };
    section.options.into_iter().map(|(key, entry)| (key, plain(entry.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_comes_back() {
        let text = "[buildout]\nparts = a\n\n[a]\nrecipe = r\n__buildout_installed__ = /x\n\t/y\n\
                    lead = %(__buildout_space_n__)sone\n\ttwo\n[b]\nx = 1\n[buildout]\nparts = a b\n";
        let installed = Installed::read(text);
        assert_eq!(installed.parts(), ["a", "b"]);
        assert_eq!(installed.paths("a").collect::<Vec<_>>(), ["/x", "/y"]);
        let options: Vec<_> = installed.part("a", "r").unwrap().collect();
        assert_eq!(options[0], (&"lead".to_owned(), &"\none\ntwo".to_owned()));
        assert!(installed.part("a", "other").is_none());
    }
}
