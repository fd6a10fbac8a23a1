//! What may be written at a position: sections, options, and values.

use std::ops::Range;

use super::configuration::{Configuration, SourceFile};
use super::cursor::{Cursor, placeholder_at, word_at};
use super::names::{NameList, Symbol, without_condition, words};
use super::outline::{Block, WrittenOption};
use crate::conf::dependency::Condition;
use crate::conf::host::Host;
use crate::conf::placeholders;
use crate::conf::sections::{Named, Row, SECTIONS, Section, group};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    Section,
    Option,
    /// One of certain words.
    Word,
    /// The name of a program or group.
    Name,
    /// A name for `%(name)s`.
    Placeholder,
}

/// A text that may replace a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    /// A few words beside the label.
    pub detail: String,
    pub doc: String,
    pub insert: String,
    pub range: Range<usize>,
}

/// What may be written at an offset of a file, the most likely first.
pub fn completions(
    configuration: &Configuration,
    file: &SourceFile,
    offset: usize,
    host: &dyn Host,
) -> Vec<Completion> {
    match Cursor::at(&file.text, &file.outline, offset) {
        Cursor::Header { inside, is_closed } => {
            let end = if is_closed { "" } else { "]" };
            sections(configuration, file, &inside, "", end)
        }
        Cursor::Outside { word } => sections(configuration, file, &word, "[", "]"),
        Cursor::Key { block, key, has_delimiter } => {
            options(configuration, block, &key, has_delimiter)
        }
        Cursor::Value { block, option, line } => {
            let Some(section) = Section::of(&block.name) else { return Vec::new() };
            let value = Value { configuration, file, block, section, option, line, offset };
            value.completions(host)
        }
        Cursor::Nothing => Vec::new(),
    }
}

/// The sections that a file may have once more.
fn sections(
    configuration: &Configuration,
    file: &SourceFile,
    range: &Range<usize>,
    before: &str,
    after: &str,
) -> Vec<Completion> {
    let is_there = |word: &str| {
        configuration.files.iter().any(|other| {
            let is_this = |block: &Block| other.path == file.path && block.name_range == *range;
            other.outline.blocks.iter().any(|block| block.name == word && !is_this(block))
        })
    };
    let open =
        SECTIONS.iter().filter(|section| section.named != Named::Alone || !is_there(section.word));
    let completion = |section: &&Section| {
        let (name, after) = match section.named {
            Named::Own => (format!("{}:", section.word), ""),
            _ => (section.word.to_owned(), after),
        };
        Completion {
            insert: format!("{before}{name}{after}"),
            label: name,
            kind: CompletionKind::Section,
            detail: String::new(),
            doc: one_line(section.doc),
            range: range.clone(),
        }
    };
    open.map(completion).collect()
}

/// The options of a section that are not set yet.
fn options(
    configuration: &Configuration,
    block: &Block,
    key: &Range<usize>,
    has_delimiter: bool,
) -> Vec<Completion> {
    let Some(section) = Section::of(&block.name) else { return Vec::new() };
    let blocks = configuration.files.iter().flat_map(|file| &file.outline.blocks);
    let same = blocks.filter(|other| other.name == block.name);
    let set: Vec<&WrittenOption> = same.flat_map(|block| &block.options).collect();
    let is_set =
        |row: &Row| set.iter().any(|option| option.key == row.name && option.key_range != *key);
    let (supervisors, own): (Vec<&Row>, Vec<&Row>) =
        section.options().filter(|row| !is_set(row)).partition(|row| row.is_supervisors());
    let option = |row: &Row| Completion {
        label: row.name.to_owned(),
        kind: CompletionKind::Option,
        detail: summary(row),
        doc: one_line(row.doc),
        insert: format!("{}{}", row.name, if has_delimiter { "" } else { "=" }),
        range: key.clone(),
    };
    supervisors.into_iter().chain(own).map(option).collect()
}

/// Kind and default: `integer = 999`.
fn summary(row: &Row) -> String {
    match row.default.filter(|default| !default.is_empty()) {
        Some(default) => format!("{} = {default}", row.kind),
        None => row.kind.to_owned(),
    }
}

/// A documentation text without its line breaks.
pub(super) fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value with the cursor in it.
struct Value<'a> {
    configuration: &'a Configuration,
    file: &'a SourceFile,
    block: &'a Block,
    section: &'static Section,
    option: &'a WrittenOption,
    line: Range<usize>,
    offset: usize,
}

impl Value<'_> {
    fn completions(&self, host: &dyn Host) -> Vec<Completion> {
        let row = self.section.options().find(|row| row.name == self.option.key);
        let Some(row) = row else { return Vec::new() };
        if let Some(name) = placeholder_at(&self.file.text, &self.line, self.offset) {
            return self.placeholders(row, &name, host);
        }
        let before = self.file.text.part(&(self.line.start..self.offset));
        if before.ends_with('%') && !before.ends_with("%%") {
            return self.placeholders(row, &(self.offset - 1..self.offset), host);
        }
        match NameList::of(self.section, row.name) {
            Some(list) => self.names(list),
            None => self.words(row),
        }
    }

    /// The names for `%(name)s`, and the variables of the environment. `range` is the name, or a `%`
    /// alone.
    fn placeholders(&self, row: &Row, range: &Range<usize>, host: &dyn Host) -> Vec<Completion> {
        let is_percent = self.file.text.part(range) == "%";
        let rest = self.file.text.part(&(range.end..self.line.end));
        let insert = |name: &str, written: &str| match (is_percent, rest.starts_with(')')) {
            (true, _) => written.to_owned(),
            (false, true) => name.to_owned(),
            (false, false) => written["%(".len()..].to_owned(),
        };
        let completion = |name: &str, written: &str, doc: &str| Completion {
            label: if is_percent { written.to_owned() } else { name.to_owned() },
            kind: CompletionKind::Placeholder,
            detail: String::new(),
            doc: doc.to_owned(),
            insert: insert(name, written),
            range: range.clone(),
        };
        let known = placeholders::of_option(self.section, row).iter();
        let known = known.map(|it| completion(it.name, it.written, it.doc));
        let mut variables: Vec<String> = host.environment().into_iter().map(|it| it.0).collect();
        variables.sort_unstable();
        let variables = variables.into_iter().map(|variable| {
            let name = format!("ENV_{variable}");
            completion(&name, &format!("%({name})s"), "A variable of the environment.")
        });
        known.chain(variables).collect()
    }

    /// Words of which the value may consist.
    fn words(&self, row: &Row) -> Vec<Completion> {
        let is_separator = |c: char| c == ',' || c.is_whitespace();
        let range = word_at(&self.file.text, &self.line, self.offset, is_separator);
        let others = self.file.text.part(&(self.line.start..range.start));
        let is_there = |word: &str| others.split(is_separator).any(|other| other == word);
        let words = (row.words)().into_iter().filter(|word| !is_there(word));
        words.map(|it| word(it, &range, CompletionKind::Word, "")).collect()
    }

    /// Names of programs and groups that the value does not have yet.
    fn names(&self, list: NameList) -> Vec<Completion> {
        let range = word_at(&self.file.text, &self.line, self.offset, |c| list.is_separator(c));
        let written = self.file.text.part(&(range.start..self.offset));
        let blanks = written.len() - written.trim_start().len();
        let range = range.start + blanks..range.end;
        if list == NameList::Dependencies {
            if let Some(colon) = written.rfind(':') {
                return self
                    .after_colon(&written[blanks..colon], range.start + colon + 1..range.end);
            }
        }
        let others: Vec<&str> = words(self.file, self.option, list)
            .filter(|(_, place)| place.start != range.start)
            .map(|(word, _)| without_condition(word))
            .collect();
        let own = self.section.own_name(&self.block.name);
        let mut found: Vec<Completion> = Vec::new();
        for mention in self.configuration.definitions() {
            let (name, detail) = match &mention.symbol {
                Symbol::Program(name) => (name, "program"),
                Symbol::Group(_) if list == NameList::Members => continue,
                Symbol::Group(name) => (name, "group"),
            };
            let is_itself = list == NameList::Dependencies && own == Some(name.as_str());
            let is_there =
                others.contains(&name.as_str()) || found.iter().any(|it| it.label == *name);
            if !is_itself && !is_there {
                found.push(word(name, &range, CompletionKind::Name, detail));
            }
        }
        found
    }

    /// The conditions of a dependency, and the processes of a group.
    fn after_colon(&self, name: &str, range: Range<usize>) -> Vec<Completion> {
        let conditions = Condition::ALL
            .iter()
            .map(|it| word(it.name(), &range, CompletionKind::Word, "condition"));
        let members = self.members(name);
        let members = members.iter().map(|it| word(it, &range, CompletionKind::Name, "process"));
        conditions.chain(members).collect()
    }

    /// The programs of a group, and `*` for all of them.
    fn members(&self, name: &str) -> Vec<String> {
        let mentions = self.configuration.definitions();
        let of_group = mentions.filter(|it| it.symbol == Symbol::Group(name.to_owned()));
        let mut members = Vec::new();
        for mention in of_group {
            for option in mention.defines.iter().flat_map(|block| &block.options) {
                let is_list = NameList::of(&group::SECTION, &option.key) == Some(NameList::Members);
                if is_list {
                    let words = words(mention.file, option, NameList::Members);
                    members.extend(words.map(|(word, _)| word.to_owned()));
                }
            }
        }
        if !members.is_empty() {
            members.push("*".to_owned());
        }
        members
    }
}

fn word(word: &str, range: &Range<usize>, kind: CompletionKind, detail: &str) -> Completion {
    Completion {
        label: word.to_owned(),
        kind,
        detail: detail.to_owned(),
        doc: String::new(),
        insert: word.to_owned(),
        range: range.clone(),
    }
}
