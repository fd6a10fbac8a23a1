//! What the web interface does with processes: the functions behind the methods, without a table
//! between them, so that it works whatever interfaces a configuration has.

use super::args::Args;
use super::control;
use super::fault::{Code, Fault};
use super::logs;
use super::methods::Answer;
use super::promise::{Outcome, Promise};
use super::value::Value;
use super::world::World;
use crate::core::state::Mood;

pub fn start(world: &mut World<'_>, name: &str) -> Answer {
    alive(world)?;
    control::start_process(world, &Args(&[Value::str(name)]))
}

pub fn stop(world: &mut World<'_>, name: &str) -> Answer {
    alive(world)?;
    control::stop_process(world, &Args(&[Value::str(name)]))
}

pub fn stop_all(world: &mut World<'_>) -> Answer {
    alive(world)?;
    control::stop_all_processes(world, &Args(&[]))
}

/// Stops what runs, then starts it, whatever came of the stopping.
pub fn restart(world: &mut World<'_>, name: &str) -> Answer {
    alive(world)?;
    let restart = Restart::new(stop(world, name), Some(name.to_owned()));
    Ok(Outcome::Later(Promise::Restart(restart)))
}

pub fn restart_all(world: &mut World<'_>) -> Answer {
    alive(world)?;
    let restart = Restart::new(stop_all(world), None);
    Ok(Outcome::Later(Promise::Restart(restart)))
}

pub fn clear_log(world: &mut World<'_>, name: &str) -> Answer {
    alive(world)?;
    logs::clear_process_logs(world, &Args(&[Value::str(name)]))
}

fn alive(world: &World<'_>) -> Result<(), Fault> {
    match world.supervisor.mood() {
        Mood::Restarting | Mood::Shutdown => Err(Fault::bare(Code::ShutdownState)),
        Mood::Running | Mood::Fatal => Ok(()),
    }
}

/// A stop and the start behind it, of one process or (without a name) of all.
#[derive(Clone, Debug)]
pub struct Restart {
    name: Option<String>,
    stopping: bool,
    waiting: Option<Box<Promise>>,
}

impl Restart {
    fn new(stopped: Answer, name: Option<String>) -> Self {
        let waiting = match stopped {
            Ok(Outcome::Later(promise)) => Some(Box::new(promise)),
            Ok(Outcome::Now(_)) | Err(_) => None,
        };
        Self { name, stopping: true, waiting }
    }

    /// True, once it is over; how each half went is nobody's question.
    pub fn poll(&mut self, world: &mut World<'_>) -> Option<Value> {
        loop {
            if let Some(promise) = &mut self.waiting {
                // a fault ends the half as well as a success
                let _ = promise.poll(world)?;
                self.waiting = None;
            }
            if !self.stopping {
                return Some(Value::Bool(true));
            }
            self.stopping = false;
            let started = match &self.name {
                Some(name) => start(world, name),
                None => control::start_all_processes(world, &Args(&[])),
            };
            if let Ok(Outcome::Later(promise)) = started {
                self.waiting = Some(Box::new(promise));
            }
        }
    }
}
