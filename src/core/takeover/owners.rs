//! To which child of a daemon another process belongs.

/// A process with its parent and process group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kin {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
}

/// The child of a daemon from which a process comes: it, its parents, or its process group, which a child
/// leads and which stays when parents have ended.
pub fn owner(pid: i32, children: &[i32], all: &[Kin]) -> Option<i32> {
    let find = |pid: i32| all.iter().find(|it| it.pid == pid);
    let mut at = pid;
    // The processes were not read at one moment, so that there could be a circle.
    for _ in 0..all.len() {
        if children.contains(&at) {
            return Some(at);
        }
        let Some(kin) = find(at) else { break };
        at = kin.parent;
    }
    find(pid).map(|it| it.group).filter(|group| children.contains(group))
}
