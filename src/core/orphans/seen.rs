//! Facts about the processes of a machine, as the shell reads them.

use std::collections::BTreeMap;

/// One living process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// The time of its start. With the pid it identifies the process even if the pid is reused.
    pub started: u64,
}

/// What is read only for the few processes that may be orphans.
pub trait Facts {
    /// `None` if it may not be read.
    fn environment(&self, pid: i32) -> Option<Vec<(String, String)>>;

    fn arguments(&self, pid: i32) -> Vec<String>;

    /// Whether standard input is a pipe or a socket, as that of every program is at its start.
    fn has_piped_stdin(&self, pid: i32) -> bool;

    /// Whether the process sees the same files, so that the same path is the same socket.
    fn shares_mounts(&self, pid: i32) -> bool;
}

/// All living processes by pid.
#[derive(Clone, Debug, Default)]
pub struct Processes(BTreeMap<i32, Seen>);

impl FromIterator<Seen> for Processes {
    fn from_iter<I: IntoIterator<Item = Seen>>(all: I) -> Self {
        Self(all.into_iter().map(|seen| (seen.pid, seen)).collect())
    }
}

impl Processes {
    pub(super) fn get(&self, pid: i32) -> Option<&Seen> {
        self.0.get(&pid)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Seen> {
        self.0.values()
    }

    pub fn is_alive(&self, pid: i32) -> bool {
        self.0.contains_key(&pid)
    }

    /// Whether this very process is alive, and not another one with its pid.
    pub(super) fn has(&self, process: &Seen) -> bool {
        self.get(process.pid).is_some_and(|seen| seen.started == process.started)
    }

    /// A process and its parents up to the first one.
    pub(super) fn ancestry(&self, pid: i32) -> Vec<i32> {
        let parent = |pid: &i32| self.get(*pid).map(|seen| seen.parent).filter(|it| it != pid);
        // A chain cannot be longer than the table; the bound guards against pids that were reused
        // while the table was read.
        std::iter::successors(Some(pid), parent).take(self.0.len() + 1).collect()
    }

    /// The process itself and its descendants in the same session. Those with a session of their
    /// own, such as a login, have left the program.
    pub(super) fn tree(&self, root: &Seen) -> Vec<Seen> {
        let mut tree = vec![*root];
        let mut at = 0;
        while let Some(parent) = tree.get(at).map(|seen| seen.pid) {
            let children = self.iter().filter(|seen| {
                seen.parent == parent && seen.session == root.session && seen.pid != parent
            });
            let fresh: Vec<Seen> = children.filter(|seen| !tree.contains(seen)).copied().collect();
            tree.extend(fresh);
            at += 1;
        }
        tree
    }

    /// The members of a process group.
    pub(super) fn group(&self, group: i32) -> impl Iterator<Item = &Seen> {
        self.iter().filter(move |seen| seen.group == group)
    }
}
