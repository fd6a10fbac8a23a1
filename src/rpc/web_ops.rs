//! Operations of the web interface. They call the functions behind the XML-RPC methods directly, so
//! they work without any configured RPC interface.

use super::args::Args;
use super::context::Context;
use super::control;
use super::fault::{Code, Fault};
use super::logs;
use super::methods::Answer;
use super::promise::{Outcome, Promise};
use super::value::Value;
use crate::core::state::Mood;

pub fn start(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    control::start_process(context, &Args(&[Value::str(name)]))
}

pub fn stop(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    control::stop_process(context, &Args(&[Value::str(name)]))
}

pub fn stop_all(context: &mut Context<'_>) -> Answer {
    check_mood(context)?;
    control::stop_all_processes(context, &Args(&[]))
}

/// Stops the process if it runs, then starts it regardless of the stop's result.
pub fn restart(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    let restart = Restart::new(stop(context, name), Some(name.to_owned()));
    Ok(Outcome::Later(Promise::Restart(restart)))
}

pub fn restart_all(context: &mut Context<'_>) -> Answer {
    check_mood(context)?;
    let restart = Restart::new(stop_all(context), None);
    Ok(Outcome::Later(Promise::Restart(restart)))
}

pub fn clear_log(context: &mut Context<'_>, name: &str) -> Answer {
    check_mood(context)?;
    logs::clear_process_logs(context, &Args(&[Value::str(name)]))
}

fn check_mood(context: &Context<'_>) -> Result<(), Fault> {
    match context.supervisor.mood() {
        Mood::Restarting | Mood::Shutdown => Err(Fault::bare(Code::ShutdownState)),
        Mood::Running | Mood::Fatal => Ok(()),
    }
}

/// A stop followed by a start, of one process or (without a name) of all.
#[derive(Clone, Debug)]
pub struct Restart {
    name: Option<String>,
    is_stopping: bool,
    pending: Option<Box<Promise>>,
}

impl Restart {
    fn new(stopped: Answer, name: Option<String>) -> Self {
        let pending = match stopped {
            Ok(Outcome::Later(promise)) => Some(Box::new(promise)),
            Ok(Outcome::Now(_)) | Err(_) => None,
        };
        Self { name, is_stopping: true, pending }
    }

    /// Returns true when both operations are complete, whatever their results.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Option<Value> {
        loop {
            if let Some(promise) = &mut self.pending {
                // a fault completes the operation, too
                let _ = promise.poll(context)?;
                self.pending = None;
            }
            if !self.is_stopping {
                return Some(Value::Bool(true));
            }
            self.is_stopping = false;
            let started = match &self.name {
                Some(name) => start(context, name),
                None => control::start_all_processes(context, &Args(&[])),
            };
            if let Ok(Outcome::Later(promise)) = started {
                self.pending = Some(Box::new(promise));
            }
        }
    }
}
