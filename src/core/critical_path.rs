//! The chain of processes that the last start took longest for.

use std::time::Duration;

use super::group::Process;
use super::supervisor::Supervisor;
use super::time::Mono;

/// A process of the critical path, with the time from its predecessor until it was up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalStep {
    pub name: String,
    pub duration: Duration,
}

/// One process that came up, seen from the one that came up last.
struct Link<'s> {
    process: &'s Process,
    up: Mono,
}

impl Supervisor {
    /// The processes that came up one after the other, each waiting for the previous one, up to the
    /// one that came up last. Only processes that depend on others or that others depend on count.
    pub fn critical_path(&self) -> Vec<CriticalStep> {
        let last = self.processes().filter_map(|process| self.link(process));
        let Some(last) = last.max_by_key(|link| link.up) else { return Vec::new() };
        let mut chain = vec![last];
        while let Some(previous) = chain.last().and_then(|link| self.awaited(link.process)) {
            chain.push(previous);
        }
        chain.reverse();
        let first = chain.first().and_then(|link| link.process.milestones.requested);
        let mut before = first.unwrap_or_default();
        let step = |link: &Link<'_>| {
            let duration = link.up.since(before);
            before = link.up;
            CriticalStep { name: link.process.full_name(), duration }
        };
        chain.iter().map(step).collect()
    }

    /// A process of the graph that is up, or has completed.
    fn link<'s>(&'s self, process: &'s Process) -> Option<Link<'s>> {
        let is_in_graph = !self.dependencies.of_process(process.id).is_empty()
            || self.dependencies.dependants(process.id).next().is_some();
        let milestones = &process.milestones;
        let up = match process.is_ready() {
            None => milestones.completed.or(milestones.running),
            Some(_) => milestones.completed.or(milestones.ready),
        };
        let up = up?;
        is_in_graph.then_some(Link { process, up })
    }

    /// The dependency that a process waited for longest; `None` if it did not wait.
    fn awaited(&self, process: &Process) -> Option<Link<'_>> {
        let requested = process.milestones.requested?;
        let edges = self.dependencies.of_process(process.id).iter();
        let met = edges.filter_map(|edge| {
            let links = edge.targets().filter_map(|(on, condition)| {
                let on = self.processes.get(&on)?;
                let up = on.milestones.met(condition)?;
                Some(Link { process: on, up })
            });
            // Of several of which one suffices, the first counts.
            if edge.requirement.is_any() {
                links.min_by_key(|link| link.up)
            } else {
                links.max_by_key(|link| link.up)
            }
        });
        met.filter(|link| link.up > requested).max_by_key(|link| link.up)
    }
}
