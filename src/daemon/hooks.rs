//! Runs the commands beside programs (`prestart`, `stop_command`, `poststop`). Their output goes to the
//! logs of the program. When one runs, and what its end means, is decided by the core.

use std::fs::File;

use super::launch::{child_spec, spawn_error};
use super::pipes::{Chunk, Latency, NewPipes};
use super::shell::Shell;
use crate::conf::config::{LogLevel, Process};
use crate::conf::hook::Hook;
use crate::conf::signals::Signal;
use crate::core::effect::{Ended, Input, OutputStream, Pid, ProcId, WaitStatus};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::errno;

const KILL: i32 = 9;

impl Shell<'_> {
    pub(super) fn run_hook(
        &mut self,
        id: ProcId,
        hook: Hook,
        ended: Option<Ended>,
        core: &mut Supervisor,
        now: Now,
    ) {
        let input = match self.spawn_hook(id, hook, ended, core) {
            Ok(pid) => Input::HookStarted { id, pid },
            Err(error) => Input::HookFailed { id, error },
        };
        core.take(input, now);
    }

    /// The command is executed as the program itself is: user, directory, environment, limits.
    fn spawn_hook(
        &mut self,
        id: ProcId,
        hook: Hook,
        ended: Option<Ended>,
        core: &Supervisor,
    ) -> Result<Pid, String> {
        let process = core.process(id).ok_or("the process was removed")?;
        let config = process.config();
        let command = hook.command(config).unwrap_or_default().to_owned();
        let command = Process { command, ..config.clone() };
        let command = self.kernel.resolve(&command).map_err(|error| error.to_string())?;
        let mut environment = self.environment(process)?;
        for (name, value) in variables(hook, ended) {
            environment.retain(|(known, _)| known != name);
            environment.push((name.into(), value.into()));
        }
        if !self.logs.is_open(id) {
            self.logs.open(id, config).map_err(|error| errno::describe(&error))?;
        }
        let null = File::open("/dev/null").map_err(|error| errno::describe(&error))?;
        let pipes = NewPipes::open(!config.redirect_stderr, Some(null.into()));
        let (ours, theirs) = pipes.map_err(|error| errno::describe(&error))?.split();
        // What the command leaves behind belongs to the program.
        let tree = self.prepare_tree(id, config, &mut environment);
        let mut spec = child_spec(config, command, environment, theirs);
        spec.settings.extend(tree);
        let spawned = self.kernel.spawn(spec);
        let pid = spawned.map_err(|error| {
            Self::discard_tree(id, config);
            spawn_error(&config.name, &error)
        })?;
        if let Err(error) = self.hook_pipes.register(&mut self.poller, id, ours, Latency::Usual) {
            self.critical(&format!("cannot watch the output of pid {pid}: {error}"));
        }
        Ok(Pid(pid))
    }

    pub(super) fn kill_hook(&mut self, pid: Pid, core: &Supervisor) {
        if core.hook_owner(pid).is_none() {
            return;
        }
        if let Err(error) = self.kernel.kill(pid.0, KILL, true) {
            let message = format!("cannot kill pid {}: {}", pid.0, errno::describe(&error));
            self.logs.log(LogLevel::Warn, &message);
        }
    }

    pub(super) fn end_hook(&mut self, id: ProcId, core: &Supervisor) {
        self.hook_pipes.close(&mut self.poller, id);
        if core.process(id).is_none_or(|process| process.pid().is_none()) {
            self.logs.close(id);
        }
    }

    /// The output of a hook is readable or closed.
    pub(super) fn read_hook(
        &mut self,
        id: ProcId,
        stream: OutputStream,
        core: &mut Supervisor,
        now: Now,
    ) {
        if let Chunk::Bytes(bytes) =
            self.hook_pipes.read(&mut self.poller, &mut *self.kernel, (id, stream), now)
        {
            core.take(Input::HookOutput { id, stream, bytes }, now);
        }
    }

    /// Delivers the remaining output of a hook that was reaped.
    pub(super) fn drain_hook(&mut self, id: ProcId, core: &mut Supervisor, now: Now) {
        for stream in OutputStream::BOTH {
            let kernel = &mut *self.kernel;
            for chunk in self.hook_pipes.drain(&mut self.poller, kernel, (id, stream), now) {
                if let Chunk::Bytes(bytes) = chunk {
                    core.take(Input::HookOutput { id, stream, bytes }, now);
                }
            }
        }
    }
}

/// What a hook has in its environment in addition to that of the program.
fn variables(hook: Hook, ended: Option<Ended>) -> Vec<(&'static str, String)> {
    let mut variables = vec![("SUPERVISOR_HOOK", hook.name().to_owned())];
    let Some(Ended { pid, status }) = ended else { return variables };
    variables.push(("SUPERVISOR_PID", pid.0.to_string()));
    match status {
        Some(WaitStatus::Exited(code)) => {
            variables.push(("SUPERVISOR_EXIT_STATUS", code.to_string()));
            variables.push(("SUPERVISOR_EXIT_SIGNAL", String::new()));
        }
        Some(WaitStatus::Signaled { signal, .. }) => {
            variables.push(("SUPERVISOR_EXIT_STATUS", "-1".to_owned()));
            variables.push(("SUPERVISOR_EXIT_SIGNAL", Signal(signal).to_string()));
        }
        None => {}
    }
    variables
}
