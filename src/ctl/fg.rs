//! The action `fg`: shows the output of a process and sends typed lines to its stdin.

use std::os::fd::AsFd;
use std::time::Duration;

use super::client::LogStream;
use super::error::{self, ClientError};
use super::exit;
use super::follow::{self, Wake};
use super::log_output::{LogOutput, Raw};
use super::session::{ActionError, Flow, Outcome, Session};
use crate::core::state::ProcessState;
use crate::os::interrupt::Interrupt;
use crate::rpc::fault::Code;

/// How long to wait for more output after the end of input.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(200);

pub(super) fn fg(session: &mut Session, rest: &str) -> Outcome {
    if !session.upcheck()? {
        return Ok(Flow::Continue);
    }
    let (raw, names) = Raw::split(rest);
    match names.as_slice() {
        [] => {
            session.fail(exit::GENERIC, "ERROR: no process name supplied");
            return Ok(Flow::ShowUsage);
        }
        [name] if is_running(session, name)? => attach(session, name, raw)?,
        [_] => {}
        _ => session.fail(exit::GENERIC, "ERROR: too many process names supplied"),
    }
    Ok(Flow::Continue)
}

/// Checks that the process is running; reports an error otherwise.
fn is_running(session: &mut Session, name: &str) -> Result<bool, ActionError> {
    match session.server().info(name) {
        Ok(info) if info.state == ProcessState::Running.code() => return Ok(true),
        Ok(_) => session.fail(exit::GENERIC, "ERROR: process not running"),
        Err(ClientError::Fault(fault)) if fault.code == Code::BadName.number() => {
            session.fail(exit::GENERIC, "ERROR: bad process name supplied");
        }
        Err(ClientError::Fault(fault)) => {
            session.print_line(format_args!("ERROR: {}", error::fault(&fault)));
        }
        Err(other) => return Err(other.into()),
    }
    Ok(false)
}

fn attach(session: &mut Session, name: &str, raw: Raw) -> Result<(), ActionError> {
    session.print_line("==> Press Ctrl-C to exit <==");
    session.watch_interrupts()?;
    let mut logs = Vec::new();
    for channel in ["stdout", "stderr"] {
        let path = format!("/logtail/{name}/{channel}");
        match follow::open(session, &path) {
            Ok(log) => logs.push(ShownLog { log, output: LogOutput::new(raw) }),
            Err(error) => follow::report_follow_error(session, &path, &error),
        }
    }
    match copy_input_and_output(session, name, logs) {
        Ok(()) | Err(ActionError::Call(ClientError::Interrupted)) => {
            session.print_line("Exiting foreground");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Copies output and input until the end of input, the end of the process, Ctrl-C, or the end of the
/// reader of the output.
fn copy_input_and_output(
    session: &mut Session,
    name: &str,
    mut logs: Vec<ShownLog>,
) -> Result<(), ActionError> {
    let interrupt = session.watch_interrupts()?;
    logs.retain_mut(|shown| {
        let bytes = shown.log.buffered().ok();
        shown.show(bytes)
    });
    loop {
        while let Some(line) = session.input.buffered_line() {
            if !send(session, name, &line)? {
                return Ok(());
            }
        }
        if session.input.is_exhausted() {
            return show_remaining_output(&interrupt, logs);
        }
        let fds = logs.iter().map(|shown| shown.log.as_fd()).chain([session.input.as_fd()]);
        let Wake::Ready(mut ready) = follow::wait(&interrupt, &fds.collect::<Vec<_>>(), None)?
        else {
            return Ok(());
        };
        if ready.pop() == Some(true) {
            session.input.fill()?;
        }
        show_ready(&mut logs, ready);
    }
}

/// Shows the output of the logs that are readable; an ended log is dropped.
fn show_ready(logs: &mut Vec<ShownLog>, ready: Vec<bool>) {
    let mut ready = ready.into_iter();
    logs.retain_mut(|shown| !ready.next().unwrap_or(false) || shown.show_available());
}

/// Shows the output that arrives shortly after the last input.
fn show_remaining_output(
    interrupt: &Interrupt,
    mut logs: Vec<ShownLog>,
) -> Result<(), ActionError> {
    loop {
        let fds: Vec<_> = logs.iter().map(|shown| shown.log.as_fd()).collect();
        let wake = follow::wait(interrupt, &fds, Some(OUTPUT_TIMEOUT))?;
        let Wake::Ready(ready) = wake else { return Ok(()) };
        if !ready.contains(&true) {
            return Ok(());
        }
        show_ready(&mut logs, ready);
    }
}

/// A log that is followed.
struct ShownLog {
    log: LogStream,
    output: LogOutput,
}

impl ShownLog {
    fn show_available(&mut self) -> bool {
        let bytes = self.log.read_available().ok().flatten();
        self.show(bytes)
    }

    /// Shows output; `false` at the end of the stream.
    fn show(&mut self, bytes: Option<Vec<u8>>) -> bool {
        bytes.map(|bytes| self.output.write(&bytes)).is_some()
    }
}

impl Drop for ShownLog {
    fn drop(&mut self) {
        self.output.finish();
    }
}

/// Sends a line to stdin; `false` if the process no longer runs.
fn send(session: &mut Session, name: &str, line: &str) -> Result<bool, ActionError> {
    match session.server().send_stdin(name, &format!("{line}\n")) {
        Ok(()) => {}
        Err(ClientError::Fault(fault)) if fault.code == Code::NotRunning.number() => {
            session.print_line("Process got killed");
            return Ok(false);
        }
        Err(ClientError::Fault(fault)) => {
            session.print_line(format_args!("ERROR: {}", error::fault(&fault)));
            return Ok(false);
        }
        Err(other) => return Err(other.into()),
    }
    let alive = session.server().info(name)?.state == ProcessState::Running.code();
    if !alive {
        session.print_line("Process got killed");
    }
    Ok(alive)
}
