//! Configuration errors in two forms: Supervisor's message, which scripts parse, and a diagnostic
//! with position, cause and remedy.

use crate::diag::{Diagnostic, SourceMap};

/// One error that prevents Supervisor from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Supervisor's message after `Error: `.
    pub text: String,
    pub diagnostic: Box<Diagnostic>,
}

impl Fault {
    pub fn new(text: impl Into<String>, diagnostic: Diagnostic) -> Self {
        Self { text: text.into(), diagnostic: Box::new(diagnostic) }
    }
}

/// An invalid configuration: all errors, in the order in which Supervisor would report them, and
/// the source texts.
#[derive(Clone, Debug)]
pub struct InvalidConfig {
    pub faults: Vec<Fault>,
    pub sources: SourceMap,
}

impl InvalidConfig {
    pub fn new(faults: Vec<Fault>, sources: SourceMap) -> Self {
        Self { faults, sources }
    }

    /// An error without a position.
    pub fn plain(code: &'static str, text: impl Into<String>, help: &str) -> Self {
        let text = text.into();
        let mut diagnostic = Diagnostic::error(code, text.clone());
        diagnostic.help = Some(help.to_owned()).filter(|help| !help.is_empty());
        Self::new(vec![Fault::new(text, diagnostic)], SourceMap::default())
    }

    /// Supervisor's message: its first error.
    pub fn text(&self) -> &str {
        self.faults.first().map_or("", |fault| &fault.text)
    }

    /// Supervisor's message, followed by every error with position and remedy.
    pub fn explain(&self, color: bool) -> String {
        let more = self.faults.iter().map(|fault| &fault.diagnostic);
        let more = more.filter(|it| it.span.is_some() || it.help.is_some());
        let shown = more.map(|it| format!("\n{}\n", it.render(&self.sources, color)));
        let shown: String = shown.collect();
        let end = if shown.is_empty() { "" } else { "\n" };
        format!("Error: {}\n{shown}{end}", self.text())
    }
}

impl InvalidConfig {
    /// Every error on one line: position, Supervisor's message, remedy.
    pub fn lines(&self) -> Vec<String> {
        let line = |fault: &Fault| {
            let Diagnostic { span, help, .. } = &*fault.diagnostic;
            let place = span.map(|span| format!("{}: ", self.sources.place(span)));
            let help = help.as_ref().map(|help| format!("; {}", on_one_line(help)));
            let text = on_one_line(&fault.text);
            format!("{}{text}{}", place.unwrap_or_default(), help.unwrap_or_default())
        };
        self.faults.iter().map(line).collect()
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for InvalidConfig {}
