//! Programs that outlived a killed daemon and still hold ports and storages. They are identified by
//! the environment variables that the daemon set.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::conf::signals::Signal;
use crate::os::signals;

use super::deadline::Deadline;
use super::deployment::{Deployment, ProcessInfo, is_alive, wait_poll_interval};

/// A program without a daemon.
#[derive(Clone, Debug)]
pub(super) struct Orphan {
    pid: i32,
    info: ProcessInfo,
}

/// The orphans of a deployment, in stop order.
pub(super) fn find(deployment: &Deployment) -> Vec<Orphan> {
    // A port is not unique: it may belong to a daemon in another container.
    let Some(socket) = deployment.socket() else { return Vec::new() };
    let url = format!("unix://{socket}");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = i32::try_from(std::process::id()).ok().and_then(group);
    // A program leads its process group, which includes its children.
    let leaders =
        pids.filter(|pid| group(*pid) == Some(*pid) && Some(*pid) != own && is_alive(*pid));
    let mut orphans: Vec<Orphan> = leaders.filter_map(|pid| orphan(pid, &url)).collect();
    orphans.sort_by_key(|orphan| std::cmp::Reverse(deployment.stop_order(&orphan.info)));
    orphans
}

fn orphan(pid: i32, url: &str) -> Option<Orphan> {
    // In another mount namespace the same path is a different socket.
    let world = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    if world(&pid.to_string()) != world("self") {
        return None;
    }
    let environment = environment(pid)?;
    let get = |name: &str| environment.get(name).cloned();
    (get("SUPERVISOR_SERVER_URL")? == url && environment.contains_key("SUPERVISOR_ENABLED"))
        .then(|| Some((get("SUPERVISOR_GROUP_NAME")?, get("SUPERVISOR_PROCESS_NAME")?)))
        .flatten()
        .map(|(group, name)| Orphan {
            pid,
            info: ProcessInfo::without_daemon(group, name, i64::from(pid)),
        })
}

fn environment(pid: i32) -> Option<BTreeMap<String, String>> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let variables = bytes.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    Some(
        variables
            .filter_map(|variable| {
                let (name, value) = variable.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect(),
    )
}

/// The process group id: the third field after the name.
fn group(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

impl Orphan {
    pub(super) fn describe(&self) -> String {
        format!("{} (pid {})", self.info.full_name(), self.pid)
    }

    /// Stops the process as its daemon would. False if it belongs to another user.
    pub(super) fn stop(&self, deployment: &Deployment) -> bool {
        let process = deployment.process(&self.info);
        let signal = process.map_or(Signal::TERM.0, |process| process.stopsignal.0);
        let seconds = process.map_or(10, |process| process.stopwaitsecs);
        let as_group = |flag: Option<bool>| flag.unwrap_or(false);
        if signals::kill(self.pid, signal, as_group(process.map(|it| it.stopasgroup))).is_err() {
            return !is_alive(self.pid);
        }
        let end = Deadline::after(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
        while is_alive(self.pid) {
            if end.has_passed() {
                let all = as_group(process.map(|it| it.killasgroup));
                let kill = Signal::KILL.0;
                if signals::kill(self.pid, kill, all).is_err() {
                    return !is_alive(self.pid);
                }
            }
            wait_poll_interval();
        }
        true
    }
}
