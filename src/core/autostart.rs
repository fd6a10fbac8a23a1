//! The start of `autostart` programs. With the daemon only the first ones are started at once: a fork
//! takes a while, and a daemon with a thousand programs answers its clients in between.

use super::effect::ProcId;
use super::group::Process;
use super::supervisor::Supervisor;
use super::time::Now;

/// How many are started before the daemon first looks at its clients.
const AT_ONCE: usize = 16;
/// How many are started without a look at the time afterwards.
const PER_SLICE: usize = 4;

impl Supervisor {
    /// Starts the programs together with the daemon.
    pub(super) fn autostart_all(&mut self, now: Now) {
        let order = self.groups_by_priority();
        self.autostarts = order.iter().flat_map(|name| self.never_started(name)).collect();
        self.autostart_next(AT_ONCE, now);
    }

    /// Starts some of the programs that are left.
    pub(super) fn continue_autostart(&mut self, now: Now) {
        self.autostart_next(PER_SLICE, now);
    }

    /// Starts all that are left, because a client has requested that.
    pub fn finish_autostart(&mut self, now: Now) {
        self.autostart_next(self.autostarts.len(), now);
    }

    fn autostart_next(&mut self, count: usize, now: Now) {
        for _ in 0..count {
            let Some(id) = self.autostarts.pop_front() else { return };
            self.autostart_one(id, now);
        }
    }

    /// Starts the `autostart` processes of a group that were never started.
    pub(super) fn autostart(&mut self, name: &str, now: Now) {
        for id in self.never_started(name) {
            self.autostart_one(id, now);
        }
    }

    fn never_started(&self, name: &str) -> Vec<ProcId> {
        let members = self.group(name).into_iter().flat_map(|group| self.members(group));
        let wanted = members.filter(|it| it.config.autostart && it.started.is_none());
        wanted.map(Process::id).collect()
    }

    pub(super) fn autostart_one(&mut self, id: ProcId, now: Now) {
        if self.running && self.may_start() && !self.is_disabled(id) {
            self.start_or_wait(id, now);
        }
    }

    /// A process is started or stopped on request before its turn; whether it had one.
    pub(super) fn leave_autostart(&mut self, id: ProcId) -> bool {
        let place = self.autostarts.iter().position(|it| *it == id);
        place.and_then(|place| self.autostarts.remove(place)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sim::{Simulation, group, program};
    use super::*;

    fn many(count: usize) -> Simulation {
        let name = |number| format!("p{number:02}");
        let groups =
            (0..count).map(|number| group(&name(number), 999, vec![program(&name(number))]));
        Simulation::new(groups.collect())
    }

    fn started(sim: &Simulation) -> usize {
        sim.core.processes().filter(|it| it.pid().is_some()).count()
    }

    #[test]
    fn a_daemon_with_many_programs_looks_at_its_clients_before_all_are_started() {
        let mut sim = many(AT_ONCE + 2 * PER_SLICE);
        assert_eq!(started(&sim), AT_ONCE);
        assert!(sim.core.is_due(sim.now));
        sim.core.expire(sim.now);
        sim.perform();
        assert_eq!(started(&sim), AT_ONCE + PER_SLICE);
        sim.advance(0);
        assert_eq!(started(&sim), AT_ONCE + 2 * PER_SLICE);
        assert!(!sim.core.is_due(sim.now));
    }

    #[test]
    fn a_client_can_request_the_start_of_what_is_left() {
        let mut sim = many(AT_ONCE + 3 * PER_SLICE);
        sim.core.finish_autostart(sim.now);
        sim.perform();
        assert_eq!(started(&sim), AT_ONCE + 3 * PER_SLICE);
    }

    #[test]
    fn a_program_that_is_stopped_before_its_turn_is_not_started() {
        let mut sim = many(AT_ONCE + 2);
        let id = sim.core.find("p17", "p17").unwrap();
        assert!(sim.core.is_waiting(id));
        assert!(sim.core.cancel_waiting(id));
        sim.advance(0);
        assert_eq!(started(&sim), AT_ONCE + 1);
    }
}
