//! Syntax errors of a buildout configuration, with zc.buildout's messages where scripts parse them.

use std::fmt::Write as _;

use crate::diag::Span;
use crate::ini::text::repr;

/// A line that is neither header nor option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// 1-based.
    pub number: usize,
    pub span: Span,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Text before the first header.
    NoHeader(BadLine),
    /// All lines that could not be parsed.
    BadLines(Vec<BadLine>),
    /// The condition of a header could not be evaluated.
    Condition { number: usize, span: Span, expression: String, reason: String },
}

impl Fault {
    /// The error message with the name of the file.
    pub fn message(&self, file: &str) -> String {
        match self {
            Self::NoHeader(line) => format!(
                "File contains no section headers.\nfile: {file}, line: {}\n{}",
                line.number,
                repr(&line.text)
            ),
            Self::BadLines(lines) => {
                let mut message = format!("File contains parsing errors: {file}");
                for line in lines {
                    let _ = write!(message, "\n\t[line {:2}]: {}", line.number, repr(&line.text));
                }
                message
            }
            Self::Condition { expression, reason, .. } => {
                format!("the condition `{}` cannot be decided: {reason}", expression.trim())
            }
        }
    }

    /// The positions to mark, first one first.
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Self::NoHeader(line) => vec![line.span],
            Self::BadLines(lines) => lines.iter().map(|line| line.span).collect(),
            Self::Condition { span, .. } => vec![*span],
        }
    }
}
