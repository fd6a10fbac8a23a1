//! Progress output: on a terminal one live line per program, otherwise one line per state change.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::core::state::ProcessState;

use super::super::deployment::{ProcessInfo, print_line};

pub(in crate::cli) struct Progress {
    /// The last reported state, by name.
    reported: BTreeMap<String, ProcessState>,
    live: Option<Live>,
}

struct Live {
    all: MultiProgress,
    lines: BTreeMap<String, ProgressBar>,
}

impl Progress {
    pub(in crate::cli) fn new() -> Self {
        let live = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let live = live.then(|| Live { all: MultiProgress::new(), lines: BTreeMap::new() });
        Self { reported: BTreeMap::new(), live }
    }

    /// Shows the current states.
    pub(in crate::cli) fn show(&mut self, process_infos: &[ProcessInfo]) {
        for info in process_infos {
            let name = info.full_name();
            let news = self.reported.get(&name) != Some(&info.state);
            match &mut self.live {
                Some(live) => live.show(&name, info),
                None if news => print_line(&line(&name, info)),
                None => {}
            }
            self.reported.insert(name, info.state);
        }
    }

    /// Leaves the lines on the terminal.
    pub(in crate::cli) fn finish(&mut self) {
        if let Some(live) = &mut self.live {
            live.lines.values().for_each(ProgressBar::abandon);
        }
    }
}

impl Live {
    fn show(&mut self, name: &str, info: &ProcessInfo) {
        let bar = self.lines.entry(name.to_owned()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:>4}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if !bar.is_finished() {
            bar.set_message(line(name, info));
            if info.state == ProcessState::Running || info.state.is_stopped() {
                bar.abandon();
            }
        }
    }
}

fn line(name: &str, info: &ProcessInfo) -> String {
    format!("{name:<24} {:<9} {}", info.state.name(), info.description).trim_end().to_owned()
}
