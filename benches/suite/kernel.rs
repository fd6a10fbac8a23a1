//! What the kernel accounts for a process, and waiting with a deadline.

use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;

/// The longest that anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits for a condition. The checks touch no daemon: any I/O of it would hide when it wakes up by
/// itself.
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    until_every(Duration::from_micros(500), what, holds);
}

/// The same for checks that take long themselves.
pub(crate) fn until_every(pause: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(pause);
    }
}

/// Waits for the end of a child; `None` if it does not end.
pub(crate) fn end_of(child: &mut Child) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    None
}

/// Runs a command to its end, with its output in files.
pub(crate) fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let mut files = [(); 2].map(|()| tempfile::NamedTempFile::new().expect("a file"));
    let handle = |file: &tempfile::NamedTempFile| file.reopen().expect("a file");
    command.stdin(std::process::Stdio::null()).stdout(handle(&files[0])).stderr(handle(&files[1]));
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let Some(status) = end_of(&mut child) else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{command:?} does not end");
    };
    let [out, err] = files.each_mut().map(|file| fs::read_to_string(&*file).unwrap_or_default());
    (status, out, err)
}

/// While it exists, this thread and what it starts run on one processor: whether the kernel puts a client
/// beside its server or on another processor, which has to be woken up, changes a call fivefold.
pub(crate) struct OneProcessor(CpuSet);

impl OneProcessor {
    pub(crate) fn enter() -> Self {
        let all = sched_getaffinity(Pid::from_raw(0)).expect("the permitted processors");
        let mut one = CpuSet::new();
        let first = (0..CpuSet::count()).find(|it| all.is_set(*it).is_ok_and(|is_set| is_set));
        one.set(first.expect("a processor")).expect("its number");
        sched_setaffinity(Pid::from_raw(0), &one).expect("a permitted processor");
        Self(all)
    }
}

impl Drop for OneProcessor {
    fn drop(&mut self) {
        sched_setaffinity(Pid::from_raw(0), &self.0).expect("the permitted processors");
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

/// The processor time of a process and of all below it, living and reaped, in seconds.
pub(crate) fn processor_time_of_tree(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let reaped: f64 = fields.skip(13).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    let living: f64 = children(pid).into_iter().map(processor_time_of_tree).sum();
    // A child may have ended just now.
    let own = Some(processor_time(pid)).filter(|own| own.is_finite()).unwrap_or(0.0);
    own + reaped / 100.0 + living
}

pub(crate) fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// All processes below another one.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut at = 0;
    while let Some(pid) = found.get(at) {
        found.extend(children(*pid));
        at += 1;
    }
    found
}

/// How often a process gave up the processor.
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

/// How many descriptors a process may open, if it asks for them.
pub(crate) fn most_descriptors() -> usize {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    usize::try_from(hard).unwrap_or(usize::MAX)
}

/// Asks for them.
pub(crate) fn raise_descriptors() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the limit can be raised");
}
