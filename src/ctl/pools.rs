//! The event listener data in `status --json`: protocol state and buffer size.

use serde_json::{Value as Json, json};

use super::json;
use super::server::{ProcessInfo, text};
use crate::rpc::value::Value;

/// The event listener pools; empty for Supervisor's daemon.
pub(super) struct ListenerPools(Vec<Value>);

impl ListenerPools {
    pub(super) fn new(answer: Value) -> Self {
        match answer {
            Value::Array(pools) => Self(pools),
            _ => Self(Vec::new()),
        }
    }

    /// The JSON of a process, with its listener data.
    pub(super) fn describe(&self, info: &ProcessInfo, value: &Value) -> Json {
        let mut described = json::from(value);
        if let (Some(listener), Json::Object(members)) = (self.listener(info), &mut described) {
            members.insert("eventlistener".to_owned(), listener);
        }
        described
    }

    fn listener(&self, info: &ProcessInfo) -> Option<Json> {
        let is = |value: &Value, member: &str, wanted: &str| {
            value.get(member).is_some_and(|it| text(it).is_ok_and(|it| it == wanted))
        };
        let pool = self.0.iter().find(|pool| is(pool, "group", &info.group))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: &[(&str, Value)]) -> Value {
        let member = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
        Value::Struct(members.iter().map(member).collect())
    }

    #[test]
    fn listener_data_is_added_to_listeners_only() {
        let listener = object(&[("name", Value::str("a")), ("state", Value::str("READY"))]);
        let pools = ListenerPools::new(Value::Array(vec![object(&[
            ("group", Value::str("pool")),
            ("buffered", Value::Int(2)),
            ("buffer_size", Value::Int(10)),
            ("dropped", Value::Int(3)),
            ("listeners", Value::Array(vec![listener])),
        ])]));
        let describe = |group: &str, name: &str| {
            let info =
                ProcessInfo { group: group.into(), name: name.into(), ..ProcessInfo::default() };
            pools.describe(&info, &object(&[("name", Value::str(name))])).to_string()
        };
        assert_eq!(
            describe("pool", "a"),
            r#"{"eventlistener":{"buffer_size":10,"buffered":2,"dropped":3,"state":"READY"},"name":"a"}"#
        );
        assert_eq!(describe("web", "web"), r#"{"name":"web"}"#);
        assert!(ListenerPools::new(Value::Nil).0.is_empty());
    }
}
