//! What a daemon after this one has to know, even after SIGKILL.

use serde::{Deserialize, Serialize};

use super::disabled::Disabled;
use super::effect::{Effect, ProcId};
use super::group::Process;
use super::supervisor::Supervisor;
use crate::conf::config::LogLevel;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lasting {
    /// What an operator has disabled.
    #[serde(default)]
    pub disabled: Disabled,
    /// Processes to which proxies send no requests, as requested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drained: Vec<Drained>,
}

/// A drained process by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    group: String,
    process: String,
}

impl Supervisor {
    pub fn lasting(&self) -> Lasting {
        let drained = self.drained.iter().filter_map(|id| self.processes.get(id));
        let name = |process: &Process| Drained {
            group: process.group().to_owned(),
            process: process.name().to_owned(),
        };
        Lasting { disabled: self.disabled.clone(), drained: drained.map(name).collect() }
    }

    /// Continues what an earlier daemon has left. A process that it had drained is put back into service
    /// when it serves. Called after [`Supervisor::boot`].
    pub fn continue_from(&mut self, lasting: Lasting) {
        self.disabled = lasting.disabled;
        for Drained { group, process } in lasting.drained {
            if let Some(id) = self.find(&group, &process) {
                self.drained.insert(id);
            } else {
                let message = format!(
                    "{group}:{process} was drained by an earlier supervisord and is not configured any \
                     more; its proxies may still avoid it"
                );
                self.log(LogLevel::Warn, message);
            }
        }
    }

    /// Every change is stored before the request to a proxy that follows it.
    pub(super) fn set_drained(&mut self, id: ProcId, is_drained: bool) {
        let has_changed =
            if is_drained { self.drained.insert(id) } else { self.drained.remove(&id) };
        if has_changed {
            self.request(Effect::SaveState);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::effect::Effect;
    use crate::core::rolling_tests::{instance, serving};
    use crate::core::sim::{Simulation, group};

    /// What was stored last, as a daemon reads it that follows after SIGKILL.
    fn stored(sim: &Simulation) -> Lasting {
        let text = serde_json::to_string(&sim.stored).expect("it can be stored");
        serde_json::from_str(&text).expect("it can be read")
    }

    /// A daemon after one that was killed; the proxies are the same.
    fn next(sim: &Simulation) -> Simulation {
        let mut next =
            Simulation::with(vec![group("web", 999, vec![instance("a"), instance("b")])], |core| {
                core.continue_from(stored(sim));
            });
        next.avoided.clone_from(&sim.avoided);
        next
    }

    #[test]
    fn what_a_killed_daemon_has_drained_is_put_back_when_it_serves() {
        let mut sim = serving(&["a", "b"]);
        sim.connections.insert("a".to_owned(), 1000);
        sim.roll(&["a", "b"], 1).expect("nothing else runs");
        sim.pass(1);
        assert_eq!(stored(&sim).drained.len(), 1, "{}", sim.log);
        let mut next = next(&sim);
        next.advance(5);
        assert_eq!(next.avoided.len(), 1, "it does not serve yet");
        next.serving.insert("a".to_owned());
        next.advance(5);
        assert!(next.avoided.is_empty(), "{}", next.log);
        assert!(next.log.contains("rolling restart: web:a is in service"), "{}", next.log);
        assert_eq!(stored(&next), Lasting::default());
    }

    #[test]
    fn a_program_is_recorded_before_its_proxy_avoids_it() {
        let mut sim = serving(&["a"]);
        sim.roll(&["a"], 1).expect("nothing else runs");
        let drained = sim.order.iter().position(|it| *it == "drain").expect("it is drained");
        assert_eq!(sim.order[drained - 1], "stored");
        sim.pass(5);
        assert_eq!(stored(&sim), Lasting::default());
    }

    #[test]
    fn what_a_proxy_does_not_confirm_at_the_end_is_left_to_the_next_daemon() {
        for (answers, left) in [(true, 0), (false, 1)] {
            let mut sim = serving(&["a", "b"]);
            sim.roll(&["a", "b"], 1).expect("nothing else runs");
            sim.advance_millis(500);
            sim.stop("a");
            sim.pass(1);
            if !answers {
                sim.failing.insert("a: enable at HAProxy".to_owned());
            }
            sim.shutdown();
            sim.pass(10);
            assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
            assert_eq!(stored(&sim).drained.len(), left);
        }
    }

    #[test]
    fn a_program_that_is_gone_is_logged() {
        let mut sim = serving(&["a"]);
        let gone = Drained { group: "web".to_owned(), process: "c".to_owned() };
        sim.core.continue_from(Lasting { drained: vec![gone], ..Lasting::default() });
        sim.perform();
        assert!(sim.log.contains("web:c was drained by an earlier supervisord"), "{}", sim.log);
        assert!(!sim.core.has_effects() && sim.core.next_effect() != Some(Effect::SaveState));
    }
}
