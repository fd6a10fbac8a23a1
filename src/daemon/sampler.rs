//! Looks at what the children of the daemon use: once a minute for the rings, at a moment at which the
//! daemon wakes up anyway if there is one, and at the request of clients. The arithmetic is
//! [`crate::core::resources`].

use std::collections::BTreeSet;
use std::time::Duration;

use super::kernel::Kernel;
use crate::core::Supervisor;
use crate::core::effect::Pid;
use crate::core::resources::Resources;
use crate::core::time::{Mono, Now, Wall};
use crate::os::clock;
use crate::rpc::call_stats::CallStats;

/// The time between two looks, and how many times the time on a processor of a look it is at least, up
/// to a limit: looking takes a fiftieth of a processor at most, however many clients ask.
const PAUSE: Duration = Duration::from_secs(1);
const SHARE: u32 = 50;
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is measured about the daemon and its children.
#[derive(Debug)]
pub struct Sampler {
    /// When this daemon began.
    pub(super) began: Wall,
    pub(super) calls: CallStats,
    resources: Resources,
    /// The time on a processor that the last look took.
    cost: Duration,
}

impl Sampler {
    pub(super) fn new(resources: Resources, began: Wall) -> Self {
        Self { began, calls: CallStats::default(), resources, cost: Duration::ZERO }
    }

    pub(super) fn resources(&self) -> &Resources {
        &self.resources
    }

    /// When [`Sampler::sample_due`] is to be called at the latest; never while there is no child.
    pub(super) fn deadline(&mut self, core: &Supervisor, now: Now) -> Option<Mono> {
        core.pids().next()?;
        self.resources.begin(now.mono);
        self.resources.deadline()
    }

    /// The look of the minute, if it was not taken yet.
    pub(super) fn sample_due(&mut self, core: &Supervisor, kernel: &dyn Kernel, now: Now) {
        if self.resources.is_due(now.mono) && core.pids().next().is_some() {
            self.sample(core, kernel, now);
        }
    }

    /// For a client that asks: a look, unless the last one is recent.
    pub(super) fn refresh(&mut self, core: &Supervisor, kernel: &dyn Kernel, now: Now) {
        let pause = (self.cost * SHARE).clamp(PAUSE, LONGEST_PAUSE);
        let is_recent = self.resources.sampled().is_some_and(|at| now.mono.since(at) < pause);
        if !is_recent {
            self.sample(core, kernel, now);
        }
    }

    fn sample(&mut self, core: &Supervisor, kernel: &dyn Kernel, now: Now) {
        let roots: BTreeSet<Pid> = core.processes().filter_map(crate::core::Process::pid).collect();
        let before = clock::cpu_time();
        let sample = kernel.sample(&roots);
        self.cost = clock::cpu_time().saturating_sub(before);
        self.resources.take(core, &sample, now);
    }
}
