//! The event types of Supervisor's listener protocol: names and inheritance. Payloads are in
//! `core::event`.

/// An event type. Abstract types include all their subtypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventType {
    Event,
    ProcessState,
    ProcessStateStopped,
    ProcessStateExited,
    ProcessStateStarting,
    ProcessStateStopping,
    ProcessStateBackoff,
    ProcessStateFatal,
    ProcessStateRunning,
    ProcessStateUnknown,
    ProcessCommunication,
    ProcessCommunicationStdout,
    ProcessCommunicationStderr,
    ProcessLog,
    ProcessLogStdout,
    ProcessLogStderr,
    RemoteCommunication,
    SupervisorStateChange,
    SupervisorStateChangeRunning,
    SupervisorStateChangeStopping,
    Tick,
    Tick5,
    Tick60,
    Tick3600,
    ProcessGroup,
    ProcessGroupAdded,
    ProcessGroupRemoved,
}

use serde::{Deserialize, Serialize};

use EventType as E;

/// The table of types: type, name, parent.
const TABLE: &[(E, &str, E)] = &[
    (E::Event, "EVENT", E::Event),
    (E::ProcessState, "PROCESS_STATE", E::Event),
    (E::ProcessStateStopped, "PROCESS_STATE_STOPPED", E::ProcessState),
    (E::ProcessStateExited, "PROCESS_STATE_EXITED", E::ProcessState),
    (E::ProcessStateStarting, "PROCESS_STATE_STARTING", E::ProcessState),
    (E::ProcessStateStopping, "PROCESS_STATE_STOPPING", E::ProcessState),
    (E::ProcessStateBackoff, "PROCESS_STATE_BACKOFF", E::ProcessState),
    (E::ProcessStateFatal, "PROCESS_STATE_FATAL", E::ProcessState),
    (E::ProcessStateRunning, "PROCESS_STATE_RUNNING", E::ProcessState),
    (E::ProcessStateUnknown, "PROCESS_STATE_UNKNOWN", E::ProcessState),
    (E::ProcessCommunication, "PROCESS_COMMUNICATION", E::Event),
    (E::ProcessCommunicationStdout, "PROCESS_COMMUNICATION_STDOUT", E::ProcessCommunication),
    (E::ProcessCommunicationStderr, "PROCESS_COMMUNICATION_STDERR", E::ProcessCommunication),
    (E::ProcessLog, "PROCESS_LOG", E::Event),
    (E::ProcessLogStdout, "PROCESS_LOG_STDOUT", E::ProcessLog),
    (E::ProcessLogStderr, "PROCESS_LOG_STDERR", E::ProcessLog),
    (E::RemoteCommunication, "REMOTE_COMMUNICATION", E::Event),
    (E::SupervisorStateChange, "SUPERVISOR_STATE_CHANGE", E::Event),
    (E::SupervisorStateChangeRunning, "SUPERVISOR_STATE_CHANGE_RUNNING", E::SupervisorStateChange),
    (
        E::SupervisorStateChangeStopping,
        "SUPERVISOR_STATE_CHANGE_STOPPING",
        E::SupervisorStateChange,
    ),
    (E::Tick, "TICK", E::Event),
    (E::Tick5, "TICK_5", E::Tick),
    (E::Tick60, "TICK_60", E::Tick),
    (E::Tick3600, "TICK_3600", E::Tick),
    (E::ProcessGroup, "PROCESS_GROUP", E::Event),
    (E::ProcessGroupAdded, "PROCESS_GROUP_ADDED", E::ProcessGroup),
    (E::ProcessGroupRemoved, "PROCESS_GROUP_REMOVED", E::ProcessGroup),
];

impl EventType {
    /// All types with their names, including abstract ones.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.iter().map(|(kind, name, _)| (*kind, *name))
    }

    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("EVENT", |row| row.1)
    }

    /// Parses a name as in `events=`, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    fn parent(self) -> Self {
        TABLE.iter().find(|row| row.0 == self).map_or(E::Event, |row| row.2)
    }

    /// Whether a subscription to `of` includes this type.
    pub fn is_a(self, of: Self) -> bool {
        self == of || (self != E::Event && self.parent().is_a(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_type_once_and_inheritance_ends_in_event() {
        for (kind, name) in EventType::all() {
            assert_eq!(EventType::from_name(&name.to_lowercase()), Some(kind));
            assert!(kind.is_a(EventType::Event));
        }
        assert!(EventType::Tick5.is_a(EventType::Tick));
        assert!(!EventType::Tick5.is_a(EventType::Tick60));
    }
}
