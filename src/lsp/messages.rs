//! JSON-RPC: requests, notifications and replies.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The number of a request: a number or a string.
pub(super) type Id = Value;

/// A message of the client.
#[derive(Debug)]
pub(super) enum Message {
    Request {
        id: Id,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    /// The reply to a request of the server, which makes none.
    Reply,
    /// It is not JSON, or not JSON-RPC. The number is null if it is unknown.
    Invalid {
        id: Id,
        error: Failure,
    },
}

impl Message {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let value: Value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) => {
                let error = Failure::new(Code::ParseError, format!("not JSON: {error}"));
                return Self::Invalid { id: Value::Null, error };
            }
        };
        let id = value.get("id").filter(|id| id.is_number() || id.is_string()).cloned();
        let method = value.get("method").and_then(Value::as_str).map(str::to_owned);
        let params = value.get("params").cloned().unwrap_or_default();
        match (id, method) {
            (Some(id), Some(method)) => Self::Request { id, method, params },
            (None, Some(method)) if value.get("id").is_none() => {
                Self::Notification { method, params }
            }
            (_, None) if value.get("result").is_some() || value.get("error").is_some() => {
                Self::Reply
            }
            (id, _) => {
                let error = Failure::new(Code::InvalidRequest, "neither request nor notification");
                Self::Invalid { id: id.unwrap_or_default(), error }
            }
        }
    }
}

/// The errors of a reply, with the numbers of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    ParseError = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    InternalError = -32603,
    ServerNotInitialized = -32002,
    RequestFailed = -32803,
    RequestCancelled = -32800,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    code: Code,
    message: String,
}

impl Failure {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The parameters of a request.
pub(super) fn params<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    serde_json::from_value(params)
        .map_err(|error| Failure::new(Code::InvalidParams, error.to_string()))
}

pub(super) fn reply(id: &Id, result: Result<Value, Failure>) -> Value {
    match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(Failure { code, message }) => {
            let error = json!({"code": code as i32, "message": message});
            json!({"jsonrpc": "2.0", "id": id, "error": error})
        }
    }
}

pub(super) fn notification(method: &str, params: &impl serde::Serialize) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}
