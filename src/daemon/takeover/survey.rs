//! What the kernel shows of a daemon: its descriptors, its children, and where the other ends of its pipes
//! are.

use std::collections::BTreeSet;
use std::io;

use crate::core::takeover::pipes::{Direction, End, Held, Pipes};
use crate::core::takeover::{Kin, owner};
use crate::os::descriptor_table::{self, OpenDescriptor, Target as File};
use crate::os::poll_call::{self, Polled};
use crate::os::processes::{self, ProcessStat};

/// The descriptors below are those that every process has. A daemon that was started without them may
/// listen there.
const FIRST_OWN: i32 = 3;

#[derive(Debug)]
pub struct Survey {
    pub(super) descriptors: Vec<OpenDescriptor>,
    /// What the daemon waits for.
    pub(super) polled: Vec<Polled>,
    pub(super) children: Vec<ProcessStat>,
    pub(super) pipes: Pipes,
}

impl Survey {
    /// Looks at a daemon that waits; `None` if it does not at the moment.
    pub fn of(pid: i32) -> io::Result<Option<Self>> {
        let Some(polled) = poll_call::of(pid)? else { return Ok(None) };
        let mut descriptors = descriptor_table::of(pid)?;
        descriptors.retain(|it| it.number >= FIRST_OWN || matches!(it.target, File::Socket(_)));
        let all = processes::all();
        let children = all.iter().filter(|it| it.parent == pid).cloned().collect::<Vec<_>>();
        let ends: Vec<End> = descriptors.iter().filter_map(end).collect();
        let held = held(&ends, &children, &all);
        let watched = polled.iter().filter(|it| it.for_reading).map(|it| it.number).collect();
        let pipes = Pipes { ends, held, watched };
        Ok(Some(Self { descriptors, polled, children, pipes }))
    }

    /// Whether bytes wait for the stdin of a program.
    pub(super) fn is_pending(&self, stdin: i32) -> bool {
        self.polled.iter().any(|it| it.number == stdin && it.for_writing)
    }

    /// The descriptor of one of these sockets.
    pub(super) fn socket(&self, inodes: &[u64]) -> Option<i32> {
        let is_it = |it: &&OpenDescriptor| matches!(it.target, File::Socket(inode) if inodes.contains(&inode));
        self.descriptors.iter().find(is_it).map(|it| it.number)
    }

    /// The clients that are connected: the daemon waits for sockets on which it does not listen.
    pub(super) fn connections(&self, listening: &BTreeSet<i32>) -> usize {
        let is_client = |it: &&OpenDescriptor| {
            matches!(it.target, File::Socket(_))
                && !listening.contains(&it.number)
                && self.polled.iter().any(|polled| polled.number == it.number)
        };
        self.descriptors.iter().filter(is_client).count()
    }

    /// Why it is no moment for a switch, as far as the kernel shows that.
    pub(super) fn is_in_transition(&self, pid: i32) -> Option<&'static str> {
        if self.children.iter().any(|child| child.is_zombie) {
            return Some("a program has just ended");
        }
        let (program, arguments) = (processes::program(pid), processes::arguments(pid));
        let is_fork = |child: &ProcessStat| {
            processes::program(child.pid) == program && processes::arguments(child.pid) == arguments
        };
        self.children.iter().any(is_fork).then_some("a program is just being started")
    }
}

/// The pids of the children of a process.
pub fn children(pid: i32) -> BTreeSet<i32> {
    processes::all().iter().filter(|it| it.parent == pid).map(|it| it.pid).collect()
}

fn end(descriptor: &OpenDescriptor) -> Option<End> {
    let File::Pipe(inode) = descriptor.target else { return None };
    let direction = if descriptor.can_read { Direction::Read } else { Direction::Write };
    Some(End { number: descriptor.number, inode, direction })
}

/// The other ends of the pipes, in all processes that come from children.
fn held(ends: &[End], children: &[ProcessStat], all: &[ProcessStat]) -> Vec<Held> {
    let inodes: BTreeSet<u64> = ends.iter().map(|end| end.inode).collect();
    let pids: Vec<i32> = children.iter().map(|it| it.pid).collect();
    let kin: Vec<Kin> =
        all.iter().map(|it| Kin { pid: it.pid, parent: it.parent, group: it.group }).collect();
    let mut held = Vec::new();
    for process in all {
        let Some(child) = owner(process.pid, &pids, &kin) else { continue };
        // One that has ended meanwhile holds nothing.
        for descriptor in descriptor_table::of(process.pid).unwrap_or_default() {
            let File::Pipe(inode) = descriptor.target else { continue };
            if inodes.contains(&inode) {
                let of_daemon = [
                    (descriptor.can_write, Direction::Read),
                    (descriptor.can_read, Direction::Write),
                ];
                let directions = of_daemon.into_iter().filter(|it| it.0).map(|it| it.1);
                held.extend(directions.map(|direction| Held { inode, direction, child }));
            }
        }
    }
    held
}
