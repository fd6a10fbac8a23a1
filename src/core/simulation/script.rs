//! What the children of a simulation do and what happens to them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::effect::ProcId;

/// How the children of a process behave. Without more they are ready at once, run until they are
/// stopped and then end at once; tasks exit by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// The time from the start until its readiness probes succeed; `None` means never.
    pub ready_after: Option<Duration>,
    /// The time from its stop signal to its end. SIGKILL ends it at once.
    pub stop_takes: Duration,
    /// The time from the start until it exits by itself as expected. `None` means that a task exits after
    /// its usual time, and that nothing else does.
    pub takes: Option<Duration>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { ready_after: Some(Duration::ZERO), stop_takes: Duration::ZERO, takes: None }
    }
}

/// Something that happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its child ends by a SIGKILL from outside.
    Kill(ProcId),
    /// Its child ends with this status.
    Exit(ProcId, i32),
    /// Somebody requests its restart.
    Restart(ProcId),
    /// Somebody ends the daemon.
    Shutdown,
}

#[derive(Clone, Debug, Default)]
pub struct Script {
    pub behaviours: BTreeMap<ProcId, Behaviour>,
    /// With the time since the start of the daemon.
    pub acts: Vec<(Duration, Act)>,
    /// End the daemon when all is up and every act has happened.
    pub stops: bool,
    /// The end of the simulation.
    pub until: Duration,
}
