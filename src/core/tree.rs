//! Which processes belong to a program whose own process has ended: a decision on what `/proc` shows.

use std::collections::BTreeSet;

/// A process that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// Whether it has inherited the mark of the program in its environment.
    pub is_marked: bool,
}

/// The members of the process group of a program. `leader` is the pid of its process, which was
/// reaped: if a process has that pid now, the group was empty and the pid was used again.
pub fn group_members(all: &[Seen], leader: i32) -> BTreeSet<i32> {
    if leader <= 0 || all.iter().any(|seen| seen.pid == leader) {
        return BTreeSet::new();
    }
    all.iter().filter(|seen| seen.group == leader).map(|seen| seen.pid).collect()
}

/// The descendants of a program: those with its mark, those in its process group or session, and the
/// children of all these. `leader` is zero if no process of it was reaped. `protected` are the daemon and its own children; their children
/// are not followed either.
pub fn tree_members(all: &[Seen], leader: i32, protected: &BTreeSet<i32>) -> BTreeSet<i32> {
    let is_reused = leader <= 0 || all.iter().any(|seen| seen.pid == leader);
    let is_own = |seen: &&Seen| {
        seen.is_marked || (!is_reused && (seen.group == leader || seen.session == leader))
    };
    let may_be = |seen: &&Seen| seen.pid > 1 && !protected.contains(&seen.pid);
    let mut members: BTreeSet<i32> =
        all.iter().filter(may_be).filter(is_own).map(|seen| seen.pid).collect();
    loop {
        let children: Vec<i32> = all
            .iter()
            .filter(may_be)
            .filter(|seen| members.contains(&seen.parent) && !members.contains(&seen.pid))
            .map(|seen| seen.pid)
            .collect();
        if children.is_empty() {
            return members;
        }
        members.extend(children);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seen(pid: i32, parent: i32, group: i32, session: i32) -> Seen {
        Seen { pid, parent, group, session, is_marked: false }
    }

    const ALL: [Seen; 8] = [
        seen(1, 0, 1, 1),
        seen(10, 1, 10, 10),
        // In the group of 20, which has ended; its child made a session of its own.
        seen(21, 1, 20, 9),
        seen(22, 21, 22, 22),
        // A daemon that the program made; it kept its environment.
        Seen { is_marked: true, ..seen(23, 10, 23, 23) },
        seen(24, 23, 24, 24),
        // Of another program.
        seen(30, 10, 30, 9),
        seen(31, 30, 30, 9),
    ];

    #[test]
    fn descendants_are_found_and_strangers_are_not() {
        let protected = BTreeSet::from([10, 30]);
        assert_eq!(tree_members(&ALL, 20, &protected), BTreeSet::from([21, 22, 23, 24]));
        assert_eq!(group_members(&ALL, 20), BTreeSet::from([21]));
    }

    #[test]
    fn a_pid_that_was_used_again_is_another_group() {
        let mut all = ALL.to_vec();
        all.push(seen(20, 1, 20, 20));
        assert_eq!(group_members(&all, 20), BTreeSet::new());
        let protected = BTreeSet::from([10, 30]);
        assert_eq!(tree_members(&all, 20, &protected), BTreeSet::from([23, 24]));
    }

    #[test]
    fn the_daemon_and_what_it_knows_is_never_a_member() {
        let mut all = ALL.to_vec();
        all[1].is_marked = true;
        all[6].is_marked = true;
        let protected = BTreeSet::from([10, 30]);
        assert!(tree_members(&all, 20, &protected).is_disjoint(&BTreeSet::from([1, 10, 30, 31])));
    }
}
