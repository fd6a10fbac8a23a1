//! Reports the mood of the daemon to the service manager that started it, as a unit with
//! `Type=notify` requires.

use super::activity::ActivityLog;
use super::kernel::Kernel;
use crate::conf::config::LogLevel;
use crate::core::state::Mood;
use crate::os::errno;

/// The state that was reported to the service manager last in this run.
#[derive(Default)]
pub struct ServiceManager {
    reported: Option<&'static str>,
}

impl ServiceManager {
    /// Reports a mood that differs from the last one. Called when the servers accept connections.
    pub fn report(&mut self, mood: Mood, kernel: &mut dyn Kernel, log: &mut ActivityLog) {
        let state = match mood {
            Mood::Running | Mood::Fatal => "READY=1",
            Mood::Restarting => "RELOADING=1",
            Mood::Shutdown => "STOPPING=1",
        };
        if self.reported == Some(state) {
            return;
        }
        self.reported = Some(state);
        if let Err(error) = kernel.notify_manager(state) {
            let error = errno::describe(&error);
            log.log(LogLevel::Warn, &format!("could not report {state} to NOTIFY_SOCKET: {error}"));
        }
    }
}
