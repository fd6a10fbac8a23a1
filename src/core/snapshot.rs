//! The state of the core as plain data, for a daemon that continues where another one ended. It is
//! JSON: a later version can read it field by field.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::group_names::GroupNames;
use super::pool_index::PoolIndex;
use super::supervisor::Supervisor;
use crate::conf::config::{Group, Process};

/// The state between two turns of the daemon, when every effect was performed.
pub fn save(core: &Supervisor) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(core)
}

/// What [`save`] wrote.
pub fn load(bytes: &[u8]) -> serde_json::Result<Supervisor> {
    deserialize(&mut serde_json::Deserializer::from_slice(bytes))
}

/// For a field that is a core.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Supervisor, D::Error> {
    let mut core = Supervisor::deserialize(from)?;
    core.pools = PoolIndex::of(&core.groups);
    core.group_names = GroupNames::of(&core.groups);
    share(&mut core);
    Ok(core)
}

/// Equal configurations were one before they were saved, and are one again.
fn share(core: &mut Supervisor) {
    let mut known: BTreeMap<(String, String), Vec<Arc<Process>>> = BTreeMap::new();
    let mut unify = |group: &str, process: &mut Arc<Process>| {
        let same_name = known.entry((group.to_owned(), process.name.clone())).or_default();
        match same_name.iter().find(|it| *it == process) {
            Some(first) => *process = Arc::clone(first),
            None => same_name.push(Arc::clone(process)),
        }
    };
    let mut unify_group = |group: &mut Group| {
        for process in &mut group.processes {
            unify(&group.name, process);
        }
    };
    core.config.groups.iter_mut().for_each(&mut unify_group);
    core.groups.iter_mut().for_each(|group| unify_group(&mut group.config));
    for process in core.processes.values_mut() {
        unify(&process.group, &mut process.config);
    }
}

#[cfg(test)]
mod tests {
    use super::super::sim::{Simulation, group, one, program};
    use super::*;

    #[test]
    fn a_restored_core_shares_the_configuration_of_each_process() {
        let sim = Simulation::new(vec![group("a", 1, vec![program("x"), program("y")])]);
        let core = load(&save(&sim.core).unwrap()).unwrap();
        let configured = &core.config.groups[0].processes;
        let active = &core.groups[0].config.processes;
        for (at, process) in core.processes.values().enumerate() {
            assert!(Arc::ptr_eq(&process.config, &configured[at]));
            assert!(Arc::ptr_eq(&process.config, &active[at]));
        }
    }

    #[test]
    fn what_is_not_a_state_is_an_error() {
        let bytes = save(&one(program("x")).core).unwrap();
        assert!(load(&bytes[..bytes.len() / 2]).is_err());
        assert!(load(b"{}").is_err());
    }
}
