//! What is wrong with a configuration, twice: in Supervisor's words, which scripts and habits know,
//! and as a diagnostic with place, cause and remedy.

use std::fmt::Write as _;

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
        let diagnostic = Diagnostic::error(code, text.clone()).help(help);
        Self::new(vec![Fault::new(text, diagnostic)], SourceMap::default())
    }

    /// What Supervisor would have said: its first error.
    pub fn text(&self) -> &str {
        self.faults.first().map_or("", |fault| &fault.text)
    }

    /// Supervisor's words, then every fault with its place.
    pub fn explain(&self, color: bool) -> String {
        let mut out = format!("Error: {}\n", self.text());
        for fault in &self.faults {
            if fault.diagnostic.span.is_some() || fault.diagnostic.help.is_some() {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "\n{}", fault.diagnostic.render(&self.sources, color));
            }
        }
        out
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Refused {}
