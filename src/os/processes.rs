//! The processes of this machine, as `/proc` shows them. Without `/proc` there are none.

use std::fs::{self, File};
use std::io::Read;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::wait::ChildUsage;

/// One process, from `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStat {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    pub is_zombie: bool,
    /// The time of its start in clock ticks. With the pid it identifies a process.
    pub started: u64,
}

/// All processes that are visible.
pub fn all() -> Vec<ProcessStat> {
    pids().filter_map(stat).collect()
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The pid of the parent of this process.
pub fn parent() -> i32 {
    nix::unistd::getppid().as_raw()
}

/// `None` if the process does not exist. One read: a start reads this of every process.
pub fn stat(pid: i32) -> Option<ProcessStat> {
    let mut bytes = [0; STAT_SIZE];
    let mut file = File::open(format!("/proc/{pid}/stat")).ok()?;
    let length = file.read(&mut bytes).ok()?;
    parse(pid, &String::from_utf8_lossy(&bytes[..length]))
}

/// More than the 52 fields can take.
const STAT_SIZE: usize = 2048;

/// The name in parentheses may contain anything.
fn parse(pid: i32, stat: &str) -> Option<ProcessStat> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    Some(ProcessStat {
        pid,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        is_zombie: matches!(fields.first(), Some(&("Z" | "X"))),
        started: fields.get(19)?.parse().ok()?,
    })
}

/// What a process has used so far, with the children that it has waited for. The memory is its own.
pub fn usage(pid: i32) -> Option<ChildUsage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // SAFETY: the call has no requirements.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    parse_usage(&status, &stat, u32::try_from(ticks).ok().filter(|ticks| *ticks > 0)?)
}

fn parse_usage(status: &str, stat: &str, ticks: u32) -> Option<ChildUsage> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let peak: u64 = peak.split_whitespace().next()?.parse().ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let time = |at: usize| {
        let number: u32 = fields.get(at)?.parse().ok()?;
        Some(Duration::from_secs(number.into()) / ticks)
    };
    Some(ChildUsage {
        peak_memory: peak * 1024,
        user: time(11)? + time(13)?,
        system: time(12)? + time(14)?,
    })
}

/// The environment at its start; `None` if it may not be read.
pub fn environment(pid: i32) -> Option<Vec<(String, String)>> {
    let variables = strings(&format!("/proc/{pid}/environ"))?;
    let pair = |variable: String| {
        let (name, value) = variable.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    Some(variables.into_iter().filter_map(pair).collect())
}

/// The environment at its start, as bytes.
pub fn environment_bytes(pid: i32) -> std::io::Result<Vec<Vec<u8>>> {
    let bytes = fs::read(format!("/proc/{pid}/environ"))?;
    let variables = bytes.split(|byte| *byte == 0).filter(|variable| !variable.is_empty());
    Ok(variables.map(<[u8]>::to_vec).collect())
}

/// The command line.
pub fn arguments(pid: i32) -> Vec<String> {
    strings(&format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

fn strings(path: &str) -> Option<Vec<String>> {
    let bytes = fs::read(path).ok()?;
    let texts = bytes.split(|byte| *byte == 0).filter(|text| !text.is_empty());
    Some(texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect())
}

pub fn current_dir(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// Whether standard input is a pipe or a socket; `None` if that may not be read.
pub fn has_piped_stdin(pid: i32) -> Option<bool> {
    let target = fs::read_link(format!("/proc/{pid}/fd/0")).ok()?;
    let target = target.to_string_lossy();
    Some(target.starts_with("pipe:") || target.starts_with("socket:"))
}

/// The effective user.
pub fn owner(pid: i32) -> Option<u32> {
    fs::metadata(format!("/proc/{pid}")).ok().map(|metadata| metadata.uid())
}

/// How many threads it has.
pub fn thread_count(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().count()
}

/// The process that traces it, as a debugger does; `None` if there is none.
pub fn tracer(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("TracerPid:"))?;
    line.trim().parse().ok().filter(|tracer| *tracer != 0)
}

/// The file that it executes; `None` if that may not be read.
pub fn program(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/exe")).ok()
}

/// Whether it executes programs of the same machine as this one: the heads of both files are equal.
pub fn has_same_machine(pid: i32) -> bool {
    let head = |pid: &str| {
        let mut bytes = [0; ELF_HEAD];
        File::open(format!("/proc/{pid}/exe")).ok()?.read_exact(&mut bytes).ok()?;
        // Width and byte order, and the machine; the rest differs between kinds of programs.
        Some((bytes[..6].to_vec(), bytes[18..20].to_vec()))
    };
    let own = head("self");
    own.is_some() && head(&pid.to_string()) == own
}

/// The part of an ELF file up to the machine.
const ELF_HEAD: usize = 20;

/// Whether the process sees the same files as this one. In another mount namespace the same path
/// is another file.
pub fn shares_mounts(pid: i32) -> bool {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let own = namespace("self");
    own.is_some() && namespace(&pid.to_string()) == own
}

/// Whether a process listens on the unix socket at `path`; independent of the permission to connect.
pub fn is_listening(path: &Path) -> bool {
    !unix_inodes(path).is_empty()
}

/// The process that listens on the unix socket at `path`, if that may be known.
pub fn unix_listener(path: &Path) -> Option<i32> {
    holder(&unix_inodes(path))
}

/// The process that listens on a TCP port: at this address, or at all of them.
pub fn tcp_listener(host: &str, port: u16) -> Option<i32> {
    holder(&tcp_inodes(host, port))
}

/// The inodes of the sockets that listen on a TCP port.
pub fn tcp_inodes(host: &str, port: u16) -> Vec<u64> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
    texts.flat_map(|text| parse_tcp(&text, host, port)).collect()
}

/// The inodes of the sockets that listen on the unix socket at `path`.
pub fn unix_inodes(path: &Path) -> Vec<u64> {
    let text = fs::read("/proc/net/unix").unwrap_or_default();
    parse_unix(&String::from_utf8_lossy(&text), path)
}

/// The listening sockets that were bound to `path`. Supervisor and supkit bind `PATH.PID` (or
/// `.PID` beside a long path) and then link it to `path`.
fn parse_unix(table: &str, path: &Path) -> Vec<u64> {
    let long = format!("{}.", path.display());
    let short = path.with_file_name(".").display().to_string();
    let is_pid = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let is_bound_for = |bound: &str| {
        Path::new(bound) == path
            || [&long, &short].iter().any(|prefix| bound.strip_prefix(*prefix).is_some_and(is_pid))
    };
    let inode = |line: &str| {
        // Num: RefCount Protocol Flags Type St Inode Path; only the inode is padded.
        let mut fields = line.splitn(7, ' ');
        let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
        let (inode, bound) = fields.nth(2)?.trim_start().split_once(' ')?;
        (flags & LISTENING != 0 && is_bound_for(bound)).then(|| inode.parse().ok())?
    };
    table.lines().filter_map(inode).collect()
}

/// `__SO_ACCEPTCON` of the kernel.
const LISTENING: u32 = 0x1_0000;

/// `TCP_LISTEN` of the kernel.
const TCP_LISTEN: &str = "0A";

fn parse_tcp(table: &str, host: &str, port: u16) -> Vec<u64> {
    // The kernel prints the address as a number in the byte order of the machine.
    let wanted = host.parse::<Ipv4Addr>().ok().filter(|address| !address.is_unspecified());
    let wanted = wanted.map(|address| format!("{:08X}", u32::from_ne_bytes(address.octets())));
    let inode = |line: &str| {
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, bound) = fields.get(1)?.split_once(':')?;
        let bound = u16::from_str_radix(bound, 16).ok()?;
        let covers = |wanted: &String| address == wanted || address.bytes().all(|it| it == b'0');
        let is_there = wanted.as_ref().is_none_or(covers);
        let is_wanted = is_there && bound == port && *fields.get(3)? == TCP_LISTEN;
        is_wanted.then(|| fields.get(9)?.parse().ok())?
    };
    table.lines().filter_map(inode).collect()
}

/// The first process that has one of these sockets open.
fn holder(inodes: &[u64]) -> Option<i32> {
    let names: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    let holds = |pid: &i32| {
        let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let mut targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
        targets.any(|target| names.iter().any(|name| target == Path::new(name)))
    };
    if names.is_empty() { None } else { pids().find(holds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_blanks_and_parentheses() {
        let rest = "S 1 20 30 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 0 0";
        let stat = parse(20, &format!("20 (a) b (c)) {rest}")).unwrap();
        assert_eq!((stat.parent, stat.group, stat.session, stat.started), (1, 20, 30, 12345));
        assert!(!stat.is_zombie);
        assert!(parse(20, "20 (a) Z 1 20").is_none());
    }

    #[test]
    fn the_usage_of_a_process_is_read_from_two_files() {
        let status = "Name:\ta\nVmPeak:\t  99 kB\nVmHWM:\t    20 kB\n";
        let stat = "20 (a b) S 1 20 30 0 -1 0 1 2 3 4 150 20 50 5 20 0 1 0 12345 0 0";
        let usage = parse_usage(status, stat, 100).unwrap();
        assert_eq!(usage.peak_memory, 20 * 1024);
        assert_eq!((usage.user.as_millis(), usage.system.as_millis()), (2000, 250));
        let own = super::usage(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(own.peak_memory > 1 << 20, "{own:?}");
    }

    #[test]
    fn this_process_is_among_all() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(all().iter().any(|stat| stat.pid == own));
        assert!(shares_mounts(own));
        assert!(environment(own).is_some_and(|all| !all.is_empty()));
    }

    #[test]
    fn a_listening_socket_is_found_by_its_final_path() {
        let table = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 21 /run/a b.sock.77\n\
            0000000000000000: 00000002 00000000 00010000 0001 01   22 /run/x.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 23 /run/x.sock\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 24 /run/x.sock.old\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 25\n";
        assert_eq!(parse_unix(table, Path::new("/run/a b.sock")), [21]);
        assert_eq!(parse_unix(table, Path::new("/run/x.sock")), [22]);
        assert_eq!(parse_unix(table, Path::new("/run/x.sock.old")), [24]);
    }

    #[test]
    fn listeners_are_found_by_path_and_port() {
        let own = i32::try_from(std::process::id()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let _unix = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(is_listening(&path));
        assert_eq!(unix_listener(&path), Some(own));
        assert_eq!(unix_listener(&dir.path().join("t")), None);
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        for host in ["127.0.0.1", "", "localhost", "0.0.0.0"] {
            assert_eq!(tcp_listener(host, port), Some(own), "{host}");
        }
        assert_eq!(tcp_listener("127.0.0.2", port), None);
    }
}
