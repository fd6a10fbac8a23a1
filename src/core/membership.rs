//! Changes to an active group: a process is added, removed or gets a new configuration. Used by
//! `update --minimal` and the twiddler interface.

use super::effect::{Effect, ProcId};
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config;

impl Supervisor {
    /// Adds a process to an active group and starts it if `autostart` is set; false if the group
    /// does not exist or has a process of that name.
    pub fn add_process(&mut self, group: &str, process: config::Process, now: Now) -> bool {
        if self.find(group, &process.name).is_some() {
            return false;
        }
        let Some(at) = self.groups.iter().position(|it| it.name() == group) else { return false };
        let config = self.groups[at].config.clone();
        self.groups[at].config.processes.push(process.clone());
        let id = self.insert_process(&config, process);
        self.groups[at].processes.push(id);
        self.autostart_one(id, now);
        self.pump(now);
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
        self.drop_process(id);
        self.effects.push_back(Effect::ProcessRemoved { id });
        self.pump(now);
        true
    }

    /// Replaces the configuration of a process; it takes effect at the next start.
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

    /// Applies a new configuration to the group itself and sorts its members in the order of that
    /// configuration.
    pub fn replace_group_settings(&mut self, config: &config::Group) {
        let Some(at) = self.groups.iter().position(|it| it.name() == config.name) else { return };
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
    }
}
