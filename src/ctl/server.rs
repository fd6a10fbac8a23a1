//! Typed wrappers for the XML-RPC methods that supervisorctl calls.

use super::client::Client;
use super::error::{ClientError, Result};
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

/// The longest part of a log that is read as bytes.
const MAX_BYTES: i64 = 64 * 1024;

/// A process in `getProcessInfo`.
#[derive(Clone, Debug, Default)]
pub(super) struct ProcessInfo {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) state: i64,
    pub(super) statename: String,
    pub(super) description: String,
    pub(super) pid: i64,
    /// Why it is not running, or how it ended against expectation.
    pub(super) spawnerr: String,
}

/// The result of a call for one process.
#[derive(Clone, Debug)]
pub(super) struct ProcessResult {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) code: i64,
    pub(super) description: String,
}

/// The groups that differ after the configuration was reread.
#[derive(Clone, Debug)]
pub(super) struct ConfigChanges {
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<String>,
    pub(super) removed: Vec<String>,
}

/// An output channel of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Stdout,
    Stderr,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// An operation with methods for one process, for a group and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Signal,
    Reload,
    Clear,
}

impl Verb {
    /// The methods for one process, for a group (logs have none) and for all.
    fn methods(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Start => (
                "supervisor.startProcess",
                "supervisor.startProcessGroup",
                "supervisor.startAllProcesses",
            ),
            Self::Stop => (
                "supervisor.stopProcess",
                "supervisor.stopProcessGroup",
                "supervisor.stopAllProcesses",
            ),
            Self::Signal => (
                "supervisor.signalProcess",
                "supervisor.signalProcessGroup",
                "supervisor.signalAllProcesses",
            ),
            Self::Reload => {
                ("supkit.reloadProcess", "supkit.reloadProcessGroup", "supkit.reloadAllProcesses")
            }
            Self::Clear => (
                "supervisor.clearProcessLogs",
                "supervisor.clearProcessLogs",
                "supervisor.clearAllProcessLogs",
            ),
        }
    }
}

/// The methods of a daemon.
pub(super) struct Server<'a>(pub(super) &'a mut Client);

impl Server<'_> {
    fn call(&mut self, method: &str, params: &[Value]) -> Result<Value> {
        self.0.call(&format!("supervisor.{method}"), params)
    }

    pub(super) fn api_version(&mut self) -> Result<String> {
        text(&self.call("getVersion", &[])?)
    }

    pub(super) fn version(&mut self) -> Result<String> {
        text(&self.call("getSupervisorVersion", &[])?)
    }

    pub(super) fn pid(&mut self) -> Result<i64> {
        number(&self.call("getPID", &[])?)
    }

    pub(super) fn info(&mut self, name: &str) -> Result<ProcessInfo> {
        ProcessInfo::read(&self.call("getProcessInfo", &[Value::str(name)])?)
    }

    pub(super) fn all_info(&mut self) -> Result<Vec<ProcessInfo>> {
        list(&self.all_info_value()?, ProcessInfo::read)
    }

    /// The unconverted result.
    pub(super) fn all_info_value(&mut self) -> Result<Value> {
        self.call("getAllProcessInfo", &[])
    }

    /// The result of a method that only supkit has; nil if the daemon is Supervisor's.
    pub(super) fn extension(&mut self, method: &str) -> Result<Value> {
        match self.call_supkit(method, &[]) {
            Err(ClientError::Fault(_)) => Ok(Value::Nil),
            answer => answer,
        }
    }

    pub(super) fn all_config(&mut self) -> Result<Value> {
        self.call("getAllConfigInfo", &[])
    }

    /// Calls the method for one process; `words` are further parameters.
    pub(super) fn one(&mut self, verb: Verb, name: &str, words: &[Value]) -> Result<()> {
        self.0.call(verb.methods().0, &with(name, words)).map(|_| ())
    }

    pub(super) fn group(
        &mut self,
        verb: Verb,
        name: &str,
        words: &[Value],
    ) -> Result<Vec<ProcessResult>> {
        list(&self.0.call(verb.methods().1, &with(name, words))?, ProcessResult::read)
    }

    pub(super) fn all(&mut self, verb: Verb, words: &[Value]) -> Result<Vec<ProcessResult>> {
        list(&self.0.call(verb.methods().2, words)?, ProcessResult::read)
    }

    /// The last `bytes` of a log (a negative number skips the first bytes).
    pub(super) fn read_log(&mut self, name: &str, from: Channel, bytes: i64) -> Result<Vec<u8>> {
        if let Some(log) = self.read_log_bytes(name, from, bytes)? {
            return Ok(log);
        }
        let method = match from {
            Channel::Stdout => "readProcessStdoutLog",
            Channel::Stderr => "readProcessStderrLog",
        };
        let log = self.call(method, &[Value::str(name), Value::Int(-bytes), Value::Int(0)])?;
        text(&log).map(String::into_bytes)
    }

    pub(super) fn read_main_log(&mut self, bytes: i64) -> Result<Vec<u8>> {
        if let Some(log) = self.read_log_bytes("", Channel::Stdout, bytes)? {
            return Ok(log);
        }
        let log = self.call("readLog", &[Value::Int(-bytes), Value::Int(0)])?;
        text(&log).map(String::into_bytes)
    }

    /// The end of a log as it is; nothing if that is too long, or the daemon is Supervisor's.
    fn read_log_bytes(&mut self, name: &str, from: Channel, bytes: i64) -> Result<Option<Vec<u8>>> {
        if !(1..=MAX_BYTES).contains(&bytes) {
            return Ok(None);
        }
        let parameters =
            [Value::str(name), Value::str(from.name()), Value::Int(-bytes), Value::Int(0)];
        match self.call_supkit("readLogBytes", &parameters) {
            Ok(Value::Bytes(log)) => Ok(Some(log)),
            // Base64 of UTF-8 is read as a text, as in Supervisor.
            Ok(Value::Str(log)) => Ok(Some(log.into_bytes())),
            Ok(other) => Err(unexpected(&other)),
            Err(ClientError::Fault(fault)) if fault.code == Code::UnknownMethod.number() => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn send_stdin(&mut self, name: &str, chars: &str) -> Result<()> {
        self.call("sendProcessStdin", &[Value::str(name), Value::str(chars)]).map(|_| ())
    }

    pub(super) fn reload_config(&mut self) -> Result<ConfigChanges> {
        let answer = self.call("reloadConfig", &[])?;
        let Value::Array(outer) = &answer else { return Err(unexpected(&answer)) };
        let Some(Value::Array(three)) = outer.first() else { return Err(unexpected(&answer)) };
        let [added, changed, removed] = three.as_slice() else { return Err(unexpected(&answer)) };
        Ok(ConfigChanges {
            added: list(added, text)?,
            changed: list(changed, text)?,
            removed: list(removed, text)?,
        })
    }

    pub(super) fn add_group(&mut self, name: &str) -> Result<()> {
        self.call("addProcessGroup", &[Value::str(name)]).map(|_| ())
    }

    pub(super) fn remove_group(&mut self, name: &str) -> Result<()> {
        self.call("removeProcessGroup", &[Value::str(name)]).map(|_| ())
    }

    pub(super) fn shutdown(&mut self) -> Result<()> {
        self.call("shutdown", &[]).map(|_| ())
    }

    pub(super) fn restart(&mut self) -> Result<()> {
        self.call("restart", &[]).map(|_| ())
    }

    /// The version of supkit; Supervisor has no such method.
    pub(super) fn supkit_version(&mut self) -> Result<String> {
        text(&self.0.call("supkit.getVersion", &[])?)
    }

    /// Calls a method that only supkit has.
    pub(super) fn call_supkit(&mut self, method: &str, parameters: &[Value]) -> Result<Value> {
        self.0.call(&format!("supkit.{method}"), parameters)
    }

    pub(super) fn plan_update(&mut self, groups: &[&str]) -> Result<Value> {
        self.0.call("supkit.planUpdate", &[strings(groups)])
    }

    /// Begins to replace the program of the daemon; returns the job.
    pub(super) fn upgrade(&mut self, program: &str) -> Result<i64> {
        number(&self.0.call("supkit.upgrade", &[Value::str(program)])?)
    }

    pub(super) fn await_job(&mut self, job: i64) -> Result<Value> {
        self.0.call("supkit.awaitJob", &[Value::Int(job)])
    }

    pub(super) fn jobs(&mut self) -> Result<Value> {
        self.0.call("supkit.getJobs", &[])
    }

    pub(super) fn graph(&mut self) -> Result<Value> {
        self.0.call("supkit.getGraph", &[])
    }

    pub(super) fn explain(&mut self, name: &str) -> Result<Value> {
        self.0.call("supkit.explainProcess", &[Value::str(name)])
    }

    pub(super) fn restart_rolling(
        &mut self,
        names: &[&str],
        max_unavailable: i64,
    ) -> Result<Value> {
        self.0.call("supkit.restartRolling", &[strings(names), Value::Int(max_unavailable)])
    }

    pub(super) fn update_rolling(
        &mut self,
        groups: &[&str],
        max_unavailable: i64,
    ) -> Result<Value> {
        self.0.call("supkit.updateRolling", &[strings(groups), Value::Int(max_unavailable)])
    }

    pub(super) fn update_minimal(&mut self, groups: &[&str]) -> Result<Value> {
        self.0.call("supkit.updateMinimal", &[strings(groups)])
    }
}

impl ProcessInfo {
    pub(super) fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            group: text(member(value, "group")?)?,
            name: text(member(value, "name")?)?,
            state: number(member(value, "state")?)?,
            statename: text(member(value, "statename")?)?,
            description: text(member(value, "description")?)?,
            pid: number(member(value, "pid")?)?,
            spawnerr: value.get("spawnerr").map_or(Ok(String::new()), text)?,
        })
    }
}

impl ProcessResult {
    fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            group: text(member(value, "group")?)?,
            name: text(member(value, "name")?)?,
            code: number(member(value, "status")?)?,
            description: text(member(value, "description")?)?,
        })
    }
}

/// The last `bytes` of the log of a process.
pub fn read_log(client: &mut Client, name: &str, from: Channel, bytes: i64) -> Result<Vec<u8>> {
    Server(client).read_log(name, from, bytes)
}

fn with(name: &str, words: &[Value]) -> Vec<Value> {
    let mut params = vec![Value::str(name)];
    params.extend_from_slice(words);
    params
}

fn strings(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|text| Value::str(*text)).collect())
}

pub(super) fn member<'a>(value: &'a Value, name: &str) -> Result<&'a Value> {
    value.get(name).ok_or_else(|| ClientError::Malformed(format!("the answer lacks `{name}`")))
}

pub(super) fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| unexpected(value))
}

pub(super) fn number(value: &Value) -> Result<i64> {
    value.as_int().ok_or_else(|| unexpected(value))
}

pub(super) fn list<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    match value {
        Value::Array(items) => items.iter().map(read).collect(),
        _ => Err(unexpected(value)),
    }
}

fn unexpected(value: &Value) -> ClientError {
    let kind = match value {
        Value::Int(_) => "a number",
        Value::Bool(_) => "a truth value",
        Value::Double(_) => "a fraction",
        Value::Str(_) | Value::Log(_) => "a text",
        Value::DateTime(_) => "a date",
        Value::Bytes(_) => "bytes",
        Value::Array(_) | Value::Encoded(_) => "a list",
        Value::Struct(_) => "a struct",
        Value::Nil => "nothing",
    };
    ClientError::Malformed(format!("the server answered with {kind} of another shape"))
}

#[cfg(test)]
mod tests {
    use crate::rpc::methods::METHODS;

    /// All methods that are called here, found by their quotes in this file.
    #[test]
    fn every_method_is_in_the_table() {
        let code = include_str!("server.rs");
        let code = code.split("mod tests").next().unwrap_or_default();
        let quoted = code.split('"').skip(1).step_by(2);
        let methods = quoted.filter(|text| text.chars().any(char::is_uppercase));
        let mut count = 0;
        for name in methods.filter(|text| !text.contains(' ')) {
            let is_known = |name: &str| METHODS.iter().any(|method| method.name == name);
            let names = [name.to_owned(), format!("supervisor.{name}"), format!("supkit.{name}")];
            assert!(names.iter().any(|name| is_known(name)), "{name}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }
}
