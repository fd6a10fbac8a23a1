//! Processes for the tests.

use super::snapshot::{Machine, Process, Snapshot, Usage};
use crate::core::state::ProcessState;

pub(in crate::top) fn process(group: &str, name: &str, state: ProcessState) -> Process {
    Process {
        group: group.to_owned(),
        name: name.to_owned(),
        state,
        pid: None,
        uptime: None,
        reason: String::new(),
        is_disabled: false,
        usage: Usage::default(),
        logs: [String::new(), String::new()],
    }
}

fn running(group: &str, name: &str, pid: i64, memory: i64) -> Process {
    let usage = Usage {
        restarts: Some(pid % 3),
        cpu: Some(pid as f64 / 100.0),
        memory: Some(memory << 20),
        descriptors: Some(12),
    };
    Process {
        pid: Some(pid),
        uptime: Some(pid * 77),
        usage,
        ..process(group, name, ProcessState::Running)
    }
}

pub(in crate::top) fn processes() -> Vec<Process> {
    let reason = |process: Process, reason: &str| Process { reason: reason.to_owned(), ..process };
    vec![
        reason(
            process("broken", "broken", ProcessState::Fatal),
            "Exited too quickly (process log may have details)",
        ),
        running("db", "db", 1234, 90),
        running("pool", "pool-0", 2001, 150),
        reason(running("pool", "pool-1", 2002, 1300), "not ready: no reply from 127.0.0.1:8081"),
        reason(process("pool", "pool-2", ProcessState::Stopped), "Not started"),
        reason(process("single", "other", ProcessState::Exited), "exit status 0, Nov 28 01:00 AM"),
    ]
}

pub(in crate::top) fn snapshot() -> Snapshot {
    Snapshot {
        identification: "supervisor".to_owned(),
        processes: processes(),
        machine: Some(Machine {
            processors: 2,
            cpu: 12.3,
            memory: 8 << 30,
            available: 3 << 30,
            load: 0.52,
        }),
        ..Snapshot::default()
    }
}
