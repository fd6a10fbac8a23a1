//! Observes the job of the daemon that stops everything and then the daemon. It is finished also
//! without this program; a second `supkit stop` observes the same job.

use anyhow::{Result, bail};

use super::super::deployment::{Deployment, is_not_listening, is_shutting_down, lacks, print_line};
use super::one_by_one;
use super::report::stopped;
use crate::ctl::client::Client;
use crate::rpc::value::Value;

/// Begins the job and reports what it stops; false if the daemon has no such job.
pub(super) fn stop(deployment: &Deployment, client: &mut Client) -> Result<bool> {
    let id = match client.call("supkit.stopAndShutdown", &[]) {
        Ok(id) => id,
        Err(error) if lacks(&error) => return Ok(false),
        Err(error) if is_not_listening(&error) || is_shutting_down(&error) => return Ok(true),
        Err(error) => bail!("stopping the programs: {error}"),
    };
    let (mut reported, mut awaited) = (0_i64, 0_i64);
    loop {
        let params = [id.clone(), Value::Int(awaited), Value::Int(reported)];
        let answer = client.call("supkit.awaitJob", &params);
        client.show_while_waiting("");
        let job = match answer {
            Ok(job) => Job(job),
            // The daemon has gone.
            Err(error) if is_not_listening(&error) => return Ok(true),
            Err(error) => bail!("waiting for the programs to stop: {error}"),
        };
        for member in job.done() {
            report(deployment, member);
            reported += 1;
        }
        awaited = reported + 1;
        match job.state() {
            "running" => {}
            "done" => return Ok(true),
            // A restart of the daemon, for example, has cancelled it.
            _ => return one_by_one::shut_down(client).map(|()| true),
        }
        client.show_while_waiting(&format!("waiting for {} to stop", job.waits_for()));
    }
}

/// The answer of `supkit.awaitJob`.
struct Job(Value);

impl Job {
    fn state(&self) -> &str {
        self.0.get("state").and_then(Value::as_str).unwrap_or_default()
    }

    fn waits_for(&self) -> String {
        let names = list(&self.0, "waits_for").iter().filter_map(Value::as_str);
        names.collect::<Vec<_>>().join(", ")
    }

    /// The processes that are no longer waited for.
    fn done(&self) -> impl Iterator<Item = &Value> {
        list(&self.0, "members").iter().filter(|member| text(member, "result") != "pending")
    }
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    match value.get(name) {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn report(deployment: &Deployment, member: &Value) {
    if text(member, "result") == "done" {
        let name = (text(member, "group"), text(member, "name"));
        let was_killed = member.get("killed") == Some(&Value::Bool(true));
        print_line(&stopped(deployment, name, was_killed));
    }
}
