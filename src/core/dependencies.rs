//! Which active process depends on which: `depends_on` with its names resolved. The configuration
//! has no circles, but the active groups may come from several versions of it; a dependency that
//! would close a circle is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::effect::ProcId;
use super::group::{Group, Process};
use super::processes::Processes;
use crate::conf::dependencies::resolve;
use crate::conf::dependency::{Condition, Dependency, Requirement};

/// One requirement of a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Edge {
    pub(super) requirement: Requirement,
    /// For each of its dependencies the active processes that it means; none if their group is not
    /// active.
    on: Vec<Vec<ProcId>>,
}

impl Edge {
    /// Its dependencies with the processes that they mean.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Dependency, &[ProcId])> {
        self.requirement.dependencies().iter().zip(self.on.iter().map(Vec::as_slice))
    }

    /// The processes, each with what has to be true of it.
    pub(super) fn targets(&self) -> impl Iterator<Item = (ProcId, Condition)> {
        self.parts().flat_map(|(it, on)| on.iter().map(|id| (*id, it.condition)))
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Dependencies {
    edges: BTreeMap<ProcId, Vec<Edge>>,
    dependants: BTreeMap<ProcId, BTreeSet<ProcId>>,
}

impl Dependencies {
    pub(super) fn of(groups: &[Group], processes: &Processes) -> Self {
        let mut all = Self::default();
        let ids = groups.iter().flat_map(|group| &group.processes);
        let active: Vec<&Process> = ids.filter_map(|id| processes.get(id)).collect();
        for process in active.iter().filter(|process| !process.config.depends_on.is_empty()) {
            for requirement in &process.config.depends_on {
                let named = active.iter().map(|it| (it.group(), it.config(), it.id));
                let on = requirement.dependencies().iter().map(|dependency| {
                    let mut on = resolve(&dependency.name, &named);
                    on.retain(|on| !all.reaches(*on, process.id));
                    on
                });
                let on: Vec<Vec<ProcId>> = on.collect();
                for on in on.iter().flatten() {
                    all.dependants.entry(*on).or_default().insert(process.id);
                }
                let edge = Edge { requirement: requirement.clone(), on };
                all.edges.entry(process.id).or_default().push(edge);
            }
        }
        all
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// What a process depends on.
    pub(super) fn of_process(&self, id: ProcId) -> &[Edge] {
        self.edges.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The processes that depend on one.
    pub(super) fn dependants(&self, id: ProcId) -> impl Iterator<Item = ProcId> + '_ {
        self.dependants.get(&id).into_iter().flatten().copied()
    }

    /// Whether `from` is `to` or depends on it, directly or through others.
    fn reaches(&self, from: ProcId, to: ProcId) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut pending = vec![from];
        while let Some(next) = pending.pop() {
            if next == to {
                return true;
            }
            let on = self.of_process(next).iter().flat_map(Edge::targets);
            pending.extend(on.map(|(on, _)| on).filter(|on| seen.insert(*on)));
        }
        false
    }
}
