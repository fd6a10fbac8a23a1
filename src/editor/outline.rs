//! The sections and options of one file as they are written, also where the file is not valid yet. In
//! contrast to a document, nothing is merged or replaced.

use std::ops::Range;

use crate::ini::lines::{Line, lines};
use crate::ini::python::{LineKind, LineReader};

#[derive(Clone, Debug, Default)]
pub struct Outline {
    pub blocks: Vec<Block>,
    lines: Vec<OutlineLine>,
}

/// A header with what is below it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The text between the brackets.
    pub name: String,
    pub name_range: Range<usize>,
    /// From the header to the end of its last line that is not empty.
    pub range: Range<usize>,
    pub options: Vec<WrittenOption>,
}

/// An option in the place where it is written.
#[derive(Clone, Debug)]
pub struct WrittenOption {
    /// In lower case, as it is read.
    pub key: String,
    pub key_range: Range<usize>,
    /// The lines of the value.
    pub parts: Vec<Range<usize>>,
}

/// What a line is, with the section and option that it belongs to.
#[derive(Clone, Debug)]
pub(super) struct OutlineLine {
    /// Without the line end.
    pub(super) range: Range<usize>,
    pub(super) kind: OutlineKind,
    /// An index of [`Outline::blocks`].
    block: Option<usize>,
    /// Whether a value begins here or goes on here.
    is_in_option: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutlineKind {
    Blank,
    Comment,
    Header,
    Option,
    Continuation,
    /// Nothing that can be read.
    Unreadable,
}

impl Outline {
    pub fn new(text: &str) -> Self {
        let mut outline = Self::default();
        let mut reader = LineReader::default();
        for line in lines(text) {
            let read = reader.read(line);
            outline.add(line, read, reader.has_option());
        }
        outline
    }

    fn add(&mut self, line: Line<'_>, read: LineKind<'_>, has_option: bool) {
        let part = |text: &str| {
            let (start, end) = line.range(text);
            start..end
        };
        let kind = match read {
            LineKind::Blank => OutlineKind::Blank,
            LineKind::Comment => OutlineKind::Comment,
            LineKind::Bogus | LineKind::Outside => OutlineKind::Unreadable,
            LineKind::Header { text, name } => {
                let range = part(text);
                let (name_range, options) = (part(name), Vec::new());
                self.blocks.push(Block { name: name.to_owned(), name_range, range, options });
                OutlineKind::Header
            }
            LineKind::Option { key, value } => {
                let (key_range, parts) = (part(key), vec![part(value)]);
                if let Some(block) = self.blocks.last_mut() {
                    block.options.push(WrittenOption { key: key.to_lowercase(), key_range, parts });
                }
                OutlineKind::Option
            }
            LineKind::Continuation(text) => {
                let option = self.blocks.last_mut().and_then(|block| block.options.last_mut());
                if let Some(option) = option {
                    option.parts.push(part(text));
                }
                OutlineKind::Continuation
            }
        };
        let range = part(line.text);
        if let Some(block) = self.blocks.last_mut().filter(|_| kind != OutlineKind::Blank) {
            block.range.end = range.end;
        }
        self.lines.push(OutlineLine {
            range,
            kind,
            block: self.blocks.len().checked_sub(1),
            is_in_option: has_option,
        });
    }

    pub(super) fn block(&self, line: &OutlineLine) -> Option<&Block> {
        self.blocks.get(line.block?)
    }

    /// The option that a line belongs to.
    pub(super) fn option(&self, line: &OutlineLine) -> Option<&WrittenOption> {
        let options = &self.block(line).filter(|_| line.is_in_option)?.options;
        options.iter().rev().find(|option| option.key_range.start <= line.range.end)
    }

    /// The last line that begins before or at an offset.
    pub(super) fn line_at(&self, offset: usize) -> Option<&OutlineLine> {
        let after = self.lines.partition_point(|line| line.range.start <= offset);
        self.lines[..after].last()
    }

    /// The byte ranges of the lines that are neither header nor option.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = &Range<usize>> {
        let lines = self.lines.iter().filter(|line| line.kind == OutlineKind::Unreadable);
        lines.map(|line| &line.range)
    }
}
