//! A request, as it was understood.

use super::form;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
}

/// A request; the body is there only if one was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// As in the request line: path, parameters, query.
    pub target: String,
    pub version: Version,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// The first header field of this name, in any case of letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The path, decoded, without `;parameters`, query and fragment.
    pub fn path(&self) -> String {
        let end = self.target.find(['?', '#']).unwrap_or(self.target.len());
        let decoded = form::percent_decode(&self.target[..end]);
        let end = decoded.find(';').unwrap_or(decoded.len());
        decoded[..end].to_owned()
    }

    /// What stands behind the question mark.
    pub fn query(&self) -> &str {
        let target = self.target.split('#').next().unwrap_or_default();
        target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether the client leaves the connection open after the answer.
    pub fn is_keep_alive(&self) -> bool {
        let connection = self.header("connection").unwrap_or_default();
        let says = |word: &str| connection.split(',').any(|t| t.trim().eq_ignore_ascii_case(word));
        match self.version {
            Version::Http10 => says("keep-alive"),
            Version::Http11 => !says("close"),
        }
    }
}
