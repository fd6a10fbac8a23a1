//! What is seen while one waits: on a terminal a live line for each program, elsewhere a plain line
//! for each change of state.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::core::state::ProcessState;

use super::super::deployment::{Info, say};

pub(in crate::cli) struct Progress {
    /// The state that was told last, by name.
    told: BTreeMap<String, ProcessState>,
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
        Self { told: BTreeMap::new(), live }
    }

    /// Tells how things stand.
    pub(in crate::cli) fn show(&mut self, infos: &[Info]) {
        for info in infos {
            let name = info.full_name();
            let news = self.told.get(&name) != Some(&info.state);
            match &mut self.live {
                Some(live) => live.show(&name, info),
                None if news => say(&line(&name, info)),
                None => {}
            }
            self.told.insert(name, info.state);
        }
    }

    /// The lines stay as they are.
    pub(in crate::cli) fn finish(&mut self) {
        if let Some(live) = &mut self.live {
            live.lines.values().for_each(ProgressBar::abandon);
        }
    }
}

impl Live {
    fn show(&mut self, name: &str, info: &Info) {
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

fn line(name: &str, info: &Info) -> String {
    format!("{name:<24} {:<9} {}", info.state.name(), info.description).trim_end().to_owned()
}
