//! Why a project could not be read: zc.buildout's message, the position, and the chain of
//! references.

use crate::diag::{Diagnostic, Span};

/// The kinds of errors that callers distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file is not a valid buildout configuration.
    Syntax,
    /// The condition of a section header is invalid.
    Condition,
    /// An extended file cannot be read, or extends itself.
    Extends,
    /// A referenced option is not set.
    MissingOption,
    /// The same in a section with a recipe, which may set the option.
    MadeByRecipe,
    MissingSection,
    Circular,
    /// An invalid `${...}`.
    Reference,
    /// `<=` names an unknown section or is circular.
    Macro,
    /// An option of `[buildout]` has an invalid value.
    Value,
    /// A limit of nesting or text size was exceeded.
    Limit,
    /// What zc.buildout reports as an internal error.
    Internal,
}

impl Kind {
    /// The stable diagnostic code.
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

/// One link of the chain: the operation, and the lines that caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
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
    steps: Vec<ChainLink>,
    /// The section that lacks something.
    section: Option<String>,
}

impl Fault {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        let message = message.trim_end().to_owned();
        Self(Box::new(Parts {
            kind,
            message,
            spans: Vec::new(),
            help: None,
            steps: Vec::new(),
            section: None,
        }))
    }

    /// An error of a recipe's constructor.
    pub fn of_recipe(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
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

    /// The section that lacks an option, or is missing itself.
    #[must_use]
    pub(super) fn lacking(mut self, section: &str) -> Self {
        self.0.section = Some(section.to_owned());
        self
    }

    /// Whether something is missing that another file could define.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.0.kind, Kind::MissingSection | Kind::MissingOption | Kind::Macro)
    }

    pub(super) fn section(&self) -> Option<&str> {
        self.0.section.as_deref()
    }

    /// Added by each caller on the way out, so the outermost step is last.
    #[must_use]
    pub(super) fn while_doing(mut self, doing: impl Into<String>, span: Option<Span>) -> Self {
        self.0.steps.push(ChainLink { doing: doing.into(), span });
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// zc.buildout's message; it may have several lines.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The chain, outermost step first.
    pub fn steps(&self) -> impl Iterator<Item = &ChainLink> {
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
