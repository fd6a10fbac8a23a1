//! Which groups and processes are active: groups are added and removed; processes of an active group
//! are added, removed or get a new configuration.
//!
//! `attach` and `detach` change the set; `add` and `remove` do the same for a client and then let
//! everything proceed that may.

use std::sync::Arc;

use super::effect::{Effect, ProcId};
use super::event_queue::EventQueue;
use super::group::Group;
use super::notes::NoteKind;
use super::pool_index::PoolIndex;
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config;
use crate::conf::events::EventType;

impl Supervisor {
    /// Makes a group active and starts its `autostart` processes; false if a group of that name is
    /// active already.
    pub fn add_group(&mut self, config: config::Group, now: Now) -> bool {
        let is_new = self.attach_group(config, now);
        if is_new && self.running {
            self.pump(now);
        }
        is_new
    }

    pub(super) fn attach_group(&mut self, mut config: config::Group, now: Now) -> bool {
        if self.group(&config.name).is_some() {
            return false;
        }
        // A tick that is due now is not sent to the new group.
        self.tick(now);
        let name = config.name.clone();
        config.processes = config.distinct().into_iter().cloned().collect();
        let processes: Vec<ProcId> = config
            .processes
            .iter()
            .map(|it| self.insert_process(&config, Arc::clone(it)))
            .collect();
        for id in &processes {
            self.note_added(*id, now);
        }
        let group = Group { config, processes, queue: EventQueue::default() };
        self.pools.add(self.groups.len(), &group);
        self.groups.push(group);
        self.group_names.add_last(&self.groups);
        if self.running {
            self.relink();
        }
        self.request(Effect::GroupAdded { name: name.clone() });
        self.notify_group(EventType::ProcessGroupAdded, &name, now);
        if self.running {
            self.autostart(&name, now);
        }
        true
    }

    /// Removes a group; false if it does not exist or has a process that is not stopped.
    pub fn remove_group(&mut self, name: &str, now: Now) -> bool {
        let is_removed = self.detach_group(name, now);
        if is_removed {
            self.pump(now);
        }
        is_removed
    }

    pub(super) fn detach_group(&mut self, name: &str, now: Now) -> bool {
        let Some(at) = self.group_position(name) else { return false };
        if !self.is_stopped(&self.groups[at]) {
            return false;
        }
        let group = self.groups.remove(at);
        self.group_names.remove(at);
        self.pools = PoolIndex::of(&self.groups);
        for id in &group.processes {
            self.note(*id, NoteKind::Removed(self.acting.clone()), now);
            self.drop_process(*id);
        }
        self.relink();
        self.request(Effect::GroupRemoved { name: name.to_owned(), ids: group.processes });
        self.notify_group(EventType::ProcessGroupRemoved, name, now);
        true
    }

    /// Adds a process to an active group and starts it if `autostart` is set; false if the group
    /// does not exist or has a process of that name.
    pub fn add_process(&mut self, group: &str, process: Arc<config::Process>, now: Now) -> bool {
        let is_new = self.attach_process(group, process, now);
        if is_new {
            self.pump(now);
        }
        is_new
    }

    pub(super) fn attach_process(
        &mut self,
        group: &str,
        process: Arc<config::Process>,
        now: Now,
    ) -> bool {
        if self.find(group, &process.name).is_some() {
            return false;
        }
        let Some(at) = self.group_position(group) else { return false };
        let config = self.groups[at].config.clone();
        self.groups[at].config.processes.push(Arc::clone(&process));
        let id = self.insert_process(&config, process);
        self.groups[at].processes.push(id);
        self.note_added(id, now);
        self.relink();
        self.autostart_one(id, now);
        true
    }

    /// Removes a stopped process from its group; false if it is not stopped.
    pub fn remove_process(&mut self, id: ProcId, now: Now) -> bool {
        let is_removed = self.detach_process(id, now);
        if is_removed {
            self.pump(now);
        }
        is_removed
    }

    pub(super) fn detach_process(&mut self, id: ProcId, now: Now) -> bool {
        let Some(process) = self.processes.get(&id) else { return false };
        if !process.state().is_stopped() {
            return false;
        }
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        if let Some(group) = self.groups.iter_mut().find(|it| it.name() == group) {
            group.processes.retain(|member| *member != id);
            group.config.processes.retain(|member| member.name != name);
        }
        self.note(id, NoteKind::Removed(self.acting.clone()), now);
        self.drop_process(id);
        self.relink();
        self.request(Effect::ProcessRemoved { id });
        true
    }

    /// Replaces the configuration of a process; it takes effect at the next start.
    pub fn replace_process(&mut self, id: ProcId, config: Arc<config::Process>, now: Now) {
        self.revision += 1;
        self.note_change(id, &config, now);
        let Some(process) = self.processes.get_mut(&id) else { return };
        let group = process.group.clone();
        process.config = Arc::clone(&config);
        let Some(group) = self.groups.iter_mut().find(|it| it.name() == group) else { return };
        if let Some(member) = group.config.processes.iter_mut().find(|it| it.name == config.name) {
            *member = config;
        }
        self.relink();
        self.look_at_schedule(id);
        self.set_timers(id);
    }

    /// Applies a new configuration to the group itself and sorts its members in the order of that
    /// configuration.
    pub fn replace_group_settings(&mut self, config: &config::Group) {
        self.revision += 1;
        let Some(at) = self.group_position(&config.name) else { return };
        let position = |name: &str| config.processes.iter().position(|it| it.name == name);
        let mut members: Vec<(Option<usize>, ProcId)> = self
            .members(&self.groups[at])
            .map(|process| (position(process.name()), process.id()))
            .collect();
        members.sort_by_key(|(position, _)| position.unwrap_or(usize::MAX));
        let group = &mut self.groups[at];
        group.processes = members.into_iter().map(|(_, id)| id).collect();
        group.config.priority = config.priority;
        group.config.kind = config.kind.clone();
        group.config.processes.sort_by_key(|it| position(&it.name).unwrap_or(usize::MAX));
        self.pools = PoolIndex::of(&self.groups);
    }
}
