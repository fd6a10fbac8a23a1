//! The methods of the daemon that `supervisorctl` calls, with typed answers. Knows nothing of what
//! is printed.

use super::client::Client;
use super::error::{ClientError, Result};
use crate::rpc::value::Value;

/// A process as `getProcessInfo` tells of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Info {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) state: i64,
    pub(super) statename: String,
    pub(super) description: String,
    pub(super) pid: i64,
}

/// What a call on many processes did to one of them, or what a call on one came to.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) code: i64,
    pub(super) description: String,
}

/// The groups that a reading of the configuration found different.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<String>,
    pub(super) removed: Vec<String>,
}

/// The log that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Stdout,
    Stderr,
}

impl Channel {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A verb that has a method for one process, for a group and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Signal,
    Clear,
}

impl Verb {
    /// The methods for one, for a group (no such thing for logs), and for all.
    fn methods(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Start => ("startProcess", "startProcessGroup", "startAllProcesses"),
            Self::Stop => ("stopProcess", "stopProcessGroup", "stopAllProcesses"),
            Self::Signal => ("signalProcess", "signalProcessGroup", "signalAllProcesses"),
            Self::Clear => ("clearProcessLogs", "clearProcessLogs", "clearAllProcessLogs"),
        }
    }
}

/// The face of a daemon.
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

    pub(super) fn info(&mut self, name: &str) -> Result<Info> {
        Info::read(&self.call("getProcessInfo", &[Value::str(name)])?)
    }

    pub(super) fn all_info(&mut self) -> Result<Vec<Info>> {
        list(&self.all_info_value()?, Info::read)
    }

    /// The same as it came.
    pub(super) fn all_info_value(&mut self) -> Result<Value> {
        self.call("getAllProcessInfo", &[])
    }

    /// The event listener pools as they came; nothing from a daemon that does not tell of them.
    pub(super) fn event_pools(&mut self) -> Result<Value> {
        match self.0.call("supkit.getEventPools", &[]) {
            Err(ClientError::Fault(_)) => Ok(Value::Nil),
            answer => answer,
        }
    }

    pub(super) fn all_config(&mut self) -> Result<Value> {
        self.call("getAllConfigInfo", &[])
    }

    /// Does something to one process; `words` stand after its name.
    pub(super) fn one(&mut self, verb: Verb, name: &str, words: &[Value]) -> Result<()> {
        self.call(verb.methods().0, &with(name, words)).map(|_| ())
    }

    pub(super) fn group(
        &mut self,
        verb: Verb,
        name: &str,
        words: &[Value],
    ) -> Result<Vec<Verdict>> {
        list(&self.call(verb.methods().1, &with(name, words))?, Verdict::read)
    }

    pub(super) fn all(&mut self, verb: Verb, words: &[Value]) -> Result<Vec<Verdict>> {
        list(&self.call(verb.methods().2, words)?, Verdict::read)
    }

    /// The last `bytes` of a log (the first ones to skip, if negative).
    pub(super) fn read_log(&mut self, name: &str, from: Channel, bytes: i64) -> Result<String> {
        let method = match from {
            Channel::Stdout => "readProcessStdoutLog",
            Channel::Stderr => "readProcessStderrLog",
        };
        text(&self.call(method, &[Value::str(name), Value::Int(-bytes), Value::Int(0)])?)
    }

    pub(super) fn read_main_log(&mut self, bytes: i64) -> Result<String> {
        text(&self.call("readLog", &[Value::Int(-bytes), Value::Int(0)])?)
    }

    pub(super) fn send_stdin(&mut self, name: &str, chars: &str) -> Result<()> {
        self.call("sendProcessStdin", &[Value::str(name), Value::str(chars)]).map(|_| ())
    }

    pub(super) fn reload_config(&mut self) -> Result<Changes> {
        let answer = self.call("reloadConfig", &[])?;
        let Value::Array(outer) = &answer else { return Err(unexpected(&answer)) };
        let Some(Value::Array(three)) = outer.first() else { return Err(unexpected(&answer)) };
        let [added, changed, removed] = three.as_slice() else { return Err(unexpected(&answer)) };
        Ok(Changes {
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

    /// Our own daemon's version; Supervisor's has no such method.
    pub(super) fn supkit_version(&mut self) -> Result<String> {
        text(&self.0.call("supkit.getVersion", &[])?)
    }

    pub(super) fn plan_update(&mut self, groups: &[&str]) -> Result<Value> {
        self.0.call("supkit.planUpdate", &[strings(groups)])
    }

    pub(super) fn update_minimal(&mut self, groups: &[&str]) -> Result<Value> {
        self.0.call("supkit.updateMinimal", &[strings(groups)])
    }
}

impl Info {
    pub(super) fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            group: text(member(value, "group")?)?,
            name: text(member(value, "name")?)?,
            state: number(member(value, "state")?)?,
            statename: text(member(value, "statename")?)?,
            description: text(member(value, "description")?)?,
            pid: number(member(value, "pid")?)?,
        })
    }
}

impl Verdict {
    fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            group: text(member(value, "group")?)?,
            name: text(member(value, "name")?)?,
            code: number(member(value, "status")?)?,
            description: text(member(value, "description")?)?,
        })
    }
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
        Value::Str(_) => "a text",
        Value::DateTime(_) => "a date",
        Value::Bytes(_) => "bytes",
        Value::Array(_) => "a list",
        Value::Struct(_) => "a struct",
        Value::Nil => "nothing",
    };
    ClientError::Malformed(format!("the server answered with {kind} of another shape"))
}

#[cfg(test)]
mod tests {
    use crate::rpc::methods::METHODS;

    /// Every method that is called here, as its quotes in this file tell.
    #[test]
    fn every_method_is_in_the_table() {
        let code = include_str!("server.rs");
        let code = code.split("mod tests").next().unwrap_or_default();
        let quoted = code.split('"').skip(1).step_by(2);
        let methods = quoted.filter(|text| text.chars().any(char::is_uppercase));
        let mut count = 0;
        for name in methods.filter(|text| !text.contains(' ')) {
            let full = if name.contains('.') { name.into() } else { format!("supervisor.{name}") };
            assert!(METHODS.iter().any(|method| method.name == full), "{full}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }
}
