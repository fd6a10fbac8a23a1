//! What the processes of this machine use, as `/proc` shows it. Without `/proc` there are none.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use nix::sys::stat;
use nix::unistd::{SysconfVar, sysconf};

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessUsage {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    /// The time on a processor, with that of the children that it has waited for.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
}

/// The whole machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MachineUsage {
    pub processors: u64,
    /// The time of all processors with and without work.
    pub busy: Duration,
    pub idle: Duration,
    /// In bytes.
    pub memory: u64,
    pub available: u64,
    pub load: [f64; 3],
}

/// More than the 52 fields of a process take, or the first line of the processors.
const HEAD: usize = 2048;

/// The units in which the kernel counts.
#[derive(Clone, Copy, Debug)]
struct Units {
    ticks: u32,
    page: u64,
}

impl Units {
    fn of_system() -> Self {
        let number = |name| sysconf(name).ok().flatten();
        let ticks = number(SysconfVar::CLK_TCK).and_then(|it| u32::try_from(it).ok());
        let page = number(SysconfVar::PAGE_SIZE).and_then(|it| u64::try_from(it).ok());
        Self { ticks: ticks.filter(|it| *it > 0).unwrap_or(100), page: page.unwrap_or(4096) }
    }

    fn time(self, ticks: u64) -> Duration {
        let per_second = u64::from(self.ticks);
        let rest = u32::try_from(ticks % per_second).unwrap_or(0);
        Duration::from_secs(ticks / per_second) + Duration::from_secs(rest.into()) / self.ticks
    }
}

/// All processes that are visible.
pub fn all() -> Vec<ProcessUsage> {
    let units = Units::of_system();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| process(pid, units)).collect()
}

/// One process; `None` if it does not exist.
pub fn of(pid: i32) -> Option<ProcessUsage> {
    process(pid, Units::of_system())
}

fn process(pid: i32, units: Units) -> Option<ProcessUsage> {
    let mut buffer = [0; HEAD];
    parse(pid, head(Path::new(&format!("/proc/{pid}/stat")), &mut buffer)?, units)
}

/// The beginning of a file in one read.
fn head<'b>(path: &Path, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let length = File::open(path).ok()?.read(buffer).ok()?;
    buffer.get(..length)
}

/// The name in parentheses may contain anything.
fn parse(pid: i32, stat: &[u8], units: Units) -> Option<ProcessUsage> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    // The state is the third field of the manual page, and the first one here.
    let mut fields = [""; 22];
    let mut words = rest.split_ascii_whitespace();
    fields.iter_mut().zip(&mut words).for_each(|(field, word)| *field = word);
    let time = |at: usize| fields[at].parse::<u64>().ok();
    let pages: u64 = fields[21].parse().ok()?;
    Some(ProcessUsage {
        pid,
        parent: fields[1].parse().ok()?,
        group: fields[2].parse().ok()?,
        cpu: units.time(time(11)? + time(12)? + time(13)? + time(14)?),
        resident: pages * units.page,
    })
}

/// The bytes of the resident memory of a process that may be shared with others: files and shared
/// memory.
pub fn shared_memory(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages = text.split_ascii_whitespace().nth(2).and_then(|it| it.parse::<u64>().ok());
    pages.unwrap_or(0) * Units::of_system().page
}

/// The number of descriptors that a process has open; `None` if they may not be counted.
pub fn descriptors(pid: i32) -> Option<u64> {
    let path = format!("/proc/{pid}/fd");
    // Since Linux 6.2 it is the size of the directory.
    let size = stat::stat(path.as_str()).ok().and_then(|stat| u64::try_from(stat.st_size).ok());
    match size {
        Some(size) if size > 0 && may_list(&path) => Some(size),
        _ => Some(fs::read_dir(path).ok()?.count() as u64),
    }
}

/// The size is shown to everybody, but a process that may not be examined is not counted, whatever
/// the kernel.
fn may_list(path: &str) -> bool {
    nix::unistd::access(path, nix::unistd::AccessFlags::R_OK).is_ok()
}

/// `None` if `/proc` does not show it.
pub fn machine() -> Option<MachineUsage> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    parse_machine(&stat, &memory, &load, Units::of_system())
}

fn parse_machine(stat: &str, memory: &str, load: &str, units: Units) -> Option<MachineUsage> {
    let mut lines = stat.lines();
    let times: Vec<u64> =
        lines.next()?.split_ascii_whitespace().skip(1).map_while(|it| it.parse().ok()).collect();
    let processors = lines.filter(|line| line.starts_with("cpu")).count() as u64;
    // Time of guests, the ninth and tenth, is included in that of users.
    let whole: u64 = times.iter().take(8).sum();
    let idle = times.get(3)? + times.get(4).unwrap_or(&0);
    let kilobytes = |name: &str| {
        let line = memory.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    let mut loads = load.split_ascii_whitespace().map(|it| it.parse().unwrap_or(0.0));
    Some(MachineUsage {
        processors,
        busy: units.time(whole.saturating_sub(idle)),
        idle: units.time(idle),
        memory: kilobytes("MemTotal")? * 1024,
        available: kilobytes("MemAvailable").or_else(|| kilobytes("MemFree"))? * 1024,
        load: std::array::from_fn(|_| loads.next().unwrap_or(0.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { ticks: 100, page: 4096 };

    #[test]
    fn a_process_is_read_from_one_line() {
        let stat = b"20 (a) b \xff) S 1 20 30 0 -1 4194560 1 2 3 4 150 25 50 5 20 0 1 0 9 99 7 1";
        let usage = parse(20, stat, UNITS).unwrap();
        assert_eq!((usage.parent, usage.group), (1, 20));
        assert_eq!((usage.cpu.as_millis(), usage.resident), (2300, 7 * 4096));
        assert_eq!(parse(20, b"20 (a) S 1 20", UNITS), None);
    }

    #[test]
    fn this_process_is_among_all_with_its_descriptors() {
        let own = i32::try_from(std::process::id()).unwrap();
        let usage = all().into_iter().find(|it| it.pid == own).unwrap();
        assert!(usage.resident > 1 << 20, "{usage:?}");
        assert!(shared_memory(own) > 1 << 16);
        let before = descriptors(own).unwrap();
        assert!(before >= 3, "{before}");
        assert_eq!(descriptors(i32::MAX), None);
        assert_eq!(shared_memory(i32::MAX), 0);
    }

    #[test]
    fn the_machine_is_read_from_three_files() {
        let stat = "cpu  100 0 200 500 100 50 50 0 7 7\ncpu0 1 1 1\ncpu1 1 1 1\nintr 5\n";
        let memory = "MemTotal:  2048 kB\nMemFree: 3 kB\nMemAvailable:  1024 kB\n";
        let machine = parse_machine(stat, memory, "0.50 1.25 2 1/2 3\n", UNITS).unwrap();
        assert_eq!(machine.processors, 2);
        assert_eq!((machine.busy.as_secs(), machine.idle.as_secs()), (4, 6));
        assert_eq!((machine.memory, machine.available), (2 << 20, 1 << 20));
        assert_eq!(machine.load.map(|it| (it * 100.0) as u32), [50, 125, 200]);
        assert_eq!(parse_machine("", memory, "", UNITS), None);
        assert!(super::machine().unwrap().processors > 0);
    }
}
