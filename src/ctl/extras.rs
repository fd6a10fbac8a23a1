//! What `status --json` shows beyond Supervisor's process information: listener data, last
//! exits, dependencies, probes and schedules.

use serde_json::{Value as Json, json};

use super::error::Result;
use super::json;
use super::server::{ProcessInfo, text};
use crate::rpc::value::Value;

const EXIT_STATUS: &str = "exitstatus";

/// What supkit's daemon reports beyond Supervisor's process information; empty for Supervisor's.
pub(super) struct Extras {
    pools: Vec<Value>,
    exits: Vec<Value>,
    dependencies: Vec<Value>,
    probes: Vec<Value>,
    schedules: Vec<Value>,
    resources: Vec<Value>,
}

impl Extras {
    /// `call` returns the answer of a method, or nil if the daemon does not have it.
    pub(super) fn read(mut call: impl FnMut(&str) -> Result<Value>) -> Result<Self> {
        let resources = call("getResources")?.get("processes").cloned();
        let mut items = |method: &str| -> Result<Vec<Value>> { Ok(array(call(method)?)) };
        Ok(Self {
            pools: items("getEventPools")?,
            exits: items("getLastExits")?,
            dependencies: items("getDependencies")?,
            probes: items("getProbes")?,
            schedules: items("getSchedules")?,
            resources: array(resources.unwrap_or(Value::Nil)),
        })
    }

    /// The JSON of a process, with its listener data and its last exit.
    pub(super) fn describe(&self, info: &ProcessInfo, value: &Value) -> Json {
        let mut described = json::from(value);
        if let Json::Object(members) = &mut described {
            let last_exit = own(&self.exits, info);
            // Supervisor's value is 0 after a failed start.
            let status = last_exit.as_ref().and_then(|exit| exit.get(EXIT_STATUS));
            if let Some(status) = status.filter(|_| info.pid == 0) {
                members.insert(EXIT_STATUS.to_owned(), status.clone());
            }
            let extras = [
                ("eventlistener", self.listener(info)),
                ("last_exit", last_exit),
                ("dependencies", own(&self.dependencies, info)),
                ("readiness", own(&self.probes, info)),
                ("schedule", own(&self.schedules, info)),
                ("resources", own(&self.resources, info).map(without_state)),
            ];
            for (name, extra) in extras {
                members.extend(extra.map(|extra| (name.to_owned(), extra)));
            }
        }
        described
    }

    fn listener(&self, info: &ProcessInfo) -> Option<Json> {
        let pool = self.pools.iter().find(|pool| is(pool, "group", &info.group))?;
        let Value::Array(listeners) = pool.get("listeners")? else { return None };
        let listener = listeners.iter().find(|listener| is(listener, "name", &info.name))?;
        Some(json!({
            "state": json::from(listener.get("state")?),
            "buffered": json::from(pool.get("buffered")?),
            "buffer_size": json::from(pool.get("buffer_size")?),
            "dropped": json::from(pool.get("dropped")?),
        }))
    }
}

/// What is there already.
fn without_state(mut resources: Json) -> Json {
    if let Some(members) = resources.as_object_mut() {
        members.retain(|member, _| {
            !["state", "pid", "last_exit", "last_exit_time"].contains(&member.as_str())
        });
    }
    resources
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// What a list has about a process.
fn own(all: &[Value], info: &ProcessInfo) -> Option<Json> {
    let is_wanted = |it: &&Value| is(it, "group", &info.group) && is(it, "name", &info.name);
    let mut found = json::from(all.iter().find(is_wanted)?);
    found.as_object_mut()?.retain(|member, _| member != "group" && member != "name");
    Some(found)
}

fn is(value: &Value, member: &str, wanted: &str) -> bool {
    value.get(member).is_some_and(|it| text(it).is_ok_and(|it| it == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: &[(&'static str, Value)]) -> Value {
        Value::record(members.iter().cloned())
    }

    #[test]
    fn listener_data_and_exits_are_added_where_there_are_any() {
        let listener = object(&[("name", Value::str("a")), ("state", Value::str("READY"))]);
        let pools = Value::Array(vec![object(&[
            ("group", Value::str("pool")),
            ("buffered", Value::Int(2)),
            ("buffer_size", Value::Int(10)),
            ("dropped", Value::Int(3)),
            ("listeners", Value::Array(vec![listener])),
        ])]);
        let exits = Value::Array(vec![object(&[
            ("group", Value::str("g")),
            ("name", Value::str("job")),
            ("description", Value::str("exit status 3")),
        ])]);
        let answer = |method: &str| match method {
            "getEventPools" => pools.clone(),
            "getLastExits" => exits.clone(),
            _ => Value::Nil,
        };
        let extras = Extras::read(|method| Ok(answer(method))).unwrap();
        let describe = |group: &str, name: &str| {
            let info =
                ProcessInfo { group: group.into(), name: name.into(), ..ProcessInfo::default() };
            extras.describe(&info, &object(&[("name", Value::str(name))])).to_string()
        };
        assert_eq!(
            describe("pool", "a"),
            r#"{"eventlistener":{"buffer_size":10,"buffered":2,"dropped":3,"state":"READY"},"name":"a"}"#
        );
        assert_eq!(describe("web", "web"), r#"{"name":"web"}"#);
        assert_eq!(
            describe("g", "job"),
            r#"{"last_exit":{"description":"exit status 3"},"name":"job"}"#
        );
        let of_supervisor = Extras::read(|_| Ok(Value::Nil)).unwrap();
        assert!(of_supervisor.pools.is_empty() && of_supervisor.exits.is_empty());
    }
}
