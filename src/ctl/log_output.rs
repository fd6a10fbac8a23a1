//! The output of a log on standard output: harmless on a terminal, unchanged elsewhere.

use std::io::{self, IsTerminal};

use super::harmless_text::TerminalFilter;
use crate::os::stdout;

/// The option that passes everything to the terminal.
const RAW: &str = "--raw";

/// Whether a terminal gets the bytes of logs as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw(bool);

impl Raw {
    /// Splits `--raw` from the other words.
    pub(super) fn split(rest: &str) -> (Self, Vec<&str>) {
        let mut words: Vec<&str> = rest.split_whitespace().collect();
        let before = words.len();
        words.retain(|word| *word != RAW);
        (Self(words.len() < before), words)
    }
}

/// The output of one log.
pub(super) struct LogOutput(Option<TerminalFilter>);

impl LogOutput {
    pub(super) fn new(raw: Raw) -> Self {
        Self((!raw.0 && io::stdout().is_terminal()).then(TerminalFilter::default))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Some(filter) => stdout::write_all(&filter.feed(bytes)),
            None => stdout::write_all(bytes),
        }
    }

    /// Writes what is left at the end of the log, or of a line that stands alone.
    pub(super) fn finish(&mut self) {
        if let Some(filter) = &mut self.0 {
            stdout::write_all(&filter.finish());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_raw_option_may_be_anywhere() {
        assert_eq!(Raw::split("-f --raw web"), (Raw(true), vec!["-f", "web"]));
        assert_eq!(Raw::split(" -f  web"), (Raw(false), vec!["-f", "web"]));
    }
}
