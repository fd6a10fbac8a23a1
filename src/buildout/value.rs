//! The raw text of an option with its history: set and modified by which layer. Operators work on
//! whole lines of text, before references are resolved.

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
    history: Vec<ValueChange>,
    /// Created by an operator without a lower value.
    unfounded: bool,
}

/// One entry of the history of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueChange {
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

/// The source of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    Computed,
    CommandLine,
    /// The empty value that an operator starts from if no layer sets the option.
    Implicit,
    File(SourceId, Rc<[Span]>),
}

impl Origin {
    /// The source lines, latest assignment last.
    pub fn spans(&self) -> &[Span] {
        match self {
            Self::File(_, spans) => spans,
            _ => &[],
        }
    }

    /// The position for messages.
    pub fn span(&self) -> Option<Span> {
        self.spans().last().copied()
    }
}

impl Value {
    pub fn new(text: impl Into<String>, origin: Origin) -> Self {
        let text = text.into();
        let change = ValueChange { operation: Operation::Set, text: text.clone(), origin };
        Self { text, history: vec![change], unfounded: false }
    }

    /// The history, oldest change first.
    pub fn history(&self) -> &[ValueChange] {
        &self.history
    }

    /// The source of the latest change.
    pub fn origin(&self) -> &Origin {
        self.history.last().map_or(&Origin::Implicit, |change| &change.origin)
    }

    /// The position of the latest change in a file.
    pub fn span(&self) -> Option<Span> {
        self.history.iter().rev().find_map(|change| change.origin.span())
    }

    /// The empty value for an operator without a lower layer.
    pub(super) fn empty() -> Self {
        Self { unfounded: true, ..Self::new("", Origin::Implicit) }
    }

    /// Marks the value as created without a lower value.
    pub(super) fn mark_incomplete(mut self) -> Self {
        self.unfounded = true;
        self
    }

    /// Whether the value was created by an operator without a lower value.
    pub fn is_incomplete(&self) -> bool {
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
        self.history.push(ValueChange { operation, text, origin });
    }
}
