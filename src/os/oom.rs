//! The out-of-memory killer of Linux: its counters, and its entries in the kernel log.
//! What is not there or may not be read is `None`.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// How many processes it has killed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OomCounters {
    /// In the control group of this process and in those below it.
    pub group: Option<u64>,
    /// On this machine.
    pub machine: Option<u64>,
}

impl OomCounters {
    pub fn read() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let group = counter_files(&groups).into_iter().find_map(|path| counter(&path));
        Self { group, machine: counter("/proc/vmstat") }
    }
}

/// The files that may have the counter of the control group, for version 2 and version 1.
fn counter_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let path = path.trim_end_matches('/');
        if controllers.is_empty() {
            let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
            files.extend(roots.map(|root| format!("{root}{path}/memory.events")));
            // A container may see the path of the host and mount only its own group.
            files.extend(roots.map(|root| format!("{root}/memory.events")));
        } else if controllers.split(',').any(|it| it == "memory") {
            let paths = [path, ""];
            files.extend(
                paths.map(|path| format!("/sys/fs/cgroup/memory{path}/memory.oom_control")),
            );
        }
    }
    files
}

/// The value of `oom_kill` in a file of names and numbers.
fn counter(path: &str) -> Option<u64> {
    parse_counter(&fs::read_to_string(path).ok()?)
}

fn parse_counter(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// The inode of the first pid namespace, in which the pids of the kernel log are meant.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

/// More than the kernel keeps usually.
const RECORDS: usize = 50_000;

/// Whether the kernel log has an entry that it killed this process because memory was short, after a moment
/// of the monotonic clock. `None` if the log cannot be read, or means other pids.
pub fn kernel_log_names(pid: i32, after: Duration) -> Option<bool> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    if namespace.to_string_lossy() != FIRST_PID_NAMESPACE {
        return None;
    }
    let mut log =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg").ok()?;
    let mut record = [0; 8192];
    for _ in 0..RECORDS {
        match log.read(&mut record) {
            Ok(length) => {
                if names_victim(&String::from_utf8_lossy(&record[..length]), pid, after) {
                    return Some(true);
                }
            }
            // A record was overwritten meanwhile; the next one can be read.
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Some(false),
            Err(_) => return None,
        }
    }
    None
}

/// A record is `priority,sequence,microseconds,flags;text`.
fn names_victim(record: &str, pid: i32, after: Duration) -> bool {
    let Some((head, text)) = record.split_once(';') else { return false };
    let micros = head.split(',').nth(2).and_then(|field| field.parse().ok());
    let is_recent = micros.is_some_and(|micros| Duration::from_micros(micros) >= after);
    let is_oom = text.to_ascii_lowercase().contains("out of memory");
    is_recent && is_oom && text.contains(&format!("Killed process {pid} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_looked_up() {
        let hybrid = "9:memory:/docker/1\n4:cpu,cpuacct:/\n1:name=systemd:/\n0::/a.slice/b.scope\n";
        assert_eq!(
            counter_files(hybrid),
            [
                "/sys/fs/cgroup/memory/docker/1/memory.oom_control",
                "/sys/fs/cgroup/memory/memory.oom_control",
                "/sys/fs/cgroup/a.slice/b.scope/memory.events",
                "/sys/fs/cgroup/unified/a.slice/b.scope/memory.events",
                "/sys/fs/cgroup/memory.events",
                "/sys/fs/cgroup/unified/memory.events",
            ]
        );
        assert_eq!(counter_files("0::/\n")[0], "/sys/fs/cgroup/memory.events");
        assert!(counter_files("").is_empty());
    }

    #[test]
    fn the_counter_is_one_of_several_lines() {
        assert_eq!(parse_counter("low 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n"), Some(2));
        assert_eq!(parse_counter("oom_kill_disable 0\nunder_oom 0\n"), None);
    }

    #[test]
    fn a_record_of_the_kernel_log_names_a_process() {
        let text = "Memory cgroup out of memory: Killed process 41 (python3) total-vm:9kB";
        let record = format!("3,812,5000000,-;{text}\n");
        let after = Duration::from_secs(4);
        assert!(names_victim(&record, 41, after));
        assert!(names_victim("3,8,5000000,-;Out of memory: Killed process 41 (x)", 41, after));
        assert!(!names_victim(&record, 4, after));
        assert!(!names_victim(&record, 41, Duration::from_secs(6)), "of an earlier process");
        assert!(!names_victim("3,8,5000000,-;Killed process 41 (x)", 41, after));
    }
}
