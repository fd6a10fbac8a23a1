//! On a terminal, what a daemon waits for that is shutting down.

use std::time::Duration;

use super::super::deployment::Deployment;
use crate::ctl::client::Client;
use crate::ctl::notice::{self, Notice};
use crate::os::clock;
use crate::rpc::value::Value;

/// How often the daemon is asked. A call that takes longer is given up, so that the time limit of the
/// program holds.
const INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct ShutdownNotice {
    /// `None` without a terminal.
    client: Option<Client>,
    began: Duration,
    asked: Duration,
    is_shown: bool,
}

impl ShutdownNotice {
    pub(super) fn of(deployment: &Deployment) -> Self {
        let client = deployment.client().ok().filter(|_| notice::is_possible());
        let began = clock::monotonic();
        let client = client.map(|client| client.timeout(Some(INTERVAL)));
        Self { client, began, asked: began, is_shown: false }
    }

    /// Shows the present state, at most once per interval.
    pub(super) fn show(&mut self) {
        let now = clock::monotonic();
        let Some(client) = self.client.as_mut().filter(|_| now >= self.asked + INTERVAL) else {
            return;
        };
        self.asked = now;
        if let Some(notice) = waits_for(client).and_then(Notice::on_terminal) {
            notice.show(now.saturating_sub(self.began));
            self.is_shown = true;
        }
    }

    pub(super) fn erase(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            notice::erase();
        }
    }
}

/// `waiting for a, b to stop`; nothing if the daemon does not answer or waits for nothing.
fn waits_for(client: &mut Client) -> Option<String> {
    let Ok(Value::Array(jobs)) = client.call("supkit.getJobs", &[]) else { return None };
    let is_running = |job: &Value| job.get("state").and_then(Value::as_str) == Some("running");
    let running = jobs.iter().filter(|job| is_running(job));
    let names: Vec<&str> = running
        .filter_map(|job| job.get("waits_for"))
        .flat_map(|names| if let Value::Array(names) = names { names.as_slice() } else { &[] })
        .filter_map(Value::as_str)
        .collect();
    (!names.is_empty()).then(|| format!("waiting for {} to stop", names.join(", ")))
}
