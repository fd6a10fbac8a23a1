//! The output format `--json`: results of the daemon with the names of the XML-RPC interface.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use crate::rpc::value::Value;

/// Splits `--json` from the other words.
pub(super) fn split_json_flag(rest: &str) -> (bool, String) {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let before = words.len();
    words.retain(|word| *word != "--json");
    (words.len() < before, words.join(" "))
}

pub(super) fn from(value: &Value) -> Json {
    match value {
        Value::Int(number) => Json::from(*number),
        Value::Bool(flag) => Json::from(*flag),
        Value::Double(number) => Json::from(*number),
        Value::Str(text) | Value::DateTime(text) => Json::from(text.as_str()),
        Value::Bytes(bytes) => Json::from(BASE64_STANDARD.encode(bytes)),
        Value::Array(items) => items.iter().map(from).collect(),
        Value::Struct(members) => {
            members.iter().map(|(name, value)| (name.to_string(), from(value))).collect()
        }
        // A decoded reply contains the text of a log, and values.
        Value::Nil | Value::Log(_) | Value::Encoded(_) => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_flag_may_be_anywhere() {
        assert_eq!(split_json_flag("web --json api"), (true, "web api".to_owned()));
        assert_eq!(split_json_flag("web"), (false, "web".to_owned()));
    }

    #[test]
    fn values_keep_their_names_and_types() {
        let members = [("pid", Value::Int(7)), ("up", Value::Bool(true))];
        let value = Value::Array(vec![Value::record(members), Value::Nil]);
        assert_eq!(from(&value).to_string(), r#"[{"pid":7,"up":true},null]"#);
    }
}
