//! What is written to the audit log about one call: its result, and its arguments without secrets.

use serde_json::{Map, Value as Json};

use super::answer::{Answer, Outcome, Pending};
use super::method::Param;
use super::record::{AuditResult, shortened};
use super::value::{Name, Value};
use crate::conf::secrets::{is_secret_name, masked};
use crate::core::jobs::JobId;

/// Instead of a secret.
const MASK: &str = "***";
/// The most elements of a list that are written.
const MAX_ELEMENTS: usize = 16;
/// How deep lists and structs are written.
const MAX_DEPTH: usize = 3;

/// What came of a call.
pub fn result_of(answer: &Answer) -> AuditResult {
    match answer {
        Err(fault) if fault.refusal().is_some() => AuditResult::Refused(fault.string.clone()),
        Err(fault) => AuditResult::Fault(fault.clone()),
        Ok(Outcome::Later(pending)) => pending.job().map_or(AuditResult::Done, AuditResult::Job),
        Ok(Outcome::Now(_)) => AuditResult::Done,
    }
}

impl Pending {
    /// The job that it waits for.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Started { job, .. }
            | Self::Stopped { job }
            | Self::Finished { job }
            | Self::Begun { job } => Some(*job),
            Self::Batch(batch) => batch.job,
            Self::Progress { .. } | Self::Multicall(_) => None,
        }
    }
}

/// The arguments of a call without secrets.
pub(super) fn arguments(params: &[Param], values: &[Value]) -> Vec<Json> {
    let argument = |(at, value): (usize, &Value)| match params.get(at) {
        Some(param) if param.is_secret => Json::from(MASK),
        _ => json(value, 0),
    };
    values.iter().take(MAX_ELEMENTS).enumerate().map(argument).collect()
}

fn json(value: &Value, depth: usize) -> Json {
    match value {
        Value::Array(_) | Value::Struct(_) if depth == MAX_DEPTH => Json::from("..."),
        Value::Int(number) => Json::from(*number),
        Value::Bool(flag) => Json::from(*flag),
        Value::Double(number) => Json::from(*number),
        Value::Str(text) | Value::DateTime(text) => Json::from(shortened(&masked(text))),
        Value::Bytes(_) => Json::from(MASK),
        Value::Array(all) => {
            all.iter().take(MAX_ELEMENTS).map(|value| json(value, depth + 1)).collect()
        }
        Value::Struct(members) => {
            let member = |(name, value): &(Name, Value)| {
                let secret = is_secret_name(name);
                let value = if secret { Json::from(MASK) } else { json(value, depth + 1) };
                (shortened(name), value)
            };
            Json::Object(members.iter().take(MAX_ELEMENTS).map(member).collect::<Map<_, _>>())
        }
        Value::Log(_) | Value::Encoded(_) | Value::Nil => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_long_arguments_are_shortened() {
        let options = Value::Struct(vec![
            ("command".into(), Value::str("/bin/cat")),
            ("environment".into(), Value::str("DB_PASSWORD=\"x\",A=1")),
            ("api_key".into(), Value::str("x")),
        ]);
        let long = Value::str("x".repeat(1000));
        let many = Value::Array(vec![Value::Int(1); 1000]);
        let shown = arguments(&[], &[Value::str("web"), Value::Bool(true), options, long, many]);
        assert_eq!(shown[..2], [Json::from("web"), Json::from(true)]);
        assert_eq!(
            shown[2].to_string(),
            r#"{"api_key":"***","command":"/bin/cat","environment":"DB_PASSWORD=\"***\",A=1"}"#
        );
        assert_eq!(shown[3].as_str().map(str::len), Some(256 + 3));
        assert_eq!(shown[4].as_array().map(Vec::len), Some(MAX_ELEMENTS));
    }

    #[test]
    fn a_secret_parameter_is_never_shown() {
        let chars = Param { name: "chars", kind: "string", is_optional: false, is_secret: true };
        let shown = arguments(&[chars], &[Value::str("hunter2")]);
        assert_eq!(shown, [Json::from(MASK)]);
    }
}
