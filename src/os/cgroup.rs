//! Control groups (cgroup v2) as boxes for the processes of a program: what is forked in one stays in it,
//! whatever it does, and all of it can be killed at once.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A cgroup that this process has made.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
}

const PROCS: &str = "cgroup.procs";
/// Since Linux 5.14.
const KILL: &str = "cgroup.kill";

/// The directory of the cgroup that this process is in.
pub fn own_directory() -> io::Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let own = fs::read_to_string("/proc/self/cgroup")?;
    find_directory(&mounts, &own)
        .ok_or_else(|| io::Error::other("there is no cgroup of version 2 for this process"))
}

/// From `/proc/self/mountinfo` and `/proc/self/cgroup`.
fn find_directory(mounts: &str, own: &str) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = mounts.lines().find_map(|line| {
        let (fields, kind) = line.split_once(" - ")?;
        let mut fields = fields.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        kind.starts_with("cgroup2 ").then_some((root, point))
    });
    let (root, point) = mount?;
    // The mount may show a part of the hierarchy only.
    let below = path.strip_prefix(root.trim_end_matches('/'))?;
    Some(Path::new(point).join(below.trim_start_matches('/')))
}

impl Cgroup {
    /// Makes the cgroup, or takes the one that is there.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        let cgroup = Self { path };
        if !cgroup.path.join(KILL).exists() {
            cgroup.remove();
            return Err(io::Error::other("the kernel has no cgroup.kill"));
        }
        Ok(cgroup)
    }

    /// One that was made before.
    pub fn existing(path: PathBuf) -> Option<Self> {
        path.join(KILL).exists().then_some(Self { path })
    }

    /// The file by which a process joins.
    pub fn entrance(&self) -> io::Result<OwnedFd> {
        OpenOptions::new().write(true).open(self.path.join(PROCS)).map(OwnedFd::from)
    }

    pub fn contains(&self, pid: i32) -> bool {
        let pids = fs::read_to_string(self.path.join(PROCS)).unwrap_or_default();
        pids.lines().any(|line| line.parse() == Ok(pid))
    }

    /// Whether a process is in it or in a cgroup below it; zombies do not count.
    pub fn is_populated(&self) -> bool {
        let events = fs::read_to_string(self.path.join("cgroup.events")).unwrap_or_default();
        events.lines().any(|line| line == "populated 1")
    }

    /// Kills everything in it.
    pub fn kill(&self) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.path.join(KILL))?.write_all(b"1")
    }

    /// Removes it if it is empty, with those that were made in it, and the directory above if that is
    /// empty then.
    pub fn remove(&self) {
        remove_below(&self.path);
        if let Some(parent) = self.path.parent() {
            // It is in use if that fails.
            let _ = fs::remove_dir(parent);
        }
    }
}

/// Only directories can be removed in a cgroup; their files vanish with them.
fn remove_below(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_below(&entry.path());
        }
    }
    let _ = fs::remove_dir(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_cgroup_is_found_where_it_is_mounted() {
        let hybrid = "30 29 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 29 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let own = "4:memory:/x\n0::/system.slice/a.service\n";
        let found = find_directory(hybrid, own);
        assert_eq!(found, Some("/sys/fs/cgroup/unified/system.slice/a.service".into()));
        let part = "31 29 0:27 /docker/7 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        assert_eq!(find_directory(part, "0::/docker/7\n"), Some("/sys/fs/cgroup/".into()));
        assert_eq!(find_directory(part, "0::/\n"), None);
        assert_eq!(find_directory("", own), None);
    }
}
