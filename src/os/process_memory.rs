//! The memory of a process and its descendants, as `/proc` shows it.

use std::collections::BTreeSet;
use std::fs;

use nix::unistd::{SysconfVar, sysconf};

use super::processes;

/// About the bytes that a process and its descendants use. Pages that several of them share are
/// counted once for each (RSS), which is quick to read; only if that exceeds `limit`, each is counted
/// in proportion (PSS), as far as this user may read it.
pub fn of_tree(pid: i32, limit: u64) -> u64 {
    let tree = tree(pid);
    let whole: u64 = tree.iter().filter_map(|pid| resident(*pid)).sum();
    if whole <= limit {
        return whole;
    }
    tree.iter().filter_map(|pid| proportional(*pid).or_else(|| resident(*pid))).sum()
}

/// The process and its descendants.
fn tree(root: i32) -> BTreeSet<i32> {
    let mut found = BTreeSet::from([root]);
    let mut pending = vec![root];
    while let Some(pid) = pending.pop() {
        for child in children(pid) {
            if found.insert(child) {
                pending.push(child);
            }
        }
    }
    found
}

/// The children of all threads. A kernel without that file is asked for all processes.
fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut all = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(text) => all.extend(text.split_whitespace().filter_map(parse_pid)),
            Err(_) if thread.path().exists() => return children_by_parent(pid),
            Err(_) => {}
        }
    }
    all
}

fn parse_pid(text: &str) -> Option<i32> {
    text.parse().ok()
}

fn children_by_parent(pid: i32) -> Vec<i32> {
    processes::all().into_iter().filter(|it| it.parent == pid).map(|it| it.pid).collect()
}

fn resident(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * page_size())
}

fn page_size() -> u64 {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

fn proportional(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_this_process_is_counted() {
        let own = i32::try_from(std::process::id()).unwrap();
        let resident = of_tree(own, u64::MAX);
        let proportional = of_tree(own, 0);
        assert!(resident > 1024 * 1024, "{resident}");
        assert!(proportional > 512 * 1024 && proportional <= 2 * resident, "{proportional}");
        assert_eq!(of_tree(i32::MAX, 0), 0);
    }

    #[test]
    fn a_child_of_a_child_belongs_to_the_tree() {
        use std::io::Read as _;
        use std::process::{Command, Stdio};
        let mut shell = Command::new("/bin/sh")
            .args(["-c", "exec 3<&0; cat <&3 & echo; wait"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = i32::try_from(shell.id()).unwrap();
        // The shell writes when it has started the other.
        shell.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let found = tree(pid).len() == 2;
        shell.kill().unwrap();
        shell.wait().unwrap();
        assert!(found, "the grandchild is found");
    }
}
