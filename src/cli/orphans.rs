//! Programs that outlived their daemon: it was killed, and they hold ports and storages that the
//! next one wants. They are known by what the daemon put into their environment.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::conf::signals::Signal;
use crate::os::signals;

use super::deployment::{Deployment, Info, is_alive, pause};

/// A program whose daemon is gone.
#[derive(Clone, Debug)]
pub(super) struct Orphan {
    pid: i32,
    info: Info,
}

/// Those of a deployment, the one to be stopped first at the front.
pub(super) fn find(deployment: &Deployment) -> Vec<Orphan> {
    // A port says too little: the same one may be another's, in a container.
    let Some(socket) = deployment.socket() else { return Vec::new() };
    let url = format!("unix://{socket}");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = group(std::process::id().cast_signed());
    // A program leads its process group; what it has started itself goes with it.
    let leaders =
        pids.filter(|pid| group(*pid) == Some(*pid) && Some(*pid) != own && is_alive(*pid));
    let mut orphans: Vec<Orphan> = leaders.filter_map(|pid| orphan(pid, &url)).collect();
    orphans.sort_by_key(|orphan| std::cmp::Reverse(deployment.rank(&orphan.info)));
    orphans
}

fn orphan(pid: i32, url: &str) -> Option<Orphan> {
    // In a container the same path is another socket.
    let world = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    if world(&pid.to_string()) != world("self") {
        return None;
    }
    let environment = environment(pid)?;
    let get = |name: &str| environment.get(name).cloned();
    (get("SUPERVISOR_SERVER_URL")? == url && environment.contains_key("SUPERVISOR_ENABLED"))
        .then(|| Some((get("SUPERVISOR_GROUP_NAME")?, get("SUPERVISOR_PROCESS_NAME")?)))
        .flatten()
        .map(|(group, name)| Orphan { pid, info: Info::named(group, name, i64::from(pid)) })
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

/// The process group of a process: the third field behind its name.
fn group(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

impl Orphan {
    pub(super) fn describe(&self) -> String {
        format!("{} (pid {})", self.info.full_name(), self.pid)
    }

    /// Stops it as its daemon would have done. False if it is another user's.
    pub(super) fn stop(&self, deployment: &Deployment) -> bool {
        let process = deployment.process(&self.info);
        let signal = process.map_or(Signal::TERM.0, |process| process.stopsignal.0);
        let seconds = process.map_or(10, |process| process.stopwaitsecs);
        let as_group = |flag: Option<bool>| flag.unwrap_or(false);
        if signals::kill(self.pid, signal, as_group(process.map(|it| it.stopasgroup))).is_err() {
            return !is_alive(self.pid);
        }
        let end = Instant::now() + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        while is_alive(self.pid) {
            if Instant::now() > end {
                let all = as_group(process.map(|it| it.killasgroup));
                let kill = Signal::KILL.0;
                if signals::kill(self.pid, kill, all).is_err() {
                    return !is_alive(self.pid);
                }
            }
            pause();
        }
        true
    }
}
