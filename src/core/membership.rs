//! Changes of a group that stays active: one process added, removed, or given a new configuration.
//! `update --minimal` and the twiddler interface are made of these.

use super::effect::{Effect, ProcId};
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config;

impl Supervisor {
    /// Adds a process to an active group and starts it if it is to be started; false if the group
    /// is not there or has one of that name.
    pub fn add_process(&mut self, group: &str, process: config::Process, now: Now) -> bool {
        if self.find(group, &process.name).is_some() {
            return false;
        }
        let Some(at) = self.groups.iter().position(|it| it.name() == group) else { return false };
        let config = self.groups[at].config.clone();
        self.groups[at].config.processes.push(process.clone());
        let id = self.admit(&config, process);
        self.groups[at].processes.push(id);
        self.autostart_one(id, now);
        self.settle(now);
        true
    }

    /// Removes a stopped process from its group; false if it is not stopped.
    pub fn remove_process(&mut self, id: ProcId, now: Now) -> bool {
        let Some(process) = self.processes.get(&id) else { return false };
        if !process.state().is_stopped() {
            return false;
        }
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        if let Some(group) = self.groups.iter_mut().find(|it| it.name() == group) {
            group.processes.retain(|member| *member != id);
            group.config.processes.retain(|member| member.name != name);
        }
        self.dismiss(id);
        self.effects.push_back(Effect::ProcessRemoved { id });
        self.settle(now);
        true
    }

    /// Gives a process a new configuration, which counts from its next start.
    pub fn replace_process(&mut self, id: ProcId, config: config::Process) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let group = process.group.clone();
        process.config = config.clone();
        let Some(group) = self.groups.iter_mut().find(|it| it.name() == group) else { return };
        if let Some(member) = group.config.processes.iter_mut().find(|it| it.name == config.name) {
            *member = config;
        }
        self.set_timer(id);
    }

    /// Gives a group what a new configuration says of the group itself, and puts its members into
    /// the order of that configuration.
    pub fn replace_group_settings(&mut self, config: &config::Group) {
        let Some(at) = self.groups.iter().position(|it| it.name() == config.name) else { return };
        let place = |name: &str| config.processes.iter().position(|it| it.name == name);
        let mut members: Vec<(Option<usize>, ProcId)> = self
            .members(&self.groups[at])
            .map(|process| (place(process.name()), process.id()))
            .collect();
        members.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
        let group = &mut self.groups[at];
        group.processes = members.into_iter().map(|(_, id)| id).collect();
        group.config.priority = config.priority;
        group.config.kind = config.kind.clone();
        group.config.processes.sort_by_key(|it| place(&it.name).unwrap_or(usize::MAX));
    }
}
