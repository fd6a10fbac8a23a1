//! How threads report to the program: by a bounded channel, and a socket that the program waits for.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::model::Report;

/// Where a thread reports to. The program waits for the socket.
#[derive(Clone)]
pub(super) struct Reporter {
    queue: SyncSender<Report>,
    wake: Arc<UnixStream>,
}

impl Reporter {
    pub(super) fn new(queue: SyncSender<Report>, wake: UnixStream) -> Self {
        Self { queue, wake: Arc::new(wake) }
    }

    /// `false` if nothing is received any more.
    pub(super) fn send(&self, report: Report) -> bool {
        let is_sent = self.queue.send(report).is_ok();
        self.wake();
        is_sent
    }

    /// A full socket wakes the program as well.
    pub(super) fn wake(&self) {
        let _ = (&*self.wake).write(&[0]);
    }
}
