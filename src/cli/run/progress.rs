//! Progress output: on a terminal live lines with a count, otherwise one line per state change. A
//! terminal with fewer rows than there are programs shows those that are not up. A program with
//! readiness probes is up when it is ready.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::core::state::ProcessState;
use crate::os::tty;

use super::super::deployment::{ProcessInfo, print_line};
use super::failure::normal_paths;

pub(in crate::cli) struct Progress {
    /// What was last seen, by name.
    seen: BTreeMap<String, Seen>,
    live: Option<Live>,
}

struct Seen {
    state: ProcessState,
    is_ready: bool,
    /// The last pid; 0 before the first start.
    pid: i64,
    /// How often another child followed one that had ended.
    returns: usize,
}

struct Live {
    all: MultiProgress,
    /// The last line: the count and the only clock.
    summary: ProgressBar,
    lines: BTreeMap<String, ProgressBar>,
    rows: usize,
}

impl Progress {
    pub(in crate::cli) fn new() -> Self {
        let live = io::stderr().is_terminal() && io::stdout().is_terminal();
        let rows = tty::rows(&io::stderr()).unwrap_or(24);
        Self { seen: BTreeMap::new(), live: live.then(|| Live::new(rows)) }
    }

    /// Shows the current states.
    pub(in crate::cli) fn show(&mut self, process_infos: &[ProcessInfo]) {
        for info in process_infos {
            let name = info.full_name();
            let is_ready = info.not_ready.is_none();
            let is_same = |seen: &Seen| seen.state == info.state && seen.is_ready == is_ready;
            let is_new = !self.seen.get(&name).is_some_and(is_same);
            if is_new && self.live.is_none() {
                print_line(&line(&name, info));
            }
            let unseen = Seen { state: info.state, is_ready, pid: 0, returns: 0 };
            self.seen.entry(name).or_insert(unseen).update(info);
        }
        if let Some(live) = &mut self.live {
            live.show(process_infos);
        }
    }

    /// The programs that ended and run again, with the number of times.
    pub(in crate::cli) fn returned(&self) -> impl Iterator<Item = (&str, usize)> {
        let up = self.seen.iter().filter(|(_, seen)| seen.state == ProcessState::Running);
        up.filter(|(_, seen)| seen.returns > 0).map(|(name, seen)| (name.as_str(), seen.returns))
    }

    /// Leaves the lines on the terminal.
    pub(in crate::cli) fn finish(&mut self) {
        if let Some(live) = &mut self.live {
            live.lines.values().for_each(ProgressBar::abandon);
            live.summary.finish_and_clear();
        }
    }
}

impl Seen {
    fn update(&mut self, info: &ProcessInfo) {
        if info.pid != 0 && info.pid != self.pid {
            // The first child may have ended before it was seen.
            let has_ended = self.pid != 0 || self.state == ProcessState::Backoff;
            self.returns += usize::from(has_ended);
            self.pid = info.pid;
        }
        self.state = info.state;
        self.is_ready = info.not_ready.is_none();
    }
}

impl Live {
    fn new(rows: usize) -> Self {
        let all = MultiProgress::new();
        let summary = add("  {msg} {elapsed:>4}", |bar| all.add(bar));
        Self { all, summary, lines: BTreeMap::new(), rows }
    }

    fn show(&mut self, process_infos: &[ProcessInfo]) {
        let shown = shown(process_infos, self.rows);
        let names: Vec<String> = shown.iter().map(|info| info.full_name()).collect();
        let all = &self.all;
        self.lines.retain(|name, bar| {
            let stays = names.contains(name);
            if !stays {
                bar.finish_and_clear();
                all.remove(bar);
            }
            stays
        });
        for (name, info) in names.into_iter().zip(shown) {
            let text = line(&name, info);
            let bar = self.lines.entry(name).or_insert_with(|| {
                add("{spinner} {msg}", |bar| all.insert_before(&self.summary, bar))
            });
            if !bar.is_finished() {
                bar.set_message(text);
                if is_settled(info) {
                    bar.abandon();
                }
            }
        }
        self.summary.set_message(count(process_infos));
    }
}

/// A line whose template is `style`.
fn add(style: &str, insert: impl FnOnce(ProgressBar) -> ProgressBar) -> ProgressBar {
    let bar = insert(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Nothing more is expected of it.
fn is_settled(info: &ProcessInfo) -> bool {
    info.is_up() || (info.state.is_stopped() && !info.waits())
}

/// The processes that have a line: all, or those that are not up, as far as they fit together with
/// the summary and the cursor.
fn shown(process_infos: &[ProcessInfo], rows: usize) -> Vec<&ProcessInfo> {
    let room = rows.saturating_sub(2).max(1);
    if process_infos.len() <= room {
        return process_infos.iter().collect();
    }
    let down = process_infos.iter().filter(|info| !info.is_up());
    down.take(room).collect()
}

fn count(process_infos: &[ProcessInfo]) -> String {
    let up = process_infos.iter().filter(|info| info.is_up()).count();
    format!("{up}/{} programs run", process_infos.len())
}

/// Without the uptime, which is as old as the line.
fn line(name: &str, info: &ProcessInfo) -> String {
    let description = info.description.split(", uptime").next().unwrap_or_default();
    let mut description = normal_paths(description);
    if let Some(why) = &info.not_ready {
        description += ", not ready: ";
        description += &normal_paths(why);
    }
    format!("{name:<24} {:<9} {description}", info.state.name()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str, state: ProcessState, pid: i64) -> ProcessInfo {
        ProcessInfo {
            group: name.to_owned(),
            name: name.to_owned(),
            state,
            pid,
            exitstatus: 0,
            spawnerr: String::new(),
            description: "pid 5, uptime 0:00:07".to_owned(),
            is_disabled: false,
            not_ready: None,
            waits_in_vain: None,
        }
    }

    #[test]
    fn a_small_terminal_shows_what_is_not_up() {
        let mut all: Vec<ProcessInfo> =
            (0..9).map(|n| info(&format!("p{n}"), ProcessState::Running, n + 1)).collect();
        all[4].state = ProcessState::Starting;
        all[7].state = ProcessState::Backoff;
        let names = |rows| {
            let shown = shown(&all, rows);
            shown.iter().map(|info| info.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(11).len(), 9);
        assert_eq!(names(10), ["p4", "p7"]);
        assert_eq!(names(3), ["p4"]);
        assert_eq!(names(0), ["p4"]);
        assert_eq!(count(&all), "7/9 programs run");
        assert_eq!(line("p0", &all[0]), format!("{:<24} RUNNING   pid 5", "p0"));
    }

    #[test]
    fn a_program_with_another_pid_came_back() {
        let mut progress = Progress { seen: BTreeMap::new(), live: None };
        for (state, pid) in [
            (ProcessState::Starting, 5),
            (ProcessState::Running, 5),
            (ProcessState::Backoff, 0),
            (ProcessState::Running, 6),
            (ProcessState::Running, 7),
        ] {
            progress.show(&[info("a", state, pid), info("b", ProcessState::Running, 1)]);
        }
        assert_eq!(progress.returned().collect::<Vec<_>>(), [("a", 2)]);
        progress.show(&[info("c", ProcessState::Backoff, 0)]);
        progress.show(&[info("c", ProcessState::Running, 9)]);
        assert_eq!(progress.returned().collect::<Vec<_>>(), [("a", 2), ("c", 1)]);
        progress.show(&[info("a", ProcessState::Fatal, 0), info("c", ProcessState::Starting, 9)]);
        assert_eq!(progress.returned().count(), 0, "it does not run");
    }

    #[test]
    fn a_program_that_is_not_ready_is_not_up() {
        let mut all =
            vec![info("a", ProcessState::Running, 1), info("b", ProcessState::Running, 2)];
        all[1].not_ready = Some("ready_tcp 127.0.0.1:1, refused for 3 s".to_owned());
        assert_eq!(count(&all), "1/2 programs run");
        assert!(is_settled(&all[0]) && !is_settled(&all[1]));
        let want = "RUNNING   pid 5, not ready: ready_tcp 127.0.0.1:1, refused for 3 s";
        assert_eq!(line("b", &all[1]), format!("{:<24} {want}", "b"));
    }
}
