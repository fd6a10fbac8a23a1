//! The access rules of one server.

use crate::http::origin::OriginPolicy;

/// The rules of the server that accepted a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPolicy {
    /// The section of the configuration.
    pub section: String,
    pub origins: OriginPolicy,
    /// Actions by `GET` are executed without confirmation, as in Supervisor.
    pub get_actions: bool,
}
