//! What an editor shows for the text under the pointer, as Markdown.

use std::fmt::Write as _;
use std::ops::Range;

use super::completion::one_line;
use super::configuration::{Configuration, SourceFile};
use super::cursor::{Cursor, placeholder_at, word_at};
use super::names::Mention;
use crate::conf::events::EventType;
use crate::conf::placeholders;
use crate::conf::sections::{Named, Row, Section, program};
use crate::conf::since::since;

/// The explanation of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub markdown: String,
    pub range: Range<usize>,
}

pub fn hover(configuration: &Configuration, file: &SourceFile, offset: usize) -> Option<Hover> {
    let text = &file.text;
    match Cursor::at(text, &file.outline, offset) {
        Cursor::Header { inside, .. } => {
            let section = Section::of(text.part(&inside).trim())?;
            Some(Hover { markdown: of_section(section), range: inside })
        }
        Cursor::Key { block, key, .. } => {
            let row = row(&block.name, &text.part(&key).to_lowercase())?;
            Some(Hover { markdown: of_option(row), range: key })
        }
        Cursor::Value { block, option, line } => {
            if let Some(range) = placeholder_at(text, &line, offset) {
                let markdown = of_placeholder(text.part(&range))?;
                return Some(Hover { markdown, range });
            }
            if let Some(mention) = configuration.mention_at(&file.path, offset) {
                let range = mention.range.clone();
                return Some(Hover { markdown: of_name(configuration, &mention)?, range });
            }
            let row = row(&block.name, &option.key)?;
            let range = word_at(text, &line, offset, |c| c == ',' || c.is_whitespace());
            let word = text.part(&range);
            let is_known = (row.words)().iter().any(|known| known.eq_ignore_ascii_case(word));
            let event = EventType::from_name(word).filter(|_| is_known)?;
            Some(Hover { markdown: of_event(event), range })
        }
        Cursor::Outside { .. } | Cursor::Nothing => None,
    }
}

/// The hint of an option that may have any value.
const ANY_TEXT: &str = "any text";

/// The row of an option. `[DEFAULT]` may have those of all sections.
fn row(header: &str, key: &str) -> Option<&'static Row> {
    let section = Section::of(header).unwrap_or(&program::SECTION);
    section.options().find(|row| row.name == key)
}

fn of_section(section: &Section) -> String {
    let header = match section.named {
        Named::Own => format!("[{}:NAME]", section.word),
        _ => format!("[{}]", section.word),
    };
    format!("**`{header}`**\n\n{}", one_line(section.doc))
}

fn of_option(row: &Row) -> String {
    let mut text = format!("**`{}`**: {}", row.name, row.kind);
    // Writing to a String cannot fail.
    let _ = match row.default {
        Some("") => write!(text, "; empty by default"),
        Some(default) => write!(text, "; default `{default}`"),
        None => Ok(()),
    };
    let _ = write!(text, "\n\n{}", one_line(row.doc));
    if row.hint != ANY_TEXT {
        let (first, rest) = row.hint.split_at(1);
        let _ = write!(text, "\n\n{}{rest}.", first.to_uppercase());
    }
    let _ = match since(row) {
        Some(version) => write!(text, "\n\nIn Supervisor since {version}."),
        None => write!(text, "\n\nOnly supkit has this option; Supervisor ignores it."),
    };
    text
}

fn of_placeholder(name: &str) -> Option<String> {
    let known = placeholders::all().iter().find(|it| it.name == name);
    let (written, doc) = match (known, name.strip_prefix("ENV_")) {
        (Some(known), _) => (known.written.to_owned(), known.doc.to_owned()),
        (None, Some(variable)) => {
            let variable = variable.split(":-").next().unwrap_or_default();
            let doc = format!(
                "The variable `{variable}` of the environment in which supervisord is started. \
                 `%(ENV_{variable}:-text)s` has a text for an unset or empty one; only supkit reads \
                 that form."
            );
            (format!("%({name})s"), doc)
        }
        (None, None) => return None,
    };
    Some(format!("**`{written}`**\n\n{doc}"))
}

/// The definition of a program or group, as far as it is short.
fn of_name(configuration: &Configuration, mention: &Mention<'_>) -> Option<String> {
    let definition = configuration.definitions().find(|it| it.symbol == mention.symbol)?;
    let block = definition.defines?;
    let place = definition.file.text.position(block.range.start);
    let mut text = format!("**`[{}]`**, {}:{}", block.name, definition.file.path, place.line + 1);
    let command = block.options.iter().find(|option| option.key == program::COMMAND.name);
    if let Some(part) = command.and_then(|command| command.parts.first()) {
        let _ = write!(text, "\n\n```\n{}\n```", definition.file.text.part(part));
    }
    Some(text)
}

/// The types that a subscription includes.
fn of_event(event: EventType) -> String {
    let included = EventType::all().filter(|(other, _)| *other != event && other.is_a(event));
    let names: Vec<String> = included.map(|(_, name)| format!("`{name}`")).collect();
    let text = format!("**`{}`**", event.name());
    if names.is_empty() { text } else { format!("{text}\n\nIncludes {}.", names.join(", ")) }
}
