//! What the kernel accounts for a process.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The longest that anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Waits for a condition. The checks touch no daemon: any I/O of it would hide when it wakes up by
/// itself.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// The processor time of a process without its children, in seconds.
pub(crate) fn processor_time(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanos.unwrap_or(f64::NAN) / 1e9
}

/// The processor time of the children that this process has waited for, in seconds.
pub(crate) fn processor_time_of_children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of children");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    micros as f64 / 1e6
}

/// The processor time of a process and of its children, living and reaped, in seconds.
pub(crate) fn processor_time_of_tree(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let reaped: f64 = fields.skip(13).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    let living: f64 = children(pid).into_iter().map(processor_time).sum();
    processor_time(pid) + reaped / 100.0 + living
}

pub(crate) fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// How often a process gave up or lost the processor.
pub(crate) fn switches(pid: u32) -> f64 {
    number_after(&format!("/proc/{pid}/status"), "voluntary_ctxt_switches:")
}

/// Resident memory in MB.
pub(crate) fn resident(pid: u32) -> f64 {
    number_after(&format!("/proc/{pid}/status"), "VmRSS:") / 1024.0
}

/// Memory that no other process shares, in MB.
pub(crate) fn private(pid: u32) -> f64 {
    let path = format!("/proc/{pid}/smaps_rollup");
    (number_after(&path, "Private_Clean:") + number_after(&path, "Private_Dirty:")) / 1024.0
}

fn number_after(path: &str, label: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(f64::NAN)
}
