//! The last runs of a process in lines of a table.

use std::time::Duration;

use super::facts::Why;
use super::text::brief;
use crate::core::effect::OutputStream;
use crate::core::exit_report::Requester;
use crate::core::history::{Ending, Outcome};
use crate::core::notes::NoteKind;
use crate::core::time::Wall;
use crate::rpc::context::LocalTime;

/// How many events are listed.
const EVENTS: usize = 30;

/// A run that has ended, or an attempt to start one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// `2026-11-27 23:14:39`; empty if there was no child.
    pub started: String,
    pub ended: String,
    /// How it ended, and after which time.
    pub how: String,
    /// Who or what ended it, as far as that is known.
    pub causes: Vec<String>,
    pub is_failure: bool,
    /// The last lines of each stream that has any.
    pub output: Vec<(OutputStream, Vec<String>)>,
}

/// Something that happened to a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// `2026-11-27 23:14:39`
    pub when: String,
    pub text: String,
    pub is_failure: bool,
}

impl Why {
    /// Its last starts and ends, and what was noted about it, the latest first.
    pub fn events(&self, local: &dyn Fn(Wall) -> LocalTime) -> Vec<PastEvent> {
        let mut events: Vec<(Wall, String, bool)> = Vec::new();
        let started = |pid: i32| format!("started with pid {pid}");
        // Before the starts and ends of the same moment, which they cause.
        events.extend(self.notes.iter().map(|note| {
            let is_failure = matches!(note.what, NoteKind::NotReady(_) | NoteKind::NotLive(_));
            (note.when, note_text(&note.what), is_failure)
        }));
        for ending in self.record.iter().flat_map(|record| &record.endings) {
            if let Outcome::Ended(run) = &ending.outcome {
                let start = Wall(ending.when.0.saturating_sub(run.lasted));
                // A start that was stopped during `prestart` had no child.
                events.extend((run.pid.0 != 0).then(|| (start, started(run.pid.0), false)));
            }
            events.push((ending.when, brief(ending), ending.is_failure()));
        }
        events.extend(
            self.child.as_ref().map(|child| {
                (Wall(self.now.0.saturating_sub(child.up)), started(child.pid), false)
            }),
        );
        events.sort_by_key(|(when, ..)| *when);
        let latest = events.into_iter().rev().take(EVENTS);
        latest
            .map(|(when, text, is_failure)| PastEvent {
                when: local(when).to_string(),
                text,
                is_failure,
            })
            .collect()
    }

    /// The last runs, the latest first. `local` converts to the local time zone.
    pub fn history(&self, local: &dyn Fn(Wall) -> LocalTime) -> Vec<PastRun> {
        let endings = self.record.iter().flat_map(|record| record.endings.iter().rev());
        endings.map(|ending| self.past_run(ending, local)).collect()
    }

    /// How often it ended, and how many of these ends were failures.
    pub fn totals(&self) -> (u64, u64) {
        self.record.as_ref().map_or((0, 0), |record| (record.total, record.failures))
    }

    fn past_run(&self, ending: &Ending, local: &dyn Fn(Wall) -> LocalTime) -> PastRun {
        let run = match &ending.outcome {
            Outcome::Ended(run) if run.pid.0 != 0 => Some(run),
            _ => None,
        };
        let began = |lasted: Duration| Wall(ending.when.0.saturating_sub(lasted));
        PastRun {
            started: run.map(|run| local(began(run.lasted)).to_string()).unwrap_or_default(),
            ended: local(ending.when).to_string(),
            how: brief(ending),
            causes: run.map(|run| self.causes(run)).unwrap_or_default(),
            is_failure: ending.is_failure(),
            output: ending.output.clone(),
        }
    }
}

fn note_text(what: &NoteKind) -> String {
    let with = |text: &str, by: &Option<Requester>| match by {
        Some(by) => format!("{text} by {by}"),
        None => text.to_owned(),
    };
    match what {
        NoteKind::StartRequested(by) => format!("start requested by {by}"),
        NoteKind::StopRequested(stop) => stop.description(),
        NoteKind::Signalled { signal, requester } => {
            format!("{signal} was sent on request through {requester}")
        }
        NoteKind::Ready => "ready".to_owned(),
        NoteKind::NotReady(why) => format!("not ready: {why}"),
        NoteKind::NotLive(why) => format!("restarted by its liveness probe: {why}"),
        NoteKind::Disabled => "disabled".to_owned(),
        NoteKind::Enabled => "allowed to start again".to_owned(),
        NoteKind::Added(by) => with("added to the active configuration", by),
        NoteKind::Removed(by) => with("removed from the active configuration", by),
        NoteKind::Changed { options, by } => {
            with(&format!("new values of {}", options.join(", ")), by)
        }
    }
}
