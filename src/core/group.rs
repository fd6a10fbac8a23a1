//! Active groups and their processes, with the data that persists across phases.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ansi::Stripper;
use super::capture::Capture;
use super::effect::{MainProcess, Pid, ProcId, WaitStatus};
use super::event_queue::{EventQueue, NumberedEvent};
use super::exit_report::{ExitReport, OomKill, SentSignal, StopRequest};
use super::listener::Listener;
use super::log_lines::LogLines;
use super::milestones::Milestones;
use super::output_tail::OutputTail;
use super::process::{Machine, Phase};
use super::process_probe::ProcessProbe;
use super::runs::Runs;
use super::state::{ListenerState, ProcessState};
use super::time::{Mono, Now};
use crate::conf::config;

/// An active group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    pub(super) config: config::Group,
    pub(super) processes: Vec<ProcId>,
    pub(super) queue: EventQueue,
}

impl Group {
    pub fn name(&self) -> &str {
        &self.config.name
    }

    pub fn config(&self) -> &config::Group {
        &self.config
    }

    /// In the order of the configuration.
    pub fn processes(&self) -> &[ProcId] {
        &self.processes
    }

    pub fn pool(&self) -> Option<&config::Pool> {
        match &self.config.kind {
            config::GroupKind::EventListener(pool) => Some(pool),
            config::GroupKind::Programs | config::GroupKind::FastCgi(_) => None,
        }
    }

    /// The number of events that wait for a listener of this pool.
    pub fn buffered(&self) -> usize {
        self.queue.len()
    }

    /// The number of events that were dropped because the buffer was full.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }
}

/// How the last child of a process ended. Unlike `exitstatus`, it stays until the next one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastExit {
    pub status: WaitStatus,
    /// Whether it was stopped on request or exited as the configuration expects.
    pub is_expected: bool,
    /// Whether it received SIGKILL because it did not stop within `stopwaitsecs`.
    pub was_killed: bool,
    /// Whether the kernel ended it for want of memory.
    #[serde(default)]
    pub oom: OomKill,
    pub when: Now,
}

impl LastExit {
    /// `exit status 3`, as in the activity log.
    pub fn description(&self) -> String {
        self.status.description()
    }

    /// The same with the reason, if the kernel had one.
    pub fn cause(&self) -> String {
        let reason = match self.oom {
            OomKill::Confirmed | OomKill::Likely => ", because memory was short",
            OomKill::Possible => ", perhaps because memory was short",
            OomKill::NotSuspected | OomKill::Excluded | OomKill::Unknown => "",
        };
        format!("{}{reason}", self.description())
    }
}

/// One process: its configuration, its state machine and the data that persists across phases. What few
/// processes have is in boxes, because there may be thousands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Process {
    pub(super) id: ProcId,
    pub(super) group: String,
    pub(super) config: Arc<config::Process>,
    pub(super) machine: Machine,
    pub(super) started: Option<Now>,
    pub(super) stopped: Option<Now>,
    pub(super) spawnerr: Option<String>,
    pub(super) exitstatus: Option<i64>,
    pub(super) last_exit: Option<LastExit>,
    /// Whether its child was sent SIGKILL because it did not stop in time.
    pub(super) is_killed: bool,
    /// Who stopped it, until it is started again.
    pub(super) stop_request: Option<Box<StopRequest>>,
    /// The last signal that a client sent to its child.
    pub(super) sent_signal: Option<Box<SentSignal>>,
    /// The child that was just reaped, until its end is recorded.
    pub(super) ended: Option<(Pid, ExitReport)>,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    pub(super) stdin_closed: bool,
    /// Whether its output may go to the activity log, by the configuration of its last start.
    pub(super) is_relayed: bool,
    /// Set while a client waits for the stop: when "waiting for x to stop" is logged next.
    pub(super) stop_report_at: Option<Mono>,
    pub(super) listener: Option<Box<PoolMember>>,
    /// While a child is up that has probes.
    pub(super) probes: Vec<ProcessProbe>,
    pub(super) notified_status: Option<String>,
    /// The process that it has named as its main one.
    pub(super) main: Option<MainProcess>,
    pub(super) milestones: Milestones,
    pub(super) runs: Runs,
    /// When its memory is measured next.
    pub(super) memory_check_at: Option<Mono>,
    /// How many children it has had.
    #[serde(default)]
    pub(super) starts: u64,
}

/// The state of a process as a member of an event listener pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct PoolMember {
    pub(super) protocol: Listener,
    /// The event that the listener is busy with.
    pub(super) event: Option<NumberedEvent>,
}

/// The state of one output stream between two reads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Output {
    pub(super) capture: Option<Box<Capture>>,
    pub(super) ansi: Stripper,
    pub(super) lines: LogLines,
    pub(super) tail: OutputTail,
}

impl Output {
    pub(super) fn of(config: &config::StreamLog<'_>) -> Self {
        let maxbytes = usize::try_from(config.capture_maxbytes).unwrap_or(0);
        let capture = (config.capture_maxbytes != 0).then(|| Box::new(Capture::new(maxbytes)));
        Self { capture, ..Self::default() }
    }
}

/// The shortest name of a process: `group:process`, or the one name of both.
pub fn full_name(group: &str, process: &str) -> String {
    if group == process { process.to_owned() } else { format!("{group}:{process}") }
}

impl Process {
    pub(super) fn new(id: ProcId, group: &config::Group, config: Arc<config::Process>) -> Self {
        let is_listener = matches!(group.kind, config::GroupKind::EventListener(_));
        Self {
            id,
            group: group.name.clone(),
            machine: Machine::default(),
            started: None,
            stopped: None,
            spawnerr: None,
            exitstatus: None,
            last_exit: None,
            is_killed: false,
            stop_request: None,
            sent_signal: None,
            ended: None,
            stdout: Output::of(&config.stdout()),
            stderr: Output::of(&config.stderr()),
            stdin_closed: false,
            is_relayed: true,
            stop_report_at: None,
            listener: is_listener.then(Box::default),
            probes: Vec::new(),
            notified_status: None,
            main: None,
            milestones: Milestones::default(),
            runs: Runs::default(),
            memory_check_at: None,
            starts: 0,
            config,
        }
    }

    pub fn id(&self) -> ProcId {
        self.id
    }

    pub fn name(&self) -> &str {
        &self.config.name
    }

    pub fn group(&self) -> &str {
        &self.group
    }

    pub fn config(&self) -> &config::Process {
        &self.config
    }

    pub fn state(&self) -> ProcessState {
        self.machine.state()
    }

    pub fn pid(&self) -> Option<Pid> {
        self.machine.pid()
    }

    /// Whether its child was requested and does not exist yet.
    pub fn is_forking(&self) -> bool {
        matches!(self.machine.phase(), Phase::Forking { .. })
    }

    /// Whether its start waits for a hook.
    pub fn is_preparing(&self) -> bool {
        matches!(self.machine.phase(), Phase::Preparing { .. })
    }

    /// Whether it runs or is about to be started without a request.
    pub fn is_active(&self) -> bool {
        self.machine.is_active()
    }

    /// `group:process`, or the one name of both.
    pub fn full_name(&self) -> String {
        full_name(&self.group, &self.config.name)
    }

    /// The number of consecutive failed starts.
    pub fn tries(&self) -> u32 {
        self.machine.tries()
    }

    /// How many children it has had since it is active.
    pub fn starts(&self) -> u64 {
        self.starts
    }

    /// How often it was started again.
    pub fn restarts(&self) -> u64 {
        self.starts.saturating_sub(1)
    }

    /// When it was last started, successfully or not.
    pub fn started(&self) -> Option<Now> {
        self.started
    }

    /// When it last terminated.
    pub fn stopped(&self) -> Option<Now> {
        self.stopped
    }

    pub fn spawnerr(&self) -> Option<&str> {
        self.spawnerr.as_deref()
    }

    pub fn exitstatus(&self) -> Option<i64> {
        self.exitstatus
    }

    /// How its last child ended; `None` if none has.
    pub fn last_exit(&self) -> Option<LastExit> {
        self.last_exit
    }

    pub fn listener(&self) -> Option<ListenerState> {
        self.listener.as_ref().map(|pool_member| pool_member.protocol.state())
    }

    /// The pid for an event payload: zero if there is none.
    pub(super) fn payload_pid(&self) -> Pid {
        self.pid().unwrap_or(Pid(0))
    }
}
