//! Why a project has no answer: the oracle's own words, the place, and the chain that led there.

use crate::diag::{Diagnostic, Span};

/// The kinds that callers treat differently; the text is in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file that is no buildout configuration.
    Syntax,
    /// The condition of a section header.
    Condition,
    /// A file that is extended and cannot be read, or extends itself.
    Extends,
    /// An option that a reference names and nobody sets.
    MissingOption,
    /// As before, in a section with a recipe: the recipe may make it.
    MadeByRecipe,
    MissingSection,
    Circular,
    /// `${...}` that is no reference.
    Reference,
    /// `<=` that leads nowhere or round in a circle.
    Macro,
    /// An option of `[buildout]` with an impossible value.
    Value,
    /// More depth or text than any project has.
    Limit,
    /// What the oracle calls an internal error.
    Internal,
}

impl Kind {
    /// The stable name of the diagnostic.
    pub fn code(self) -> &'static str {
        match self {
            Self::Syntax => "buildout-syntax",
            Self::Condition => "buildout-condition",
            Self::Extends => "buildout-extends",
            Self::MissingOption => "missing-option",
            Self::MadeByRecipe => "made-by-recipe",
            Self::MissingSection => "missing-section",
            Self::Circular => "circular-reference",
            Self::Reference => "bad-reference",
            Self::Macro => "bad-macro",
            Self::Value => "bad-value",
            Self::Limit => "too-much",
            Self::Internal => "buildout-internal",
        }
    }
}

/// One link of the chain: what was being done, and the lines that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub doing: String,
    pub span: Option<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    kind: Kind,
    message: String,
    spans: Vec<Span>,
    help: Option<String>,
    steps: Vec<Step>,
}

impl Fault {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        let message = message.trim_end().to_owned();
        Self(Box::new(Parts { kind, message, spans: Vec::new(), help: None, steps: Vec::new() }))
    }

    #[must_use]
    pub(super) fn at(mut self, span: Option<Span>) -> Self {
        self.0.spans.extend(span);
        self
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Said by each caller on the way out, so the outermost step comes last.
    #[must_use]
    pub(super) fn while_doing(mut self, doing: impl Into<String>, span: Option<Span>) -> Self {
        self.0.steps.push(Step { doing: doing.into(), span });
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The oracle's text; it may have several lines.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The chain, from the outermost wish to the innermost.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.0.steps.iter().rev()
    }

    pub fn span(&self) -> Option<Span> {
        self.0.spans.first().copied().or_else(|| self.0.steps.iter().find_map(|step| step.span))
    }

    pub fn diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.kind().code(), self.message());
        if let Some(span) = self.span() {
            diagnostic = diagnostic.at(span);
        }
        if let Some(help) = &self.0.help {
            diagnostic = diagnostic.help(help.clone());
        }
        for step in self.steps() {
            match step.span {
                Some(span) if diagnostic.span != Some(span) => {
                    diagnostic = diagnostic.via(span, &step.doing);
                }
                _ => {}
            }
        }
        for span in self.0.spans.iter().skip(1) {
            diagnostic = diagnostic.via(*span, "and this");
        }
        diagnostic
    }
}
