//! Which processes of the machine belong to which program, and what each program uses: arithmetic on
//! what `/proc` shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::core::effect::Pid;

/// One process of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    /// The time on a processor, with that of the children that it has waited for.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
}

/// What the kernel has to be asked about a member of a tree.
pub trait Details {
    /// The bytes of the resident memory that may be shared with others.
    fn shared_memory(&self, pid: i32) -> u64;

    /// The number of open descriptors, if they may be counted.
    fn descriptors(&self, pid: i32) -> Option<u64>;
}

/// What a process and its descendants use now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeUsage {
    pub cpu: Duration,
    pub memory: u64,
    /// Without those of members whose descriptors may not be counted; `None` if that is all of them.
    pub descriptors: Option<u64>,
    pub processes: u64,
}

/// What each of the `roots` uses, as far as it is there. A process belongs to the nearest root above
/// it; one that has lost its parent belongs to the root that leads its process group.
pub fn usage(
    all: &[Observed],
    roots: &BTreeSet<Pid>,
    details: &impl Details,
) -> BTreeMap<Pid, TreeUsage> {
    let parents: BTreeMap<i32, i32> = all.iter().map(|it| (it.pid, it.parent)).collect();
    let mut members: BTreeMap<Pid, Vec<&Observed>> = BTreeMap::new();
    for process in all {
        if let Some(root) = root_of(process, &parents, roots) {
            members.entry(root).or_default().push(process);
        }
    }
    members.into_iter().map(|(root, tree)| (root, sum(&tree, details))).collect()
}

fn root_of(process: &Observed, parents: &BTreeMap<i32, i32>, roots: &BTreeSet<Pid>) -> Option<Pid> {
    let mut pid = process.pid;
    // What was read while processes came and went could contain a circle.
    for _ in 0..parents.len() {
        if roots.contains(&Pid(pid)) {
            return Some(Pid(pid));
        }
        match parents.get(&pid) {
            Some(parent) if *parent > 1 => pid = *parent,
            _ => break,
        }
    }
    Some(Pid(process.group)).filter(|group| roots.contains(group))
}

/// Private memory is added up. The shared memory of a tree is mostly the same, so it counts once.
fn sum(tree: &[&Observed], details: &impl Details) -> TreeUsage {
    let memory = match tree {
        [one] => one.resident,
        many => {
            let shared = many.iter().map(|it| details.shared_memory(it.pid).min(it.resident));
            let shared: Vec<u64> = shared.collect();
            let private = many.iter().zip(&shared).map(|(it, shared)| it.resident - shared);
            private.sum::<u64>() + shared.iter().max().unwrap_or(&0)
        }
    };
    let descriptors = tree.iter().filter_map(|it| details.descriptors(it.pid));
    TreeUsage {
        cpu: tree.iter().map(|it| it.cpu).sum(),
        memory,
        descriptors: descriptors.reduce(|one, other| one + other),
        processes: tree.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth of a process is shared; the descriptors of odd ones are not visible.
    struct Tenth;

    impl Details for Tenth {
        fn shared_memory(&self, pid: i32) -> u64 {
            if pid == 23 { 100 } else { 10 }
        }

        fn descriptors(&self, pid: i32) -> Option<u64> {
            (pid % 2 == 0).then_some(3)
        }
    }

    fn observed(pid: i32, parent: i32, group: i32) -> Observed {
        Observed { pid, parent, group, cpu: Duration::from_secs(1), resident: 100 }
    }

    fn of(all: &[Observed], roots: &[i32]) -> BTreeMap<i32, TreeUsage> {
        let roots = roots.iter().map(|pid| Pid(*pid)).collect();
        usage(all, &roots, &Tenth).into_iter().map(|(pid, it)| (pid.0, it)).collect()
    }

    #[test]
    fn descendants_belong_to_the_nearest_program() {
        let all = [
            observed(1, 0, 1),
            // The daemon and its children; 30 is started by 20 and a program of its own.
            observed(10, 1, 10),
            observed(20, 10, 20),
            observed(22, 20, 20),
            observed(23, 22, 23),
            observed(30, 20, 30),
            observed(40, 10, 40),
            // It lost its parent and stayed in the process group of 40.
            observed(41, 1, 40),
            observed(50, 1, 50),
        ];
        let found = of(&all, &[20, 30, 40, 60]);
        let counts: Vec<_> = found.iter().map(|(pid, it)| (*pid, it.processes)).collect();
        assert_eq!(counts, [(20, 3), (30, 1), (40, 2)]);
        assert_eq!(found[&20].cpu, Duration::from_secs(3));
        // 90 and 90 and 0 of their own, and the most that one of them shares.
        assert_eq!(found[&20].memory, 280);
        assert_eq!((found[&30].memory, found[&30].descriptors), (100, Some(3)));
        assert_eq!(found[&40].descriptors, Some(3));
    }

    #[test]
    fn unknown_descriptors_and_circles_are_no_problem() {
        let all = [observed(21, 1, 21), observed(33, 35, 33), observed(35, 33, 33)];
        assert_eq!(of(&all, &[21])[&21].descriptors, None);
        assert_eq!(of(&all, &[99]), BTreeMap::new());
    }
}
