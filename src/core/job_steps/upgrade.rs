//! The steps of an upgrade: the new program is checked, then it takes the place of the old one.

use crate::core::effect::Effect;
use crate::core::jobs::job::Work;
use crate::core::jobs::upgrade::{Stage, Upgrade};
use crate::core::jobs::{Job, JobId};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;

impl Supervisor {
    pub(super) fn begin_upgrade(&mut self, job: JobId, program: String) -> Upgrade {
        self.effects.push_back(Effect::CheckUpgrade { job, program: program.clone() });
        Upgrade::new(program)
    }

    /// The upgrade that runs, if there is one.
    pub fn upgrade(&self) -> Option<&Job> {
        self.jobs.running.values().find(|job| matches!(job.work(), Work::Upgrade(_)))
    }

    /// The outcome of [`Effect::CheckUpgrade`].
    pub(in crate::core) fn on_upgrade_checked(
        &mut self,
        job: JobId,
        result: Result<(), String>,
        now: Now,
    ) {
        self.with_upgrade(job, now, |supervisor, upgrade| {
            if upgrade.stage != Stage::Checking {
                return;
            }
            if let Err(why) = result {
                upgrade.stage = Stage::Failed(why);
                return;
            }
            let program = upgrade.program.clone();
            supervisor.effects.push_back(Effect::Upgrade { job, program });
            upgrade.stage = Stage::Replacing;
        });
    }

    /// The outcome of [`Effect::Upgrade`], as the program sees it that runs now.
    pub(in crate::core) fn on_upgraded(
        &mut self,
        job: JobId,
        result: Result<(), String>,
        now: Now,
    ) {
        self.with_upgrade(job, now, |_, upgrade| {
            if !upgrade.is_done() {
                upgrade.stage = result.map_or_else(Stage::Failed, |()| Stage::Done);
            }
        });
    }

    /// Whether an upgrade still means to replace the program: it may have been cancelled.
    pub fn is_replacing(&self, job: JobId) -> bool {
        let work = self.job(job).map(Job::work);
        matches!(work, Some(Work::Upgrade(upgrade)) if upgrade.stage == Stage::Replacing)
    }

    fn with_upgrade(&mut self, job: JobId, now: Now, act: impl FnOnce(&mut Self, &mut Upgrade)) {
        self.with_job(job, now, |supervisor, work| {
            if let Work::Upgrade(upgrade) = work {
                act(supervisor, upgrade);
            }
        });
    }
}
