//! The texts of the web interface in each language: one file with sorted lines `key = text` for each,
//! which is read when the first page needs it. `{name}` in a text is a placeholder.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::assets;

type Catalogue = HashMap<&'static str, &'static str>;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Language {
    English,
    German,
}

/// The value of a placeholder.
pub(super) type Value<'a> = (&'a str, &'a dyn Display);

/// The families that no script of a page uses.
const OF_SERVER: [&str; 4] = ["core", "core-job", "error", "http"];

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| parse(Language::English));
static GERMAN: LazyLock<Catalogue> = LazyLock::new(|| parse(Language::German));

impl Language {
    /// In the order in which a page offers them.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::German];

    /// As in `lang` of HTML and in the name of its file.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its name in itself.
    pub(super) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// A text without placeholders. A key that does not exist is returned itself; a test finds it.
    pub(super) fn text(self, key: &str) -> &str {
        self.catalogue().get(key).copied().unwrap_or(key)
    }

    /// A text with its placeholders filled.
    pub(super) fn fill(self, key: &str, values: &[Value<'_>]) -> String {
        fill(self.text(key), values)
    }

    /// One of the texts `KEY.one` and `KEY.other`, with the number as `{n}`.
    pub(super) fn count(self, key: &str, n: usize, values: &[Value<'_>]) -> String {
        let form = if n == 1 { "one" } else { "other" };
        let mut values = values.to_vec();
        values.push(("n", &n));
        self.fill(&format!("{key}.{form}"), &values)
    }

    /// The text of a member of a family: `FAMILY.MEMBER`. If there is none, the member itself.
    pub(super) fn word(self, family: &str, member: &str, values: &[Value<'_>]) -> String {
        let key = format!("{family}.{member}");
        match self.catalogue().get(key.as_str()) {
            Some(text) => fill(text, values),
            None => member.to_owned(),
        }
    }

    /// The keys of a family, and their texts.
    pub(super) fn family(
        self,
        name: &'static str,
    ) -> impl Iterator<Item = (&'static str, &'static str)> {
        let is_member =
            move |key: &str| key.strip_prefix(name).is_some_and(|it| it.starts_with('.'));
        self.catalogue().iter().map(|(key, text)| (*key, *text)).filter(move |it| is_member(it.0))
    }

    /// The script that contains the texts for the scripts of the pages.
    pub(super) fn script(self) -> String {
        let is_of_server =
            |key: &str| key.split('.').next().is_some_and(|it| OF_SERVER.contains(&it));
        let mut lines: Vec<_> =
            self.catalogue().iter().filter(|(key, _)| !is_of_server(key)).collect();
        lines.sort_unstable();
        let lines = lines.into_iter().map(|(key, text)| {
            let [key, text] = [*key, *text].map(|it| serde_json::Value::from(it).to_string());
            format!("{key}: {text},\n")
        });
        let texts: String = lines.collect();
        format!("globalThis.TEXTS = {{\n{texts}}};\n{}", assets::web("texts.js"))
    }
}

/// Replaces `{name}` by the value of that name. A value is not searched for placeholders.
pub(super) fn fill(text: &str, values: &[Value<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let known = behind.split_once('}').and_then(|(name, behind)| {
            let value = values.iter().find(|(known, _)| *known == name)?;
            Some((value.1.to_string(), behind))
        });
        let (value, behind) = known.unwrap_or_else(|| ("{".to_owned(), behind));
        out.push_str(&value);
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn parse(language: Language) -> Catalogue {
    let text = assets::web(&format!("texts/{}.txt", language.code()));
    text.lines().filter_map(|line| line.split_once(" = ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let values: [Value<'_>; 2] = [("a", &"{b}"), ("b", &2)];
        assert_eq!(fill("{a}, {b}; {c} {", &values), "{b}, 2; {c} {");
    }

    #[test]
    fn a_number_selects_the_form() {
        for (language, one, two) in [
            (Language::English, "1 process", "2 processes"),
            (Language::German, "1 Prozess", "2 Prozesse"),
        ] {
            assert_eq!(language.count("processes", 1, &[]), one);
            assert_eq!(language.count("processes", 2, &[]), two);
        }
    }

    #[test]
    fn every_state_and_mood_has_a_word() {
        use crate::core::state::{Mood, ProcessState};
        let moods = [Mood::Fatal, Mood::Running, Mood::Restarting, Mood::Shutdown].map(Mood::name);
        for language in Language::ALL {
            let has =
                |key: String| assert!(language.catalogue().contains_key(key.as_str()), "{key}");
            for state in ProcessState::all() {
                has(format!("state.{}", state.name().to_lowercase()));
            }
            for mood in moods {
                has(format!("mood.{}", mood.to_lowercase()));
            }
        }
    }
}
