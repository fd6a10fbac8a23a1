//! The line that shows what a build does: on a terminal with a clock and the last line of output.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::deployment::print_line;

pub(super) struct Live(Option<ProgressBar>);

impl Live {
    /// Elsewhere than on a terminal the line is printed at once.
    pub(super) fn begin(what: &str) -> Self {
        if !io::stderr().is_terminal() {
            print_line(what);
            return Self(None);
        }
        let bar = ProgressBar::new_spinner().with_prefix(what.to_owned());
        let style =
            ProgressStyle::with_template("{spinner} {prefix} [{elapsed_precise}] {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Some(bar))
    }

    /// Prints the line, and nothing beside it.
    pub(super) fn plain(what: &str) -> Self {
        print_line(what);
        Self(None)
    }

    pub(super) fn is_on_terminal(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn show(&self, line: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(line.to_owned());
        }
    }

    /// Replaces the display by the time that was used.
    pub(super) fn end(&mut self) {
        if let Some(bar) = self.0.take() {
            let elapsed = bar.elapsed().as_secs();
            let what = bar.prefix();
            bar.finish_and_clear();
            print_line(&format!("{what} ({elapsed} s)"));
        }
    }
}
