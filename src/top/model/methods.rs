//! The methods that the interface calls, and what a failed call looks like.

use crate::ctl::client::ClientError;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

pub(in crate::top) const MULTICALL: &str = "system.multicall";
pub(in crate::top) const STATE: &str = "supervisor.getState";
pub(in crate::top) const IDENTIFICATION: &str = "supervisor.getIdentification";
pub(in crate::top) const ALL_INFO: &str = "supervisor.getAllProcessInfo";
pub(in crate::top) const JOBS: &str = "supkit.getJobs";
pub(in crate::top) const RESOURCES: &str = "supkit.getResources";
pub(in crate::top) const EXPLAIN: &str = "supkit.explainProcess";
pub(in crate::top) const GRAPH: &str = "supkit.getGraph";
pub(in crate::top) const PLAN: &str = "supkit.planUpdate";
pub(in crate::top) const UPDATE_MINIMAL: &str = "supkit.updateMinimal";
pub(in crate::top) const UPDATE_ROLLING: &str = "supkit.updateRolling";
pub(in crate::top) const ROLL: &str = "supkit.restartRolling";
pub(in crate::top) const CANCEL: &str = "supkit.cancelJob";
pub(in crate::top) const DISABLE: &str = "supkit.disableProcess";
pub(in crate::top) const ENABLE: &str = "supkit.enableProcess";
pub(in crate::top) const RELOAD_CONFIG: &str = "supervisor.reloadConfig";
pub(in crate::top) const ADD_GROUP: &str = "supervisor.addProcessGroup";
pub(in crate::top) const REMOVE_GROUP: &str = "supervisor.removeProcessGroup";
pub(in crate::top) const START: &str = "supervisor.startProcess";
pub(in crate::top) const START_GROUP: &str = "supervisor.startProcessGroup";
pub(in crate::top) const STOP: &str = "supervisor.stopProcess";
pub(in crate::top) const STOP_GROUP: &str = "supervisor.stopProcessGroup";
pub(in crate::top) const SIGNAL: &str = "supervisor.signalProcess";
pub(in crate::top) const SIGNAL_GROUP: &str = "supervisor.signalProcessGroup";
pub(in crate::top) const CLEAR: &str = "supervisor.clearProcessLogs";

/// Why a call failed: the fault, if it is one, and the sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) struct CallError {
    pub(in crate::top) code: Option<i64>,
    pub(in crate::top) text: String,
}

impl CallError {
    pub(in crate::top) fn of(error: &ClientError) -> Self {
        match error.fault() {
            Some(fault) => Self::of_fault(fault.code, &fault.string),
            None => Self { code: None, text: error.to_string() },
        }
    }

    /// The text without the name of its code, which says nothing more.
    fn of_fault(code: i64, string: &str) -> Self {
        let prefix = Code::from_number(code).map_or("", Code::name);
        let rest = string.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(": "));
        let text = match Code::from_number(code) {
            Some(Code::UnknownMethod) => "this daemon does not support it".to_owned(),
            Some(Code::NotRunning) => "not running".to_owned(),
            Some(Code::AlreadyStarted) => "already started".to_owned(),
            Some(Code::SpawnError) => "it could not be started".to_owned(),
            Some(Code::AbnormalTermination) => "it ended too quickly".to_owned(),
            Some(Code::ShutdownState) => "the daemon is shutting down".to_owned(),
            Some(Code::BadName) => "no such process".to_owned(),
            Some(Code::BadSignal) => "no such signal".to_owned(),
            _ => rest.unwrap_or(string).to_owned(),
        };
        Self { code: Some(code), text }
    }

    pub(in crate::top) fn is(&self, code: Code) -> bool {
        self.code == Some(code.number())
    }

    /// One result of a call for many processes, or of a multicall; `None` if it is a success.
    pub(in crate::top) fn inside(value: &Value) -> Option<Self> {
        let fault = |code: &str, text: &str| {
            let (code, text) = (value.get(code)?.as_int()?, value.get(text)?.as_str()?);
            (code != Code::Success.number()).then(|| Self::of_fault(code, text))
        };
        fault("faultCode", "faultString").or_else(|| fault("status", "description"))
    }
}

/// The parameter of a multicall.
pub(in crate::top) fn calls(methods: &[&str]) -> Value {
    let call = |method: &&str| {
        Value::record([("methodName", Value::str(*method)), ("params", Value::Array(Vec::new()))])
    };
    Value::Array(methods.iter().map(call).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::fault::Fault;
    use crate::rpc::methods::METHODS;

    #[test]
    fn every_method_is_in_the_table() {
        let code = include_str!("methods.rs");
        let code = code.split("/// Why a call failed").next().unwrap_or_default();
        let mut count = 0;
        for name in code.split('"').skip(1).step_by(2) {
            assert!(METHODS.iter().any(|method| method.name == name), "{name}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn faults_become_sentences() {
        let text = |fault| CallError::of(&ClientError::Fault(fault)).text;
        assert_eq!(text(Fault::new(Code::NotRunning, "web")), "not running");
        assert_eq!(
            text(Fault::not_permitted("eva", "has the role viewer")),
            "not permitted: user eva has the role viewer"
        );
        assert_eq!(text(Fault { code: 77, string: "odd".to_owned() }), "odd");
        assert_eq!(CallError::of(&ClientError::Timeout).code, None);
    }
}
