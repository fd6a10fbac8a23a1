//! Asks a program whether it can continue this daemon: it gets the state on its standard input and answers
//! on its standard output. Nothing waits for it.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::core::effect::WaitStatus;
use crate::core::jobs::JobId;
use crate::core::time::{Mono, Now};

/// The program name by which supkit checks a state. Not for people.
pub const CHECK_PROGRAM: &str = "supkit-check-state";

/// How long the answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The maximum length of the answer.
const MAX_ANSWER: u64 = 4096;

/// A program that is being asked.
pub(in crate::daemon) struct Checking {
    pub(super) pid: i32,
    pub(super) job: JobId,
    program: String,
    /// What it answers if it can continue.
    expected: String,
    answer: UnixStream,
    /// Until then it may think; `None` once it was killed for that.
    pub(super) until: Option<Mono>,
}

/// What a program answers that can continue.
pub(super) fn answer(sum: &str) -> String {
    format!("supkit continues from {sum}")
}

impl Checking {
    /// A program that was started; `sum` is that of the state that it reads.
    pub(super) fn new(
        pid: i32,
        job: JobId,
        program: &str,
        sum: &str,
        stream: UnixStream,
        now: Now,
    ) -> Self {
        Self {
            pid,
            job,
            program: program.to_owned(),
            expected: answer(sum),
            answer: stream,
            until: Some(Mono(now.mono.0.saturating_add(TIME_LIMIT))),
        }
    }

    /// What its end means.
    pub(super) fn result(&self, status: WaitStatus) -> Result<(), String> {
        let mut bytes = Vec::new();
        // An error is an answer that is missing.
        let _ = (&self.answer).take(MAX_ANSWER).read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().next().unwrap_or_default().trim();
        match status {
            WaitStatus::Exited(0) if line == self.expected => Ok(()),
            _ if self.until.is_none() => {
                let seconds = TIME_LIMIT.as_secs();
                Err(format!("{} did not answer within {seconds} seconds", self.program))
            }
            WaitStatus::Exited(1) if !line.is_empty() => Err(format!("{}: {line}", self.program)),
            status => Err(format!(
                "{} cannot continue a daemon: it is no supkit with `upgrade` ({})",
                self.program,
                status.description()
            )),
        }
    }
}
