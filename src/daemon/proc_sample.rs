//! One look at what the children of the daemon use, as `/proc` shows it.

use std::collections::BTreeSet;
use std::process;

use crate::core::effect::Pid;
use crate::core::resources::{self, Details, MachineUsage, Observed, Sample, TreeUsage};
use crate::os::process_usage;

/// What `/proc` shows about the trees of these children, this process and the machine.
pub(super) fn of(roots: &BTreeSet<Pid>) -> Sample {
    let all: Vec<Observed> = process_usage::all().into_iter().map(observed).collect();
    let own = i32::try_from(process::id()).unwrap_or_default();
    let daemon = all.iter().find(|it| it.pid == own).map(|it| TreeUsage {
        cpu: it.cpu,
        memory: it.resident,
        descriptors: process_usage::descriptors(own),
        processes: 1,
    });
    Sample {
        trees: resources::usage(&all, roots, &Proc),
        daemon: daemon.unwrap_or_default(),
        machine: process_usage::machine().map(machine),
    }
}

struct Proc;

impl Details for Proc {
    fn shared_memory(&self, pid: i32) -> u64 {
        process_usage::shared_memory(pid)
    }

    fn descriptors(&self, pid: i32) -> Option<u64> {
        process_usage::descriptors(pid)
    }
}

fn observed(usage: process_usage::ProcessUsage) -> Observed {
    let process_usage::ProcessUsage { pid, parent, group, cpu, resident } = usage;
    Observed { pid, parent, group, cpu, resident }
}

fn machine(usage: process_usage::MachineUsage) -> MachineUsage {
    let process_usage::MachineUsage { processors, busy, idle, memory, available, load } = usage;
    MachineUsage { processors, busy, idle, memory, available, load }
}
