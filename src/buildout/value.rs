//! An option's raw text together with how it came about: set here, added to there. Operators work
//! on whole lines, as text, before any reference in them is read.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::diag::{SourceId, Span};

/// The raw options of one section.
pub type Section = BTreeMap<String, Value>;

/// The raw sections of a project.
pub type Sections = BTreeMap<String, Section>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub text: String,
    history: Vec<Change>,
    /// An operator made it and found nothing to work on.
    unfounded: bool,
}

/// One step of a value's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub operation: Operation,
    pub text: String,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Set,
    Override,
    Add,
    Remove,
    /// A directory was made absolute.
    Directory,
}

/// Who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    Computed,
    CommandLine,
    /// The empty value that an operator without anything below starts from.
    Implicit,
    File(SourceId, Rc<[Span]>),
}

impl Origin {
    /// The lines that were written, the last assignment last.
    pub fn spans(&self) -> &[Span] {
        match self {
            Self::File(_, spans) => spans,
            _ => &[],
        }
    }

    /// Where to point at.
    pub fn span(&self) -> Option<Span> {
        self.spans().last().copied()
    }
}

impl Value {
    pub fn new(text: impl Into<String>, origin: Origin) -> Self {
        let text = text.into();
        let change = Change { operation: Operation::Set, text: text.clone(), origin };
        Self { text, history: vec![change], unfounded: false }
    }

    /// Every change, the first one first.
    pub fn history(&self) -> &[Change] {
        &self.history
    }

    /// Who spoke last.
    pub fn origin(&self) -> &Origin {
        self.history.last().map_or(&Origin::Implicit, |change| &change.origin)
    }

    /// The place of the latest change that was written in a file.
    pub fn span(&self) -> Option<Span> {
        self.history.iter().rev().find_map(|change| change.origin.span())
    }

    /// The empty value that an operator works on where no layer has the option.
    pub(super) fn nothing() -> Self {
        Self { unfounded: true, ..Self::new("", Origin::Implicit) }
    }

    /// The same value, known to lack what a lower layer would have had.
    pub(super) fn without_ground(mut self) -> Self {
        self.unfounded = true;
        self
    }

    /// Made by an operator that found nothing to work on.
    pub fn is_unfounded(&self) -> bool {
        self.unfounded
    }

    pub(super) fn override_with(&mut self, upper: Self) {
        let modified = |value: &Self| {
            value.history.last().is_some_and(|change| {
                matches!(change.operation, Operation::Add | Operation::Remove)
            })
        };
        if modified(&upper) {
            *self = upper;
            return;
        }
        let origin = upper.origin().clone();
        self.text.clone_from(&upper.text);
        self.unfounded = upper.unfounded;
        self.note(Operation::Override, upper.text, origin);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.text.push('\n');
        self.text.push_str(&other.text);
        self.note(Operation::Add, other.text.clone(), other.origin().clone());
    }

    pub(super) fn remove(&mut self, other: &Self) {
        let gone: Vec<&str> = other.text.split('\n').collect();
        let kept: Vec<&str> = self.text.split('\n').filter(|line| !gone.contains(line)).collect();
        self.text = kept.join("\n");
        self.note(Operation::Remove, other.text.clone(), other.origin().clone());
    }

    pub(super) fn set_directory(&mut self, path: String) {
        let origin = self.origin().clone();
        self.text.clone_from(&path);
        self.note(Operation::Directory, path, origin);
    }

    fn note(&mut self, operation: Operation, text: String, origin: Origin) {
        self.history.push(Change { operation, text, origin });
    }
}
