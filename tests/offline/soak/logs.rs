//! The logs of the programs that print numbered lines, and the activity log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;

use super::log_lines::LineCheck;
use crate::support::Sandbox;

/// Logs without rotation, which are read on from where they were read before.
const GROWING: [&str; 5] = ["steady0.log", "steady1.log", "steady2.log", "left.log", "once.log"];

/// A log with rotation, which is read as a whole.
const ROTATED: &str = "fast.log";
const BACKUPS: usize = 4;

/// What the activity log never contains.
const NEVER: [&str; 4] = [" CRIT ", "panic", "internal error", "could not"];

/// What has such a level and is right: there is no password, and a daemon was killed before.
const EXPECTED: [&str; 2] = [
    "running without any HTTP authentication checking",
    "still runs although its supervisord is dead; it is stopped first",
];

/// A file that is read while it grows.
#[derive(Default)]
struct Growing {
    offset: u64,
    check: LineCheck,
    /// The first thing that was wrong; it stays wrong.
    wrong: Option<String>,
}

#[derive(Default)]
pub(super) struct Logs {
    growing: BTreeMap<&'static str, Growing>,
    /// How much of the activity log was read.
    activity: u64,
    wrong: BTreeSet<String>,
}

/// The bytes of a file after a position.
fn read_from(sandbox: &Sandbox, name: &str, offset: u64) -> Option<String> {
    let mut file = File::open(sandbox.path(name)).ok()?;
    if file.metadata().ok()?.len() < offset {
        return None;
    }
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

impl Logs {
    /// The logs of programs were truncated, or output may have been lost with a killed daemon.
    pub(super) fn restart(&mut self, sandbox: &Sandbox) {
        self.growing.clear();
        for number in 1..=BACKUPS {
            let _ = fs::remove_file(sandbox.path(format!("{ROTATED}.{number}")));
        }
        for name in ["once.printed", "fast.printed"] {
            let _ = fs::remove_file(sandbox.path(name));
        }
    }

    /// What is wrong with the logs now.
    pub(super) fn problems(&mut self, sandbox: &Sandbox) -> Vec<String> {
        let printed = [sandbox.read("once.printed"), sandbox.read("fast.printed")];
        let mut wrong: Vec<String> =
            GROWING.iter().filter_map(|name| self.growing(sandbox, name)).collect();
        let once = self.growing.get("once.log").map(|log| &log.check.runs);
        wrong.extend(once.and_then(|runs| missing(&printed[0], runs)));
        wrong.extend(rotated(sandbox, &printed[1]));
        self.read_activity(sandbox);
        wrong.extend(self.wrong.iter().cloned());
        wrong
    }

    fn growing(&mut self, sandbox: &Sandbox, name: &'static str) -> Option<String> {
        let log = self.growing.entry(name).or_default();
        match read_from(sandbox, name, log.offset) {
            Some(text) => {
                log.offset += text.len() as u64;
                let checked = log.check.feed(&text);
                log.wrong = log.wrong.take().or(checked.err());
            }
            None if log.offset > 0 => {
                log.wrong.get_or_insert_with(|| "it has become shorter".to_owned());
            }
            None => {}
        }
        log.wrong.as_ref().map(|wrong| format!("{name}: {wrong}"))
    }

    /// What must never occur in the activity log is a problem for good.
    fn read_activity(&mut self, sandbox: &Sandbox) {
        let text = read_from(sandbox, "d.log", self.activity);
        if text.is_none() {
            // It was truncated, or rotated.
            self.activity = 0;
        }
        let text = text.unwrap_or_default();
        // The last line may be incomplete.
        let text = &text[..text.rfind('\n').map_or(0, |at| at + 1)];
        self.activity += text.len() as u64;
        let bad = text.lines().filter(|line| {
            let contains = |text: &&str| line.contains(*text);
            NEVER.iter().any(contains) && !EXPECTED.iter().any(contains)
        });
        self.wrong.extend(bad.map(|line| format!("d.log: {line}")));
    }
}

/// Whether a run has printed more than is in its log. The end of a log is known by runs that are in it.
fn missing(printed: &str, runs: &BTreeMap<String, u64>) -> Option<String> {
    printed.lines().find_map(|line| {
        let (run, count) = line.split_once(' ')?;
        let count: u64 = count.parse().ok()?;
        let logged = runs.get(run).copied().unwrap_or_default();
        (logged < count).then(|| format!("run {run} has printed {count} lines, not all are logged"))
    })
}

fn rotated(sandbox: &Sandbox, printed: &str) -> Option<String> {
    let identity = || fs::metadata(sandbox.path(ROTATED)).ok().map(|it| (it.ino(), it.ctime()));
    let before = identity().map(|(inode, _)| inode);
    let backups = (1..=BACKUPS).rev().map(|number| sandbox.read(format!("{ROTATED}.{number}")));
    let text: String = backups.chain([sandbox.read(ROTATED)]).collect();
    if identity().map(|(inode, _)| inode) != before {
        return Some(format!("{ROTATED} is being rotated"));
    }
    let mut check = LineCheck::default();
    if let Err(wrong) = check.feed(&text) {
        return Some(format!("{ROTATED}: {wrong}"));
    }
    // All runs that the log has no lines of may have been before its beginning.
    let of_known = printed
        .lines()
        .filter(|line| line.split_once(' ').is_some_and(|(run, _)| check.runs.contains_key(run)));
    let of_known: Vec<&str> = of_known.collect();
    missing(&of_known.join("\n"), &check.runs).map(|wrong| format!("{ROTATED}: {wrong}"))
}
