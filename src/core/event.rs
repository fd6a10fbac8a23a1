//! Events and their payloads. A payload is rendered when the event occurs, so it cannot change
//! while the event waits in a buffer.

use serde::{Deserialize, Serialize};

use super::effect::{OutputStream, Pid};
use super::python_repr::text_or_undecodable;
use super::state::ProcessState;
use crate::conf::events::EventType;

/// An event of the listener protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub kind: EventType,
    pub payload: String,
}

/// The process that an event is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub process: &'a str,
    pub group: &'a str,
    pub pid: Pid,
}

/// A transition of a process from one state to another.
#[derive(Clone, Copy, Debug)]
pub struct StateChange {
    pub from: ProcessState,
    pub to: ProcessState,
    pub tries: u32,
    pub expected: bool,
}

impl Event {
    pub fn state(subject: Subject, change: StateChange) -> Self {
        let Subject { process, group, pid } = subject;
        let pid = pid.0;
        let extra = match change.to {
            ProcessState::Starting | ProcessState::Backoff => format!(" tries:{}", change.tries),
            ProcessState::Exited => format!(" expected:{} pid:{pid}", i32::from(change.expected)),
            ProcessState::Running | ProcessState::Stopping | ProcessState::Stopped => {
                format!(" pid:{pid}")
            }
            ProcessState::Fatal | ProcessState::Unknown => String::new(),
        };
        let from = change.from;
        let payload = format!("processname:{process} groupname:{group} from_state:{from}{extra}");
        Self { kind: state_type(change.to), payload }
    }

    pub fn log(subject: Subject, stream: OutputStream, data: &[u8]) -> Self {
        let kind = log_type(stream);
        let Subject { process, group, pid } = subject;
        let (pid, channel, data) = (pid.0, stream.name(), text_or_undecodable(data));
        let payload =
            format!("processname:{process} groupname:{group} pid:{pid} channel:{channel}\n{data}");
        Self { kind, payload }
    }

    pub fn communication(subject: Subject, stream: OutputStream, data: &[u8]) -> Self {
        let kind = communication_type(stream);
        let Subject { process, group, pid } = subject;
        let (pid, data) = (pid.0, text_or_undecodable(data));
        Self { kind, payload: format!("processname:{process} groupname:{group} pid:{pid}\n{data}") }
    }

    pub fn remote(kind: &str, data: &str) -> Self {
        Self { kind: EventType::RemoteCommunication, payload: format!("type:{kind}\n{data}") }
    }

    pub fn group(kind: EventType, name: &str) -> Self {
        Self { kind, payload: format!("groupname:{name}\n") }
    }

    pub fn supervisor(kind: EventType) -> Self {
        Self { kind, payload: String::new() }
    }

    pub fn tick(kind: EventType, when: i64) -> Self {
        Self { kind, payload: format!("when:{when}") }
    }
}

pub(super) fn log_type(stream: OutputStream) -> EventType {
    match stream {
        OutputStream::Stdout => EventType::ProcessLogStdout,
        OutputStream::Stderr => EventType::ProcessLogStderr,
    }
}

pub(super) fn communication_type(stream: OutputStream) -> EventType {
    match stream {
        OutputStream::Stdout => EventType::ProcessCommunicationStdout,
        OutputStream::Stderr => EventType::ProcessCommunicationStderr,
    }
}

pub(super) fn state_type(state: ProcessState) -> EventType {
    match state {
        ProcessState::Stopped => EventType::ProcessStateStopped,
        ProcessState::Starting => EventType::ProcessStateStarting,
        ProcessState::Running => EventType::ProcessStateRunning,
        ProcessState::Backoff => EventType::ProcessStateBackoff,
        ProcessState::Stopping => EventType::ProcessStateStopping,
        ProcessState::Exited => EventType::ProcessStateExited,
        ProcessState::Fatal => EventType::ProcessStateFatal,
        ProcessState::Unknown => EventType::ProcessStateUnknown,
    }
}
