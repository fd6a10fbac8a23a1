//! Which events an account receives: those that contain the output of a program only if it may read
//! the logs of that program.

use crate::conf::events::EventType;
use crate::rpc::access::{Access, Rights};

/// Whether an event is for an account.
pub(super) fn receives(rights: &Rights, kind: EventType, payload: &str) -> bool {
    if rights.are_all() {
        return true;
    }
    if kind.is_a(EventType::RemoteCommunication) {
        return rights.includes(Access::ReadMainLog, "", "");
    }
    if kind.is_a(EventType::ProcessLog) || kind.is_a(EventType::ProcessCommunication) {
        let value = |name: &str| {
            let head = payload.lines().next().unwrap_or_default();
            head.split(' ').find_map(|word| word.strip_prefix(name)).unwrap_or_default()
        };
        return rights.includes(Access::ReadLog, value("groupname:"), value("processname:"));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::account::{Programs, Role};

    #[test]
    fn output_of_other_programs_is_not_received() {
        let programs = Programs(vec!["zope:*".to_owned()]);
        let viewer = Rights::new("v".into(), Role::Viewer, programs);
        let own = "processname:a groupname:zope pid:1 channel:stdout\ngroupname:zope";
        let other = "processname:a groupname:db pid:1 channel:stdout\ngroupname:zope";
        for kind in [EventType::ProcessLogStdout, EventType::ProcessCommunicationStderr] {
            assert!(receives(&viewer, kind, own) && !receives(&viewer, kind, other));
            assert!(receives(&Rights::all(None), kind, other));
        }
        let state = EventType::ProcessStateRunning;
        assert!(receives(&viewer, state, "processname:a groupname:db from_state:STARTING pid:1"));
        assert!(receives(&viewer, EventType::Tick5, "when:5"));
        assert!(!receives(&viewer, EventType::RemoteCommunication, "type:x\ny"));
    }
}
