//! The English texts of the core, of the RPC methods and of the HTTP layer in the language of a page.
//! Clients of Supervisor read those texts, so they stay English where they are made. Here, a text is
//! recognised by the English catalogue (its families `core` and `error`) and worded by that of the other language.

use std::cell::Cell;
use std::sync::LazyLock;

use super::texts::{Language, Value};
use crate::core::state::ProcessState;

/// A longer text is the output of something else, and stays as it is.
const MAX_LENGTH: usize = 2048;
/// How many parts of a text are examined, so that none takes long that a program has made up.
const MAX_PARTS: u32 = 200;
/// At how many places the end of a placeholder is looked for.
const MAX_ENDS: usize = 8;
/// How the names of probes begin.
const PROBES: [&str; 2] = ["ready_", "live_"];
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// A line of the English catalogue as a pattern.
struct Pattern {
    key: &'static str,
    pieces: Vec<Piece>,
}

enum Piece {
    Literal(&'static str),
    Slot(&'static str, Kind),
}

/// What stands in the place of a placeholder. It follows from the name of the placeholder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Anything, which stays as it is.
    Name,
    /// The same without white space.
    Word,
    /// `ready_tcp 127.0.0.1:8100`
    Probe,
    /// Digits, perhaps with a fraction.
    Number,
    /// `1 min 2 s`
    Span,
    /// `1 day, 0:00:05`
    Uptime,
    /// `Nov 23 05:31 PM`
    Date,
    /// `RUNNING`
    State,
    /// The kind of a job.
    Job,
    /// A text that is translated if it is recognised.
    Text,
    /// A text that has to be recognised.
    Known,
    /// Texts with `; ` between them.
    Reasons,
    /// Texts with `, ` between them, outside of parentheses.
    Items,
}

/// The more a pattern contains besides its placeholders, the earlier it is tried; among equals, the
/// fewer of them accept anything.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let english = Language::English;
    let texts = english.family("core").chain(english.family("error"));
    let mut patterns: Vec<Pattern> = texts.map(Pattern::of).collect();
    patterns.sort_by_key(|it| (std::cmp::Reverse(it.literal_length()), it.names(), it.key));
    patterns
});

impl Language {
    /// An English text in this language. One that is not recognised stays as it is.
    pub(super) fn translate(self, english: &str) -> String {
        let translated = match self {
            Self::English => None,
            Self::German => recognised(self, english, &Cell::new(MAX_PARTS)),
        };
        translated.unwrap_or_else(|| english.to_owned())
    }

    /// `3.4 MB`, with the decimal sign of the language.
    pub(super) fn amount(self, english: String) -> String {
        match self {
            Self::English => english,
            Self::German => english.replace('.', ","),
        }
    }

    /// An uptime: `1 day, 0:00:05`.
    fn uptime(self, english: &str) -> Option<String> {
        let (days, clock) = match english.split_once(", ") {
            Some((days, clock)) => (days.split_once(" day")?.0.parse().ok(), clock),
            None => (Some(0), english),
        };
        is_made_of(clock, ":").then_some(())?;
        Some(match days? {
            0 => clock.to_owned(),
            days => format!("{}, {clock}", self.count("uptime.days", days, &[])),
        })
    }
}

impl Pattern {
    fn of((key, text): (&'static str, &'static str)) -> Self {
        let mut pieces = Vec::new();
        for (at, part) in text.split('{').enumerate() {
            let literal = match part.split_once('}').filter(|_| at > 0) {
                Some((name, literal)) => {
                    pieces.push(Piece::Slot(name, Kind::of(name)));
                    literal
                }
                None => part,
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal));
            }
        }
        Self { key, pieces }
    }

    fn literal_length(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Literal(text) => text.len(),
            Piece::Slot(..) => 0,
        };
        self.pieces.iter().map(length).sum()
    }

    fn names(&self) -> usize {
        let is_name = |it: &&Piece| matches!(it, Piece::Slot(_, Kind::Name | Kind::Word));
        self.pieces.iter().filter(is_name).count()
    }

    /// The text in another language, if it has this form.
    fn reword(&self, language: Language, text: &str, left: &Cell<u32>) -> Option<String> {
        let mut values = Vec::new();
        reword(&self.pieces, language, text, left, &mut values).then(|| {
            let values: Vec<Value<'_>> =
                values.iter().rev().map(|(name, value)| (*name, value as _)).collect();
            language.fill(self.key, &values)
        })
    }
}

/// Collects the values of the placeholders, the last one first.
fn reword(
    pieces: &[Piece],
    language: Language,
    text: &str,
    left: &Cell<u32>,
    values: &mut Vec<(&'static str, String)>,
) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    let (name, kind) = match first {
        Piece::Literal(literal) => {
            return text
                .strip_prefix(literal)
                .is_some_and(|behind| reword(rest, language, behind, left, values));
        }
        Piece::Slot(name, kind) => (*name, *kind),
    };
    let known = values.len();
    let mut is_filled = |end: usize| {
        // What is quickly seen is looked at first.
        if end == 0 || !kind.may_be(&text[..end]) {
            return false;
        }
        let is_match = reword(rest, language, &text[end..], left, values);
        let value = is_match.then(|| kind.reword(language, &text[..end], left)).flatten();
        let is_filled = value.is_some();
        values.truncate(if is_filled { values.len() } else { known });
        values.extend(value.map(|value| (name, value)));
        is_filled
    };
    match rest {
        [] => is_filled(text.len()),
        [Piece::Literal(last)] => text.strip_suffix(last).is_some_and(|it| is_filled(it.len())),
        [Piece::Literal(next), ..] => {
            text.match_indices(next).take(MAX_ENDS).any(|(end, _)| is_filled(end))
        }
        [Piece::Slot(..), ..] => false,
    }
}

fn recognised(language: Language, text: &str, left: &Cell<u32>) -> Option<String> {
    if text.len() > MAX_LENGTH || left.get() == 0 {
        return None;
    }
    left.set(left.get() - 1);
    PATTERNS.iter().find_map(|pattern| pattern.reword(language, text, left))
}

impl Kind {
    fn of(name: &str) -> Self {
        match name.trim_end_matches(|char: char| char.is_ascii_digit()) {
            "number" => Self::Number,
            "span" => Self::Span,
            "uptime" => Self::Uptime,
            "date" => Self::Date,
            "state" => Self::State,
            "kind" => Self::Job,
            "how" | "why" => Self::Text,
            "known" => Self::Known,
            "reasons" => Self::Reasons,
            "items" => Self::Items,
            "probe" => Self::Probe,
            "word" => Self::Word,
            _ => Self::Name,
        }
    }

    /// Whether a value can be of this kind. The texts in it are not looked at.
    fn may_be(self, value: &str) -> bool {
        match self {
            Self::Word | Self::Number | Self::State => !value.contains(' '),
            Self::Probe => PROBES.iter().any(|it| value.starts_with(it)),
            Self::Span | Self::Uptime => value.starts_with(|char: char| char.is_ascii_digit()),
            _ => true,
        }
    }

    /// The value in another language; `None` if it is not of this kind.
    fn reword(self, language: Language, value: &str, left: &Cell<u32>) -> Option<String> {
        let known = |text: &str| recognised(language, text, left);
        let text = |text: &str| known(text).unwrap_or_else(|| text.to_owned());
        match self {
            Self::Name | Self::Probe | Self::Word => Some(value.to_owned()),
            Self::Number => {
                let digits = value.strip_prefix('-').unwrap_or(value);
                is_made_of(digits, ".").then(|| language.amount(value.to_owned()))
            }
            Self::Span => is_made_of(value, ". sminhd").then(|| language.amount(value.to_owned())),
            Self::Uptime => language.uptime(value),
            Self::Date => date(value),
            Self::State => {
                let state = ProcessState::all().find(|it| it.name() == value)?;
                Some(language.word("state", &state.name().to_lowercase(), &[]))
            }
            Self::Job => {
                let word = language.word("core-job", value, &[]);
                (word != value).then_some(word)
            }
            Self::Text => Some(text(value)),
            Self::Known => known(value),
            Self::Reasons => Some(value.split("; ").map(text).collect::<Vec<_>>().join("; ")),
            Self::Items => Some(items(value).map(text).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Whether a text begins with a digit and contains only digits and these characters.
fn is_made_of(text: &str, others: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
        && text.chars().all(|char| char.is_ascii_digit() || others.contains(char))
}

/// `a, b (c, d)` are two.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |char| {
        depth += i32::from(char == '(') - i32::from(char == ')');
        char == ',' && depth == 0
    })
    .map(str::trim_start)
}

/// `Nov 23 05:31 PM` as `23.11. 17:31`.
fn date(english: &str) -> Option<String> {
    let mut parts = english.split(' ');
    let (month, day) = (parts.next()?, parts.next()?);
    let ((hour, minute), half) = (parts.next()?.split_once(':')?, parts.next()?);
    let at = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)?;
    let hour = hour.parse::<u32>().ok()? % 12 + if half == "PM" { 12 } else { 0 };
    let is_date = parts.next().is_none() && is_made_of(day, "") && is_made_of(minute, "");
    is_date.then(|| format!("{day}.{:02}. {hour:02}:{minute}", at / 3 + 1))
}

#[cfg(test)]
#[path = "translation_tests.rs"]
mod tests;
