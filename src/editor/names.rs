//! The names of programs and groups in a configuration: where each is defined and where it is
//! mentioned.

use std::ops::Range;

use super::configuration::{Configuration, SourceFile};
use super::outline::{Block, WrittenOption};
use crate::conf::dependency::Condition;
use crate::conf::groups::has_processes;
use crate::conf::sections::{Section, group, http_user, program};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// A section with processes: `[program:x]`, `[eventlistener:x]` or `[fcgi-program:x]`.
    Program(String),
    /// A `[group:x]`.
    Group(String),
}

impl Symbol {
    pub fn name(&self) -> &str {
        match self {
            Self::Program(name) | Self::Group(name) => name,
        }
    }
}

/// A place where a name is written.
#[derive(Clone, Debug)]
pub struct Mention<'c> {
    pub file: &'c SourceFile,
    pub range: Range<usize>,
    pub symbol: Symbol,
    /// The header, if this is where it is defined.
    pub defines: Option<&'c Block>,
}

/// The options whose words are names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameList {
    /// Names of programs: `programs` of a group.
    Members,
    /// Names of programs, groups and processes, each with a condition: `depends_on`.
    Dependencies,
    /// Patterns of processes: `programs` of an account.
    Patterns,
}

impl NameList {
    /// What the value of an option is.
    pub(super) fn of(section: &Section, option: &str) -> Option<Self> {
        if section.word == group::SECTION.word && option == group::PROGRAMS.name {
            return Some(Self::Members);
        }
        if section.word == http_user::SECTION.word && option == http_user::PROGRAMS.name {
            return Some(Self::Patterns);
        }
        let is_known = section.options().any(|row| row.name == option);
        (is_known && option == program::DEPENDS_ON.name).then_some(Self::Dependencies)
    }

    pub(super) fn is_separator(self, c: char) -> bool {
        match self {
            // A name may contain blanks within.
            Self::Members => c == ',' || c == '\n',
            Self::Patterns => c == ',',
            Self::Dependencies => c == ',' || c.is_whitespace() || c == '(' || c == ')',
        }
    }
}

/// The symbol that a header defines, with the place of its name.
pub(super) fn defined(block: &Block) -> Option<(Symbol, Range<usize>)> {
    let kind = Section::of(&block.name)?;
    let own = kind.own_name(&block.name)?;
    let name = own.trim();
    let blanks = own.len() - own.trim_start().len();
    let start = block.name_range.end - own.len() + blanks;
    let symbol = match kind {
        _ if has_processes(&block.name) => Symbol::Program(name.to_owned()),
        kind if kind.word == group::SECTION.word => Symbol::Group(name.to_owned()),
        _ => return None,
    };
    (!name.is_empty()).then(|| (symbol, start..start + name.len()))
}

/// The words of a value, with the place of each.
pub(super) fn words<'f>(
    file: &'f SourceFile,
    option: &'f WrittenOption,
    list: NameList,
) -> impl Iterator<Item = (&'f str, Range<usize>)> {
    option.parts.iter().flat_map(move |part| {
        let text = file.text.part(part);
        text.split(move |c| list.is_separator(c)).filter_map(move |word| {
            let start = part.start + (word.as_ptr() as usize - text.as_ptr() as usize);
            let start = start + word.len() - word.trim_start().len();
            let word = word.trim();
            (!word.is_empty()).then(|| (word, start..start + word.len()))
        })
    })
}

/// The name without its condition.
pub(super) fn without_condition(word: &str) -> &str {
    match word.rsplit_once(':') {
        Some((name, last)) if Condition::ALL.iter().any(|it| it.name() == last) => name,
        _ => word,
    }
}

impl Configuration {
    /// The symbols that are defined, in the order of the files. A section that is continued elsewhere
    /// is there several times.
    pub fn definitions(&self) -> impl Iterator<Item = Mention<'_>> {
        self.files.iter().flat_map(|file| {
            file.outline.blocks.iter().filter_map(move |block| {
                let (symbol, range) = defined(block)?;
                Some(Mention { file, range, symbol, defines: Some(block) })
            })
        })
    }

    /// All places where programs and groups are named, in the order of the files.
    pub fn mentions(&self) -> Vec<Mention<'_>> {
        let known: Vec<Symbol> = self.definitions().map(|it| it.symbol).collect();
        let mut found: Vec<Mention<'_>> = self.definitions().collect();
        for file in &self.files {
            for block in &file.outline.blocks {
                let Some(kind) = Section::of(&block.name) else { continue };
                for option in &block.options {
                    let Some(list) = NameList::of(kind, &option.key) else { continue };
                    for (word, range) in words(file, option, list) {
                        let named = named(word, list, &known).into_iter();
                        found.extend(named.map(|(symbol, at)| Mention {
                            file,
                            range: range.start + at.start..range.start + at.end,
                            symbol,
                            defines: None,
                        }));
                    }
                }
            }
        }
        found
    }

    /// The mention at an offset of a file.
    pub fn mention_at(&self, path: &str, offset: usize) -> Option<Mention<'_>> {
        let is_here = |it: &Mention<'_>| {
            it.file.path == path && (it.range.start..=it.range.end).contains(&offset)
        };
        self.mentions().into_iter().find(is_here)
    }
}

/// The known symbols in a word, each with its place in it.
fn named(word: &str, list: NameList, known: &[Symbol]) -> Vec<(Symbol, Range<usize>)> {
    let word = if list == NameList::Dependencies { without_condition(word) } else { word };
    let program = |name: &str| Symbol::Program(name.to_owned());
    let group = |name: &str| Symbol::Group(name.to_owned());
    let first = |symbols: [Symbol; 2]| symbols.into_iter().find(|symbol| known.contains(symbol));
    let (head, tail) = match word.split_once(':') {
        Some((head, tail)) if list != NameList::Members => (head, Some(tail)),
        _ => (word, None),
    };
    let of_head = match (list, tail) {
        (NameList::Members, _) => Some(program(head)).filter(|it| known.contains(it)),
        (_, None) => first([program(head), group(head)]),
        (_, Some(_)) => first([group(head), program(head)]),
    };
    let of_tail = tail.map(program).filter(|it| known.contains(it));
    let tail_at = head.len() + 1..word.len();
    let found = [of_head.map(|it| (it, 0..head.len())), of_tail.map(|it| (it, tail_at))];
    found.into_iter().flatten().collect()
}
