//! The processes by number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::effect::ProcId;
use super::group::Process;

/// In a box each, because the nodes of the map are half empty when numbers ascend.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Processes(BTreeMap<ProcId, Box<Process>>);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as with any other map")]
impl Processes {
    pub(super) fn get(&self, id: &ProcId) -> Option<&Process> {
        self.0.get(id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: &ProcId) -> Option<&mut Process> {
        self.0.get_mut(id).map(Box::as_mut)
    }

    pub(super) fn insert(&mut self, process: Process) {
        self.0.insert(process.id, Box::new(process));
    }

    pub(super) fn remove(&mut self, id: ProcId) {
        self.0.remove(&id);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = ProcId> {
        self.0.keys().copied()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Process> {
        self.0.values().map(Box::as_ref)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Process> {
        self.0.values_mut().map(Box::as_mut)
    }
}
