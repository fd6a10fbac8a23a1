//! A parsed request.

use serde::{Deserialize, Serialize};

use super::form;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    Http10,
    Http11,
}

/// A request; `body` is `None` if the request had none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub method: String,
    /// The request target: path, parameters and query.
    pub target: String,
    pub version: Version,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// The first header field with this name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The decoded path, without `;parameters`, query and fragment.
    pub fn path(&self) -> String {
        let end = self.target.find(['?', '#']).unwrap_or(self.target.len());
        let decoded = form::percent_decode(&self.target[..end]);
        let end = decoded.find(';').unwrap_or(decoded.len());
        decoded[..end].to_owned()
    }

    /// The part after the question mark.
    pub fn query(&self) -> &str {
        let target = self.target.split('#').next().unwrap_or_default();
        target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether the connection stays open after the reply.
    pub fn is_keep_alive(&self) -> bool {
        let connection = self.header("connection").unwrap_or_default();
        let has_token =
            |word: &str| connection.split(',').any(|t| t.trim().eq_ignore_ascii_case(word));
        match self.version {
            Version::Http10 => has_token("keep-alive"),
            Version::Http11 => !has_token("close"),
        }
    }
}
