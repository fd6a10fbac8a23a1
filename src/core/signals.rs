//! The requests to shut down or restart, from clients and from signals. The work itself is
//! [`super::jobs`]' shutdown job.

use super::effect::Effect;
use super::jobs::{Request, Task};
use super::state::Mood;
use super::supervisor::Supervisor;
use super::time::Now;
use crate::conf::config::LogLevel;
use crate::conf::signals::Signal;

impl Supervisor {
    /// Stops all processes in order, then emits [`Effect::Exit`].
    pub fn shutdown(&mut self, requester: &str, now: Now) {
        self.mood = Mood::Shutdown;
        requester.clone_into(&mut self.shutdown_requester);
        self.pump(now);
    }

    /// The same, followed by a restart of the daemon.
    pub fn restart(&mut self, requester: &str, now: Now) {
        self.mood = Mood::Restarting;
        requester.clone_into(&mut self.shutdown_requester);
        self.pump(now);
    }

    /// Hands the ordered end to a job.
    pub(super) fn submit_shutdown(&mut self, now: Now) {
        let requester = self.shutdown_requester.clone();
        self.begin_job(Request { requester, target: "all".to_owned(), task: Task::Shutdown }, now);
    }

    pub(super) fn on_signal(&mut self, signal: Signal, _now: Now) {
        match signal.to_string().as_str() {
            "SIGTERM" | "SIGINT" | "SIGQUIT" => {
                self.log(LogLevel::Warn, format!("received {signal} indicating exit request"));
                self.mood = Mood::Shutdown;
                self.shutdown_requester = signal.to_string();
            }
            "SIGHUP" if self.mood == Mood::Shutdown => {
                let message =
                    format!("ignored {signal} indicating restart request (shutdown in progress)");
                self.log(LogLevel::Warn, message);
            }
            "SIGHUP" => {
                self.log(LogLevel::Warn, format!("received {signal} indicating restart request"));
                self.mood = Mood::Restarting;
                self.shutdown_requester = signal.to_string();
            }
            "SIGCHLD" => self.debug(|| format!("received {signal} indicating a child quit")),
            "SIGUSR2" => {
                let message = format!("received {signal} indicating log reopen request");
                self.log(LogLevel::Info, message);
                self.effects.push_back(Effect::ReopenLogs);
            }
            _ => self.log(LogLevel::Blather, format!("received {signal} indicating nothing")),
        }
    }
}
