//! The messages of a process to its supervisor in the protocol of `sd_notify(3)`: lines of `NAME=value`.

use std::time::Duration;

use super::effect::ProcId;
use super::probe::{Probe, ProbeAction};
use super::supervisor::Supervisor;
use super::time::{Mono, Now};
use crate::conf::probe::{Method, ProbeId, Purpose};

/// The longest status that is kept.
const MAX_STATUS: usize = 200;

impl Supervisor {
    /// A message from a process. Assignments that are not known here are ignored.
    pub(super) fn on_notified(&mut self, id: ProcId, message: &str, now: Now) {
        let Some(name) = self.processes.get(&id).map(super::Process::full_name) else { return };
        self.debug(|| format!("notification of {name}: {}", message.trim_end().escape_debug()));
        for (key, value) in message.lines().filter_map(|line| line.split_once('=')) {
            match (key, value) {
                ("READY", "1") => self.report_notified(id, Ok(()), now),
                ("STOPPING", "1") => self.report_notified(id, Err("is stopping".to_owned()), now),
                ("RELOADING", "1") => self.report_notified(id, Err("reloads".to_owned()), now),
                ("STATUS", text) => {
                    let text: String =
                        text.chars().filter(|c| !c.is_control()).take(MAX_STATUS).collect();
                    if let Some(process) = self.processes.get_mut(&id) {
                        process.notified_status = Some(text).filter(|text| !text.is_empty());
                    }
                }
                ("EXTEND_TIMEOUT_USEC", micros) => {
                    if let Ok(micros) = micros.parse() {
                        self.extend_stop(id, Duration::from_micros(micros), now);
                    }
                }
                ("WATCHDOG", "1") => self.watch(
                    id,
                    |probe| {
                        probe.keep_alive(now.mono);
                        None
                    },
                    now,
                ),
                ("WATCHDOG", "trigger") => {
                    self.watch(id, |probe| probe.give_up("WATCHDOG=trigger", now.mono), now);
                }
                ("WATCHDOG_USEC", micros) => {
                    if let Some(micros) = micros.parse().ok().filter(|micros| *micros > 0) {
                        let limit = Duration::from_micros(micros);
                        self.watch(
                            id,
                            |probe| {
                                probe.change_limit(limit, now.mono);
                                None
                            },
                            now,
                        );
                    }
                }
                // `MAINPID` needs facts about processes: see `main_process`.
                _ => {}
            }
        }
    }

    /// What a process reports about being alive.
    fn watch(
        &mut self,
        id: ProcId,
        report: impl FnOnce(&mut Probe) -> Option<ProbeAction>,
        now: Now,
    ) {
        let probe = ProbeId { purpose: Purpose::Live, method: Method::Notify };
        let Some(found) = self.probe_mut(id, probe) else { return };
        let action = report(&mut found.probe);
        self.set_timers(id);
        if let Some(action) = action {
            self.apply_probe_action(id, probe, action, now);
        }
    }

    fn report_notified(&mut self, id: ProcId, result: Result<(), String>, now: Now) {
        let probe = ProbeId { purpose: Purpose::Ready, method: Method::Notify };
        let found = self.probe_mut(id, probe);
        if let Some(action) = found.and_then(|it| it.probe.report(result, now.mono)) {
            self.apply_probe_action(id, probe, action, now);
        }
    }

    /// A process that is being stopped needs more time before it is killed.
    fn extend_stop(&mut self, id: ProcId, more: Duration, now: Now) {
        let until = Mono(now.mono.0.saturating_add(more));
        if let Some(process) = self.processes.get_mut(&id) {
            process.machine.extend_stop(until);
            self.set_timers(id);
        }
    }
}
