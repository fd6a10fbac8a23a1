//! What is wrong with a configuration, twice: in Supervisor's words, which scripts and habits know,
//! and as a diagnostic with place, cause and remedy.

use crate::diag::{Diagnostic, SourceMap};

/// One thing that Supervisor would refuse to start for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As Supervisor says it behind `Error: `.
    pub text: String,
    pub diagnostic: Box<Diagnostic>,
}

impl Fault {
    pub fn new(text: impl Into<String>, diagnostic: Diagnostic) -> Self {
        Self { text: text.into(), diagnostic: Box::new(diagnostic) }
    }
}

/// A configuration that cannot be used: every fault, in the order in which Supervisor would have
/// found them, and the texts that they point into.
#[derive(Clone, Debug)]
pub struct Refused {
    pub faults: Vec<Fault>,
    pub sources: SourceMap,
}

impl Refused {
    pub fn new(faults: Vec<Fault>, sources: SourceMap) -> Self {
        Self { faults, sources }
    }

    /// A refusal without a place.
    pub fn plain(code: &'static str, text: impl Into<String>, help: &str) -> Self {
        let text = text.into();
        let mut diagnostic = Diagnostic::error(code, text.clone());
        diagnostic.help = Some(help.to_owned()).filter(|help| !help.is_empty());
        Self::new(vec![Fault::new(text, diagnostic)], SourceMap::default())
    }

    /// What Supervisor would have said: its first error.
    pub fn text(&self) -> &str {
        self.faults.first().map_or("", |fault| &fault.text)
    }

    /// Supervisor's words, then every fault with its place and its remedy.
    pub fn explain(&self, color: bool) -> String {
        let more = self.faults.iter().map(|fault| &fault.diagnostic);
        let more = more.filter(|told| told.span.is_some() || told.help.is_some());
        let shown = more.map(|told| format!("\n{}\n", told.render(&self.sources, color)));
        let shown: String = shown.collect();
        let end = if shown.is_empty() { "" } else { "\n" };
        format!("Error: {}\n{shown}{end}", self.text())
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Refused {}
