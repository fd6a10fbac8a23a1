//! The last runs of a process in lines of a table.

use std::time::Duration;

use super::facts::Why;
use super::spans::date;
use super::text::brief;
use crate::core::effect::OutputStream;
use crate::core::history::{Ending, Outcome};
use crate::core::time::Wall;
use crate::rpc::context::LocalTime;

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

impl Why {
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
            started: run.map(|run| date(&local(began(run.lasted)))).unwrap_or_default(),
            ended: date(&local(ending.when)),
            how: brief(ending),
            causes: run.map(|run| self.causes(run)).unwrap_or_default(),
            is_failure: ending.is_failure(),
            output: ending.output.clone(),
        }
    }
}
