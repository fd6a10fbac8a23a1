//! What the daemon reports at one moment: its processes and jobs, read from the answer of a
//! multicall. What only supkit reports is absent with Supervisor's daemon.

use std::collections::BTreeMap;

use super::methods::{self, CallError};
use crate::core::group::full_name;
use crate::core::state::ProcessState;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// The calls of which a snapshot is read, in this order.
const CALLS: [&str; 5] =
    [methods::STATE, methods::IDENTIFICATION, methods::ALL_INFO, methods::JOBS, methods::RESOURCES];

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::top) struct Snapshot {
    pub(in crate::top) identification: String,
    /// `None` while the daemon runs normally, else what it does.
    pub(in crate::top) mood: Option<String>,
    pub(in crate::top) processes: Vec<Process>,
    pub(in crate::top) jobs: Vec<Job>,
    pub(in crate::top) machine: Option<Machine>,
}

/// What the whole machine uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::top) struct Machine {
    pub(in crate::top) processors: i64,
    /// Of all processors.
    pub(in crate::top) cpu: f64,
    /// In bytes.
    pub(in crate::top) memory: i64,
    pub(in crate::top) available: i64,
    /// Of the last minute.
    pub(in crate::top) load: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) struct Process {
    pub(in crate::top) group: String,
    pub(in crate::top) name: String,
    pub(in crate::top) state: ProcessState,
    pub(in crate::top) pid: Option<i64>,
    /// In seconds, while it runs.
    pub(in crate::top) uptime: Option<i64>,
    /// What a person needs to know beside the state.
    pub(in crate::top) reason: String,
    pub(in crate::top) is_disabled: bool,
    pub(in crate::top) usage: Usage,
    /// The paths of the logs; empty if there is none.
    pub(in crate::top) logs: [String; 2],
}

/// What the processes of a tree use together; absent where the daemon does not measure it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::top) struct Usage {
    pub(in crate::top) restarts: Option<i64>,
    /// In hundredths of one processor.
    pub(in crate::top) cpu: Option<f64>,
    /// In bytes.
    pub(in crate::top) memory: Option<i64>,
    pub(in crate::top) descriptors: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) struct Job {
    pub(in crate::top) id: i64,
    pub(in crate::top) kind: String,
    pub(in crate::top) target: String,
    pub(in crate::top) requester: String,
    pub(in crate::top) state: String,
    pub(in crate::top) waits_for: Vec<String>,
    pub(in crate::top) failures: Vec<String>,
}

impl Snapshot {
    /// The parameters of the multicall.
    pub(in crate::top) fn calls() -> Vec<Value> {
        vec![methods::calls(&CALLS)]
    }

    /// Reads the answer. A daemon that shuts down refuses some of the calls.
    pub(in crate::top) fn read(answer: &Value) -> Result<Self, String> {
        let Value::Array(answers) = answer else { return Err(unexpected("a multicall")) };
        let [state, identification, processes, jobs, resources] = answers.as_slice() else {
            return Err(unexpected("a multicall"));
        };
        let identification = result(identification).and_then(Value::as_str).unwrap_or_default();
        let mut snapshot = Self { identification: identification.to_owned(), ..Self::default() };
        match CallError::inside(processes) {
            Some(error) if error.is(Code::ShutdownState) => {
                snapshot.mood = Some("is shutting down".to_owned());
            }
            Some(error) => return Err(error.text),
            None => {}
        }
        if let Some(Value::Array(all)) = result(processes) {
            snapshot.processes = all
                .iter()
                .map(Process::read)
                .collect::<Option<_>>()
                .ok_or_else(|| unexpected(methods::ALL_INFO))?;
        }
        let mood = result(state).and_then(|it| it.get("statename")?.as_str());
        if let Some(mood) = mood.filter(|mood| *mood != ProcessState::Running.name()) {
            snapshot.mood = Some(format!("is {mood}"));
        }
        if let Some(Value::Array(all)) = result(jobs) {
            snapshot.jobs = all.iter().filter_map(Job::read).collect();
        }
        if let Some(resources) = result(resources) {
            snapshot.add_resources(resources);
        }
        Ok(snapshot)
    }

    fn add_resources(&mut self, resources: &Value) {
        self.machine = resources.get("machine").and_then(Machine::read);
        let Some(Value::Array(all)) = resources.get("processes") else { return };
        let name = |value: &Value| {
            let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
            Some((text("group")?, text("name")?))
        };
        let by_name: BTreeMap<_, &Value> =
            all.iter().filter_map(|value| Some((name(value)?, value))).collect();
        for process in &mut self.processes {
            let key = (process.group.clone(), process.name.clone());
            if let Some(value) = by_name.get(&key) {
                process.add_resources(value);
            }
        }
    }

    /// The jobs that can be cancelled: those that restart one process after the other.
    pub(in crate::top) fn cancellable_jobs(&self) -> Vec<&Job> {
        let is_rolling = |job: &&Job| ["rolling restart", "update"].contains(&job.kind.as_str());
        self.running_jobs().filter(is_rolling).collect()
    }

    /// The jobs that have steps left.
    pub(in crate::top) fn running_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.state == "running")
    }
}

/// The result of one call; `None` if it failed.
fn result(answer: &Value) -> Option<&Value> {
    if CallError::inside(answer).is_some() { None } else { Some(answer) }
}

fn unexpected(what: &str) -> String {
    format!("the daemon answered {what} in an unknown form; is it a supervisord?")
}

impl Process {
    pub(in crate::top) fn read(info: &Value) -> Option<Self> {
        let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| info.get(name).and_then(Value::as_int);
        let state = ProcessState::from_code(number("state")?).unwrap_or(ProcessState::Unknown);
        let is_running = state == ProcessState::Running;
        let uptime = number("now").zip(number("start")).map(|(now, start)| (now - start).max(0));
        Some(Self {
            group: info.get("group")?.as_str()?.to_owned(),
            name: info.get("name")?.as_str()?.to_owned(),
            state,
            pid: number("pid").filter(|pid| *pid > 0),
            uptime: uptime.filter(|_| is_running),
            reason: reason(state, text("description"), text("spawnerr"), number("exitstatus")),
            is_disabled: matches!(info.get("disabled"), Some(Value::Bool(true))),
            usage: Usage::default(),
            logs: [text("stdout_logfile").to_owned(), text("stderr_logfile").to_owned()],
        })
    }

    fn add_resources(&mut self, value: &Value) {
        self.usage = Usage::read(value);
        let reason = value.get("reason").and_then(Value::as_str).unwrap_or_default();
        let has_failed = matches!(
            self.state,
            ProcessState::Fatal | ProcessState::Backoff | ProcessState::Exited
        );
        // How it ended; the description of Supervisor lacks the signal.
        if has_failed && !reason.is_empty() {
            reason.clone_into(&mut self.reason);
        }
    }

    pub(in crate::top) fn full_name(&self) -> String {
        full_name(&self.group, &self.name)
    }
}

/// The description of `status` without what the columns show, and with what it lacks after an exit.
fn reason(state: ProcessState, description: &str, spawnerr: &str, status: Option<i64>) -> String {
    match state {
        ProcessState::Running => after_uptime(description).to_owned(),
        ProcessState::Exited => {
            let exit = match status {
                _ if !spawnerr.is_empty() => spawnerr.to_owned(),
                Some(status) => format!("exit status {status}"),
                None => return description.to_owned(),
            };
            if description.is_empty() { exit } else { format!("{exit}, {description}") }
        }
        _ => description.to_owned(),
    }
}

/// What follows `pid 7, uptime 1 day, 0:00:05`.
fn after_uptime(description: &str) -> &str {
    let Some((_, uptime)) = description.split_once(", uptime ") else { return description };
    let rest = match uptime.split_once(", ") {
        Some((days, rest)) if days.ends_with(" day") || days.ends_with(" days") => rest,
        _ => uptime,
    };
    rest.split_once(", ").map_or("", |(_, rest)| rest)
}

impl Usage {
    fn read(value: &Value) -> Self {
        let number = |name: &str| value.get(name).and_then(Value::as_int);
        Self {
            restarts: number("restarts"),
            cpu: double(value, "cpu_percent"),
            memory: number("memory_kib").map(|kib| kib << 10),
            descriptors: number("descriptors"),
        }
    }
}

impl Machine {
    fn read(value: &Value) -> Option<Self> {
        let number = |name: &str| value.get(name)?.as_int();
        let load = match value.get("load") {
            Some(Value::Array(load)) => load.first().and_then(as_double),
            _ => None,
        };
        Some(Self {
            processors: number("processors")?,
            cpu: double(value, "cpu_percent")?,
            memory: number("memory_kib")? << 10,
            available: number("available_kib")? << 10,
            load: load?,
        })
    }
}

fn double(value: &Value, name: &str) -> Option<f64> {
    value.get(name).and_then(as_double)
}

fn as_double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        value => value.as_int().map(|number| number as f64),
    }
}

impl Job {
    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let texts = |name: &str| match value.get(name) {
            Some(Value::Array(all)) => {
                Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            _ => None,
        };
        Some(Self {
            id: value.get("id")?.as_int()?,
            kind: text("kind")?,
            target: text("target")?,
            requester: text("requester")?,
            state: text("state")?,
            waits_for: texts("waits_for")?,
            failures: texts("failures")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_what_the_columns_do_not_show() {
        use ProcessState as S;
        for (state, description, spawnerr, expected) in [
            (S::Running, "pid 7, uptime 0:00:05", "", ""),
            (S::Running, "pid 7, uptime 1 day, 0:00:05", "", ""),
            (
                S::Running,
                "pid 7, uptime 3 days, 0:00:05, not ready: no reply",
                "",
                "not ready: no reply",
            ),
            (S::Running, "pid 7, uptime 0:00:05, drained, disabled", "", "drained, disabled"),
            (S::Stopped, "Not started", "", "Not started"),
            (S::Stopped, "waits for zeo", "", "waits for zeo"),
            (S::Exited, "Nov 28 01:00 AM", "", "exit status 0, Nov 28 01:00 AM"),
            (S::Exited, "Nov 28 01:00 AM", "Bad exit code 3", "Bad exit code 3, Nov 28 01:00 AM"),
            (
                S::Fatal,
                "can't find command '/x'",
                "can't find command '/x'",
                "can't find command '/x'",
            ),
        ] {
            assert_eq!(reason(state, description, spawnerr, Some(0)), expected, "{description}");
        }
    }

    fn fault(code: Code) -> Value {
        Value::record([
            ("faultCode", Value::Int(code.number())),
            ("faultString", Value::str(code.name())),
        ])
    }

    #[test]
    fn what_the_daemon_does_not_have_is_absent() {
        let state = Value::record([("statename", Value::str("RUNNING"))]);
        let answer = Value::Array(vec![
            state,
            Value::str("supervisor"),
            Value::Array(Vec::new()),
            fault(Code::UnknownMethod),
            fault(Code::UnknownMethod),
        ]);
        let snapshot = Snapshot::read(&answer).unwrap();
        assert_eq!((snapshot.identification.as_str(), snapshot.mood), ("supervisor", None));
        assert!(snapshot.jobs.is_empty());
    }

    #[test]
    fn a_daemon_that_shuts_down_is_no_error() {
        let answer = Value::Array(vec![fault(Code::ShutdownState); 5]);
        let snapshot = Snapshot::read(&answer).unwrap();
        assert_eq!(snapshot.mood.as_deref(), Some("is shutting down"));
        assert!(Snapshot::read(&Value::Nil).is_err());
        let answer = Value::Array(vec![fault(Code::Failed); 5]);
        assert!(Snapshot::read(&answer).is_err());
    }

    fn object(members: &[(&'static str, Value)]) -> Value {
        Value::record(members.iter().cloned())
    }

    #[test]
    fn what_processes_use_is_added_by_name() {
        let info = object(&[
            ("group", Value::str("g")),
            ("name", Value::str("job")),
            ("state", Value::Int(100)),
            ("description", Value::str("Nov 28 01:00 AM")),
        ]);
        let usage = object(&[
            ("group", Value::str("g")),
            ("name", Value::str("job")),
            ("reason", Value::str("SIGSEGV (core dumped)")),
            ("restarts", Value::Int(3)),
            ("cpu_percent", Value::Double(1.5)),
            ("memory_kib", Value::Int(2048)),
        ]);
        let machine = object(&[
            ("processors", Value::Int(2)),
            ("cpu_percent", Value::Double(12.0)),
            ("load", Value::Array(vec![Value::Double(0.5)])),
            ("memory_kib", Value::Int(4096)),
            ("available_kib", Value::Int(1024)),
        ]);
        let resources = object(&[("machine", machine), ("processes", Value::Array(vec![usage]))]);
        let answer = Value::Array(vec![
            object(&[("statename", Value::str("RUNNING"))]),
            Value::str("supervisor"),
            Value::Array(vec![info]),
            Value::Array(Vec::new()),
            resources,
        ]);
        let snapshot = Snapshot::read(&answer).unwrap();
        let process = &snapshot.processes[0];
        assert_eq!(process.reason, "SIGSEGV (core dumped)");
        let (restarts, cpu, memory) = (Some(3), Some(1.5), Some(2 << 20));
        assert_eq!(process.usage, Usage { restarts, cpu, memory, descriptors: None });
        let (memory, available) = (4 << 20, 1 << 20);
        let expected = Machine { processors: 2, cpu: 12.0, memory, available, load: 0.5 };
        assert_eq!(snapshot.machine, Some(expected));
    }
}
