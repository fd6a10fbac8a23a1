//! Executes jobs: submits, advances and finishes them.

mod cancel;
mod members;
mod restart;
mod rolling;
mod rolling_instance;
mod shutdown;
mod stop_all;
#[cfg(test)]
mod stop_all_tests;
#[cfg(test)]
mod tests;
mod update;
mod update_plan;
#[cfg(test)]
mod update_tests;
mod upgrade;
#[cfg(test)]
mod upgrade_tests;

use super::effect::ProcId;
use super::exchange::Answer;
use super::jobs::job::{Work, describe};
use super::jobs::shutdown::Shutdown;
use super::jobs::{Conflict, Job, JobId, Request, Rolling, Scope, Task};
use super::supervisor::Supervisor;
use super::time::Now;

impl Work {
    fn advance(&mut self, supervisor: &mut Supervisor, touched: &[ProcId], now: Now) {
        match self {
            Self::Start(members) => members.observe_starts(supervisor, touched, now),
            Self::Stop(members) => members.advance_stops(supervisor, touched, now),
            Self::Restart(restart) => restart.advance(supervisor, touched, now),
            Self::Rolling(rolling) | Self::Enable(rolling) => {
                rolling.advance(supervisor, touched, now);
            }
            Self::Update(update) => update.advance(supervisor, touched, now),
            Self::StopAll(stop) => stop.advance(supervisor, now),
            Self::Shutdown(shutdown) => shutdown.advance(supervisor, touched, now),
            Self::Upgrade(_) => {}
        }
    }
}

impl Job {
    /// The processes that the next step waits for.
    pub fn waits_for(&self, supervisor: &Supervisor) -> Vec<String> {
        let name = |id: ProcId| supervisor.process(id).map(crate::core::Process::full_name);
        match self.work() {
            Work::Start(members) | Work::Stop(members) => members.waiting().collect(),
            Work::Restart(restart) => restart.waiting().filter_map(name).collect(),
            Work::Rolling(rolling) | Work::Enable(rolling) => rolling.waiting(supervisor),
            Work::Update(update) => match update.rolling() {
                Some(rolling) => rolling.waiting(supervisor),
                None => update.waiting().and_then(name).into_iter().collect(),
            },
            Work::StopAll(stop) => stop.members.waiting().collect(),
            Work::Shutdown(_) => Shutdown::waiting(supervisor),
            Work::Upgrade(_) => Vec::new(),
        }
    }
}

impl Supervisor {
    /// A job that runs or finished a short while ago.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(id)
    }

    /// Finished jobs, oldest first, then those that run.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.finished.iter().chain(self.jobs.running.values())
    }

    /// How many were begun so far.
    pub fn jobs_begun(&self) -> u64 {
        self.jobs.last_id
    }

    /// How many of them ended with a failure.
    pub fn jobs_failed(&self) -> u64 {
        self.jobs.failed
    }

    /// Begins a job. What it can do at once has been done when this returns.
    pub fn submit(&mut self, request: Request, now: Now) -> Result<JobId, Conflict> {
        self.check_conflicts(&request.task)?;
        let id = self.begin_job(request, now);
        self.pump(now);
        Ok(id)
    }

    /// Begins a job that is never refused: a plain start or stop.
    pub fn submit_plain(&mut self, request: Request, now: Now) -> JobId {
        let id = self.begin_job(request, now);
        self.pump(now);
        id
    }

    pub(super) fn begin_job(&mut self, request: Request, now: Now) -> JobId {
        self.jobs.last_id += 1;
        let id = JobId(self.jobs.last_id);
        self.take_over(&request.task, id);
        let Request { requester, target, task } = request;
        let description = describe(id, task.kind(), &target, &requester);
        let work = self.act_for_job(id, description, |it| it.begin(id, task, &requester, now));
        let job = Job::new(id, requester, target, work, now);
        self.jobs.running.insert(id, job);
        id
    }

    fn begin(&mut self, id: JobId, task: Task, requester: &str, now: Now) -> Work {
        match task {
            Task::Start(ids) => Work::Start(self.begin_start(&ids, now)),
            Task::Stop { ids, wait } => Work::Stop(self.begin_stop(&ids, wait, now)),
            Task::Restart(scope) => Work::Restart(self.begin_restart(scope, now)),
            Task::Roll { ids, max_unavailable, is_forced } => {
                Work::Rolling(Rolling::restart(self, &ids, max_unavailable, is_forced))
            }
            Task::Enable(id) => Work::Enable(Rolling::enable(self, &[id])),
            Task::Update(update) => Work::Update(update),
            Task::StopAll => Work::StopAll(self.begin_stop_all(requester)),
            Task::Shutdown => Work::Shutdown(self.begin_shutdown(now)),
            Task::Upgrade(program) => Work::Upgrade(self.begin_upgrade(id, program)),
        }
    }

    fn check_conflicts(&self, task: &Task) -> Result<(), Conflict> {
        let conflict = |held: String, job: &Job| Conflict { held, by: job.describe() };
        if let (Task::Upgrade(_), Some(job)) = (task, self.upgrade()) {
            return Err(conflict("the program of the daemon".to_owned(), job));
        }
        for job in self.jobs.running.values() {
            let group = task.groups().into_iter().find(|name| job.holds_group(name));
            if let Some(name) = group {
                return Err(conflict(name.to_owned(), job));
            }
            let ids = self.written_by(task);
            let process =
                ids.into_iter().find(|id| job.holds(*id) || self.holds_group_of(job, *id));
            if let Some(process) = process.and_then(|id| self.process(id)) {
                return Err(conflict(process.full_name(), job));
            }
        }
        Ok(())
    }

    fn holds_group_of(&self, job: &Job, id: ProcId) -> bool {
        self.process(id).is_some_and(|process| job.holds_group(process.group()))
    }

    /// The processes that a task will write to in later steps; none for one that is never refused.
    fn written_by(&self, task: &Task) -> Vec<ProcId> {
        match task {
            Task::Restart(Scope::One(id)) => vec![*id],
            Task::Restart(Scope::All) => self.processes().map(super::Process::id).collect(),
            Task::Update(update) => self.members_of(update.groups()),
            Task::Restart(Scope::Many(ids)) | Task::Roll { ids, .. } => ids.clone(),
            Task::Start(_)
            | Task::Stop { .. }
            | Task::Enable(_)
            | Task::StopAll
            | Task::Shutdown
            | Task::Upgrade(_) => Vec::new(),
        }
    }

    fn members_of<'a>(&self, groups: impl IntoIterator<Item = &'a str>) -> Vec<ProcId> {
        let groups = groups.into_iter().filter_map(|name| self.group(name));
        groups.flat_map(|group| group.processes().to_vec()).collect()
    }

    /// A plain start or stop takes its processes over from the job that holds them; a stop of everything
    /// and a shutdown take over all.
    fn take_over(&mut self, task: &Task, by: JobId) {
        let running = self.jobs.running.values_mut();
        match task {
            Task::Start(ids) | Task::Stop { ids, .. } => {
                running.for_each(|job| ids.iter().for_each(|id| job.release(*id, by)));
            }
            Task::StopAll | Task::Shutdown => running.for_each(|job| job.cancel(by)),
            Task::Restart(_)
            | Task::Roll { .. }
            | Task::Enable(_)
            | Task::Update(_)
            | Task::Upgrade(_) => {}
        }
        let running = self.jobs.running.values_mut();
        for (process, number) in running.flat_map(Job::take_abandoned).collect::<Vec<_>>() {
            self.cancel_exchange(process, number);
        }
    }

    /// Whether a job means to start this process again once it has stopped.
    pub fn is_to_be_restarted(&self, id: ProcId) -> bool {
        self.jobs.running.values().any(|job| job.will_start(id))
    }

    /// The outcome of [`super::effect::Effect::CheckCommand`].
    pub(super) fn on_command_checked(&mut self, id: ProcId, usable: bool, now: Now) {
        for job in self.jobs_to_advance() {
            self.with_job(job, now, |supervisor, work| {
                if let Work::Restart(restart) = work {
                    restart.on_checked(supervisor, id, usable, now);
                } else if let Some(rolling) = work.rolling_mut() {
                    rolling.on_checked(supervisor, id, usable, now);
                }
            });
        }
    }

    /// Lets the job act that is restarting a process, if it is a rolling restart.
    pub(super) fn on_answer(&mut self, process: ProcId, number: u64, answer: &Answer, now: Now) {
        for job in self.jobs_to_advance() {
            self.with_job(job, now, |supervisor, work| {
                if let Work::Shutdown(shutdown) = work {
                    shutdown.on_answer(supervisor, number, answer);
                } else if let Some(rolling) = work.rolling_mut() {
                    rolling.on_answer(supervisor, process, number, answer, now);
                }
            });
        }
    }

    /// Advances the jobs that wait for something that happened, until none has anything to do.
    pub(super) fn advance_jobs(&mut self, now: Now) {
        loop {
            let touched = std::mem::take(&mut self.jobs.touched);
            for job in self.jobs_to_advance() {
                self.with_job(job, now, |supervisor, work| work.advance(supervisor, &touched, now));
            }
            if self.jobs.touched.is_empty() {
                return;
            }
        }
    }

    fn jobs_to_advance(&self) -> Vec<JobId> {
        self.jobs.running.keys().copied().collect()
    }

    /// Lets one job act on the supervisor, and files it away if that was its end.
    fn with_job(&mut self, id: JobId, now: Now, act: impl FnOnce(&mut Self, &mut Work)) {
        let Some(mut job) = self.jobs.running.remove(&id) else { return };
        self.act_for_job(id, job.describe(), |it| act(it, job.work_mut()));
        if !job.work().is_done() {
            self.jobs.running.insert(id, job);
            return;
        }
        job.finish(now);
        if let Some((level, message)) = job.log_line() {
            self.log(level, message);
        }
        self.jobs.failed += u64::from(!job.failures().is_empty());
        self.jobs.finished.push_back(job);
    }
}
