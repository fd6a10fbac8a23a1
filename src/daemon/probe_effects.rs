//! The effects of the core that concern probes, and their outcomes.

use std::fs::File;
use std::io;

use super::host_names::Waiter;
use super::launch::child_spec;
use super::pipes::ChildEnds;
use super::place::Place;
use super::probes::{Key, Verdict, target};
use super::shell::Shell;
use super::unable::Unable;
use crate::conf::config::Process;
use crate::conf::probe::{Method, Purpose};
use crate::core::effect::{Input, WaitStatus};
use crate::core::group;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::limits;
use crate::os::poller::Token;

/// The variable that a probe's command has and the process does not.
const PROBE_VARIABLE: &str = "SUPKIT_PROBE";

const KILL: i32 = 9;

/// How many descriptors a probe needs at the same time.
const PROBE_DESCRIPTORS: usize = 6;

impl Shell<'_> {
    /// Begins a probe. One that cannot begin has failed, unless that is for a lack of this daemon.
    pub(super) fn begin_probe(&mut self, key: Key, core: &mut Supervisor, now: Now) {
        let Some(process) = core.process(key.id) else { return };
        let begun = match key.probe.method {
            _ if !limits::has_descriptors(PROBE_DESCRIPTORS) => {
                Err(Unable::Lacking("too many open files".to_owned()))
            }
            Method::Exec => self.run_probe(key, process),
            _ => self.connect_probe(key, process.config(), now),
        };
        match begun {
            Ok(()) => {}
            Err(Unable::Failed(error)) => self.report_probe((key, Err(error)), core, now),
            Err(Unable::Lacking(why)) => {
                let Key { id, probe, number } = key;
                core.take(Input::NotProbed { id, probe, number, why }, now);
            }
        }
    }

    /// An address that has to be looked up continues the probe later.
    fn connect_probe(&mut self, key: Key, process: &Process, now: Now) -> Result<(), Unable> {
        let place = target(process, key.probe)?;
        let Some(peer) = self.peer(place, Waiter::Probe(key), now)? else { return Ok(()) };
        let stream = self.kernel.connect(&peer).map_err(|error| Unable::of(&error))?;
        let http = process.http_probe(key.probe.purpose);
        let http = http.filter(|_| key.probe.method == Method::Http);
        let added = self.probes.add(&mut self.poller, key, stream, http);
        added.map_err(|error| Unable::of(&error))
    }

    /// Executes the command of a probe as the process itself is executed, without its pipes.
    fn run_probe(&mut self, key: Key, process: &group::Process) -> Result<(), Unable> {
        let config = process.config();
        let command = match key.probe.purpose {
            Purpose::Ready => config.ready_exec.clone(),
            Purpose::Live => config.live_exec.clone(),
        };
        let command = Process { command: command.unwrap_or_default(), ..config.clone() };
        let command = self.kernel.resolve(&command).map_err(|error| error.to_string())?;
        let mut environment = self.environment(process)?;
        environment.push((PROBE_VARIABLE.into(), key.probe.name().into()));
        let null = || File::options().read(true).write(true).open("/dev/null");
        let open = || -> io::Result<_> { Ok((null()?.into(), null()?.into())) };
        let (stdin, stdout) = open().map_err(|error| Unable::of(&error))?;
        let ends = ChildEnds { stdin, stdout, stderr: None };
        let spec = child_spec(config, command, environment, ends);
        let spawned = self.kernel.spawn(spec);
        let pid = spawned.map_err(|error| Unable::of_spawn(&config.name, &error))?;
        self.probes.add_child(pid, key);
        Ok(())
    }

    /// The socket of a probe is ready.
    pub(super) fn on_probe_ready(&mut self, token: Token, core: &mut Supervisor, now: Now) {
        if let Some(verdict) = self.probes.ready(token, &mut self.poller) {
            self.report_probe(verdict, core, now);
        }
    }

    /// A child was reaped; false if it is not that of a probe.
    pub(super) fn on_probe_reaped(
        &mut self,
        pid: i32,
        status: WaitStatus,
        core: &mut Supervisor,
        now: Now,
    ) -> bool {
        let Some(key) = self.probes.take_child(pid) else { return false };
        let result = match status {
            WaitStatus::Exited(0) => Ok(()),
            status => Err(status.description()),
        };
        // The core ignores the result of a probe that it has cancelled.
        self.report_probe((key, result), core, now);
        true
    }

    fn report_probe(&mut self, (key, result): Verdict, core: &mut Supervisor, now: Now) {
        let Key { id, probe, number } = key;
        if let (Err(_), Some(process)) = (&result, core.process(id)) {
            if let Ok(Place::Host { name, .. }) = target(process.config(), probe) {
                self.names.on_failure(&name, now.mono);
            }
        }
        core.take(Input::Probed { id, probe, number, result }, now);
    }

    pub(super) fn cancel_probe(&mut self, key: Key) {
        self.names.cancel_probe(key);
        if let Some(pid) = self.probes.cancel(key, &mut self.poller) {
            // It leads a group of its own. That it has just exited is no error.
            let _ = self.kernel.kill(pid, KILL, true);
        }
    }
}
