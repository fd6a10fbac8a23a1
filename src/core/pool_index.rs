//! The event listener pools among the groups, and which of them subscribe to an event type. With it
//! the work for an event does not grow with the number of programs.

use std::collections::BTreeMap;

use super::group::Group;
use crate::conf::events::EventType;

/// Positions in [`super::Supervisor::groups`], ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PoolIndex {
    pools: Vec<usize>,
    subscribers: BTreeMap<EventType, Vec<usize>>,
}

impl PoolIndex {
    pub(super) fn of(groups: &[Group]) -> Self {
        let mut index = Self::default();
        for (at, group) in groups.iter().enumerate() {
            index.add(at, group);
        }
        index
    }

    /// Adds the last group.
    pub(super) fn add(&mut self, at: usize, group: &Group) {
        let Some(pool) = group.pool() else { return };
        self.pools.push(at);
        let types = EventType::all().map(|(kind, _)| kind);
        for kind in types.filter(|kind| pool.events.iter().any(|of| kind.is_a(*of))) {
            self.subscribers.entry(kind).or_default().push(at);
        }
    }

    pub(super) fn pools(&self) -> &[usize] {
        &self.pools
    }

    pub(super) fn subscribers(&self, kind: EventType) -> &[usize] {
        self.subscribers.get(&kind).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sim::{Simulation, group, listener, program};
    use super::*;
    use crate::conf::config;

    /// A change of the groups; names and types are indices.
    #[derive(Clone, Debug)]
    enum Change {
        Add { name: usize, events: Vec<usize> },
        Remove { name: usize },
        Replace { name: usize, events: Vec<usize> },
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let types = EventType::all().count();
        let events = || proptest::collection::vec(0..types, 0..3);
        let change = prop_oneof![
            (0..6_usize, events()).prop_map(|(name, events)| Change::Add { name, events }),
            (0..6_usize).prop_map(|name| Change::Remove { name }),
            (0..6_usize, events()).prop_map(|(name, events)| Change::Replace { name, events }),
        ];
        proptest::collection::vec(change, 0..20)
    }

    /// A pool that subscribes to the types, or a group of programs without types.
    fn new_group(name: usize, events: &[usize]) -> config::Group {
        let name = format!("g{name}");
        let types: Vec<EventType> = EventType::all().map(|(kind, _)| kind).collect();
        let mut new = if events.is_empty() {
            group(&name, 999, vec![program(&name)])
        } else {
            listener(&name, events.iter().map(|at| types[*at]).collect())
        };
        for process in &mut new.processes {
            std::sync::Arc::make_mut(process).autostart = false;
        }
        new
    }

    /// The subscribers by their definition.
    fn subscribers(groups: &[Group], kind: EventType) -> Vec<usize> {
        let subscribes =
            |pool: &config::Pool| pool.events.iter().any(|subscribed| kind.is_a(*subscribed));
        let groups = groups.iter().enumerate();
        groups.filter(|(_, it)| it.pool().is_some_and(subscribes)).map(|(at, _)| at).collect()
    }

    proptest! {
        #[test]
        fn the_indices_agree_with_the_groups_after_every_change(changes in changes()) {
            let mut sim = Simulation::new(Vec::new());
            for change in changes {
                match change {
                    Change::Add { name, events } => {
                        sim.core.add_group(new_group(name, &events), sim.now);
                    }
                    Change::Remove { name } => {
                        sim.core.remove_group(&format!("g{name}"), sim.now);
                    }
                    Change::Replace { name, events } => {
                        sim.core.replace_group_settings(&new_group(name, &events));
                    }
                }
                let groups = sim.core.groups();
                for name in (0..6).map(|name| format!("g{name}")) {
                    let position = groups.iter().position(|group| group.name() == name);
                    prop_assert_eq!(sim.core.group_position(&name), position);
                }
                for (kind, _) in EventType::all() {
                    let expected = subscribers(groups, kind);
                    prop_assert_eq!(sim.core.pools.subscribers(kind), expected.as_slice());
                }
                let pools = groups.iter().enumerate().filter(|(_, group)| group.pool().is_some());
                let pools: Vec<usize> = pools.map(|(at, _)| at).collect();
                prop_assert_eq!(sim.core.pools.pools(), pools.as_slice());
            }
        }
    }
}
