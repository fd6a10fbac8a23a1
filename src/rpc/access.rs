//! What each method and each action of the web page requires, and the rights of an account.
//!
//! States and names are visible to every account. The content of a log, and control over a process,
//! require that `programs` of the account includes it. A call for several processes is refused as a
//! whole if one of them is not included, so that nothing is done by halves.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::conf::account::{Programs, Role};

/// What a call does, and so what it requires. The second column of the method table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Shows states, names and versions.
    See,
    /// Reads a log of the process that the first parameter names.
    ReadLog,
    /// Reads a log of the process that the first parameter names; an empty name means the activity log.
    ReadAnyLog,
    /// Reads the activity log, in which all processes leave traces.
    ReadMainLog,
    /// Reads the audit log.
    ReadAuditLog,
    /// Shows the options of the process that the first parameter names.
    ReadOwnOptions,
    /// Shows options of all processes, such as command lines.
    ReadOptions,
    /// Shows what the configuration file would change.
    ReadPlan,
    /// Controls the process or `group:*` that the first parameter names.
    Control,
    /// Changes the log files of what the first parameter names; without it, of all processes and the
    /// daemon.
    ControlLogs,
    /// Controls the group that the first parameter names.
    ControlGroup,
    /// Controls the processes of a list; the method checks each of them.
    ControlListed,
    /// Controls all processes.
    ControlAll,
    /// Changes the configuration, the daemon, or its activity log.
    Administer,
}

use Access as A;

/// The processes that a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Nothing,
    Named,
    Group,
    /// All that there are now.
    All,
    /// All, present and future.
    Everything,
}

/// The access, the role that it requires, the processes that `programs` must include, and whether it
/// is an action, which is audited.
const TABLE: &[(Access, Role, Scope, bool)] = &[
    (A::See, Role::Viewer, Scope::Nothing, false),
    (A::ReadLog, Role::Viewer, Scope::Named, false),
    (A::ReadAnyLog, Role::Viewer, Scope::Named, false),
    (A::ReadMainLog, Role::Operator, Scope::Everything, false),
    (A::ReadAuditLog, Role::Admin, Scope::Everything, false),
    (A::ReadOwnOptions, Role::Operator, Scope::Named, false),
    (A::ReadOptions, Role::Operator, Scope::Everything, false),
    (A::ReadPlan, Role::Admin, Scope::Nothing, false),
    (A::Control, Role::Operator, Scope::Named, true),
    (A::ControlLogs, Role::Operator, Scope::Named, true),
    (A::ControlGroup, Role::Operator, Scope::Group, true),
    (A::ControlListed, Role::Operator, Scope::Nothing, true),
    (A::ControlAll, Role::Operator, Scope::All, true),
    (A::Administer, Role::Admin, Scope::Nothing, true),
];

impl Access {
    fn row(self) -> &'static (Access, Role, Scope, bool) {
        // A test shows that each access has a row; the last one requires most.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[TABLE.len() - 1])
    }

    /// The role that it requires.
    pub fn role(self) -> Role {
        self.row().1
    }

    /// What a call with this first parameter requires.
    pub(super) fn of(self, name: &str) -> Self {
        match self {
            A::ReadAnyLog if name.is_empty() => A::ReadMainLog,
            A::ControlLogs if name.is_empty() => A::Administer,
            access => access,
        }
    }

    /// Whether it changes something, and so is written to the audit log.
    pub fn is_action(self) -> bool {
        self.row().3
    }

    pub(super) fn scope(self) -> Scope {
        self.row().2
    }
}

/// The rights of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// `None` if no authentication was required.
    pub user: Option<Rc<str>>,
    role: Role,
    programs: Programs,
}

impl Rights {
    /// The rights of an administrator, or of everybody on a server without authentication.
    pub fn all(user: Option<Rc<str>>) -> Self {
        Self { user, role: Role::Admin, programs: Programs::default() }
    }

    pub fn new(user: Rc<str>, role: Role, programs: Programs) -> Self {
        Self { user: Some(user), role, programs }
    }

    pub fn are_all(&self) -> bool {
        self.role == Role::Admin && self.programs.are_all()
    }

    /// Whether the account has such access to one process.
    pub fn includes(&self, access: Access, group: &str, name: &str) -> bool {
        self.role >= access.role()
            && match access.scope() {
                Scope::Nothing => true,
                Scope::Everything => self.programs.are_all(),
                Scope::Named | Scope::Group | Scope::All => self.programs.include(group, name),
            }
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    pub(super) fn programs(&self) -> &Programs {
        &self.programs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::method::Method;
    use crate::rpc::methods::METHODS;

    #[test]
    fn each_access_is_in_the_table_once() {
        let all = [
            A::See,
            A::ReadLog,
            A::ReadAnyLog,
            A::ReadMainLog,
            A::ReadAuditLog,
            A::ReadOwnOptions,
            A::ReadOptions,
            A::ReadPlan,
            A::Control,
            A::ControlLogs,
            A::ControlGroup,
            A::ControlListed,
            A::ControlAll,
            A::Administer,
        ];
        for access in all {
            assert_eq!(TABLE.iter().filter(|row| row.0 == access).count(), 1, "{access:?}");
        }
        assert_eq!(TABLE.len(), all.len());
    }

    /// The scope is found through the first parameter.
    #[test]
    fn what_concerns_a_process_names_it_first() {
        for method in METHODS {
            let needs_name = matches!(method.access.scope(), Scope::Named | Scope::Group);
            let has_name = method.params.first().is_some_and(|param| param.name == "name");
            assert!(!needs_name || has_name, "{}", method.name);
        }
    }

    /// Read as a stranger: which methods a viewer and an operator may call.
    #[test]
    fn the_methods_of_each_role() {
        let of = |role: Role| {
            let methods = METHODS.iter().filter(|method| method.access.role() == role);
            methods.map(Method::own_name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            of(Role::Viewer),
            "getAPIVersion getAllProcessInfo getIdentification getPID getProcessInfo getState \
             getSupervisorVersion getVersion readProcessLog readProcessStderrLog \
             readProcessStdoutLog tailProcessLog tailProcessStderrLog tailProcessStdoutLog \
             listMethods methodHelp methodSignature multicall getAPIVersion getGroupNames \
             awaitJob explainProcess getDependencies getEventPools getGraph getJobs getLastExits \
             getProbes getResourceHistory getResources getSchedules getVersion readLogBytes"
        );
        assert_eq!(
            of(Role::Operator),
            "clearAllProcessLogs clearProcessLog clearProcessLogs getAllConfigInfo readLog \
             readMainLog sendProcessStdin signalAllProcesses signalProcess signalProcessGroup \
             startAllProcesses startProcess startProcessGroup stopAllProcesses stopProcess \
             stopProcessGroup cancelJob disableAllProcesses disableProcess enableAllProcesses \
             enableProcess reloadAllProcesses reloadProcess reloadProcessGroup reopenLogs \
             restartRolling rotateLogs startAutostart"
        );
        assert_eq!(
            of(Role::Admin),
            "addProcessGroup clearLog reloadConfig removeProcessGroup restart sendRemoteCommEvent \
             shutdown addProgramToGroup log removeProcessFromGroup planUpdate stopAndShutdown updateMinimal \
             updateRolling upgrade"
        );
    }
}
