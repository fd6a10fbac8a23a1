//! Parses the lines for programs, event listeners and groups. Text after the last field is ignored;
//! an optional field is recognized by its form.

use super::scan::{digits, enclosed, flag, gap, next_word, word};
use crate::ini::text::words;

/// `PRIORITY NAME [(OPTIONS)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProgramLine<'a> {
    pub(super) priority: &'a str,
    pub(super) name: &'a str,
    pub(super) options: Vec<(&'a str, &'a str)>,
    pub(super) command: &'a str,
    pub(super) arguments: Option<&'a str>,
    pub(super) directory: Option<&'a str>,
    pub(super) redirect: Option<bool>,
    pub(super) user: Option<&'a str>,
}

/// `NAME [(OPTIONS)] EVENTS COMMAND [[ARGUMENTS]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListenerLine<'a> {
    pub(super) name: &'a str,
    pub(super) options: Vec<(&'a str, &'a str)>,
    pub(super) events: &'a str,
    pub(super) command: &'a str,
    pub(super) arguments: Option<&'a str>,
}

/// `PRIORITY NAME PROGRAMS`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupLine<'a> {
    pub(super) priority: &'a str,
    pub(super) name: &'a str,
    pub(super) programs: &'a str,
}

impl<'a> ProgramLine<'a> {
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let (priority, rest) = digits(line)?;
        let (name, rest) = next_word(rest)?;
        let (options, (command, rest)) = after_options(rest, next_word)?;
        let arguments = enclosed(rest, '[', ']').filter(|(inside, _)| flag(inside).is_none());
        let (arguments, rest) = optional(arguments, rest);
        let directory = gap(rest).filter(|rest| flag(rest).is_none()).and_then(word);
        let (directory, rest) = optional(directory, rest);
        let (redirect, rest) = optional(gap(rest).and_then(flag), rest);
        let user = next_word(rest).map(|(user, _)| user);
        Some(Self { priority, name, options, command, arguments, directory, redirect, user })
    }
}

impl<'a> ListenerLine<'a> {
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let (name, rest) = word(line)?;
        let (options, (events, command, rest)) = after_options(rest, |rest| {
            let (events, rest) = next_word(rest)?;
            let (command, rest) = next_word(rest)?;
            Some((events, command, rest))
        })?;
        let arguments = enclosed(rest, '[', ']').map(|(inside, _)| inside);
        Some(Self { name, options, events, command, arguments })
    }
}

impl<'a> GroupLine<'a> {
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let (priority, rest) = digits(line)?;
        let (name, rest) = next_word(rest)?;
        let (programs, _) = next_word(rest)?;
        Some(Self { priority, name, programs })
    }
}

/// An optional field; if it is absent, nothing is removed from the text.
fn optional<'a, T>(found: Option<(T, &'a str)>, text: &'a str) -> (Option<T>, &'a str) {
    found.map_or((None, text), |(piece, rest)| (Some(piece), rest))
}

/// Parentheses contain options only if the text after them can be parsed; otherwise they are part of
/// that text.
fn after_options<'a, T>(
    text: &'a str,
    rest: impl Fn(&'a str) -> Option<T>,
) -> Option<(Vec<(&'a str, &'a str)>, T)> {
    let with_options =
        enclosed(text, '(', ')').and_then(|(inside, after)| Some((inside, rest(after)?)));
    match with_options {
        Some((inside, found)) => Some((pairs(inside), found)),
        None => Some((Vec::new(), rest(text)?)),
    }
}

/// The words `key=value`. Others are ignored, and keys that cannot be option names.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let usable = |(key, value): &(&str, &str)| {
        !key.is_empty() && !value.is_empty() && !key.starts_with(['#', ';', '[', ':'])
    };
    words(text).filter_map(|word| word.split_once('=')).filter(usable).collect()
}
