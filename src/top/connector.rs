//! Opens connections to the daemon with the settings of supervisorctl.

use std::io;
use std::time::Duration;

use super::model::methods::{CallError, MULTICALL};
use super::model::snapshot::Snapshot;
use crate::conf::config::Secret;
use crate::conf::sections::supervisorctl::Supervisorctl;
use crate::ctl::client::{Client, ClientError, Trust};

/// How long a daemon may need for a state.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct Connector(pub(super) Supervisorctl);

impl Connector {
    /// `None` waits without limit.
    pub(super) fn client(&self, limit: Option<Duration>) -> Client {
        let Supervisorctl { serverurl, username, password, cacert, .. } = &self.0;
        let trust = cacert.clone().map_or(Trust::System, Trust::Authorities);
        let password = password.as_ref().map(Secret::as_str);
        Client::open(serverurl, username.as_deref(), password).trusting(trust).timeout(limit)
    }
}

/// The state of the daemon.
pub(super) fn snapshot(client: &mut Client) -> Result<Snapshot, ClientError> {
    let answer = client.call(MULTICALL, &Snapshot::calls())?;
    Snapshot::read(&answer).map_err(ClientError::Malformed)
}

/// Why there is no connection, for people.
pub(super) fn reason(error: &ClientError) -> String {
    match error {
        ClientError::Io(error) => match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::ConnectionRefused => "refused connection".to_owned(),
            _ => {
                let text = error.to_string();
                text.split(" (os error").next().unwrap_or_default().to_owned()
            }
        },
        ClientError::Status { code: 401, .. } => {
            "the username or the password is missing or wrong".to_owned()
        }
        error => CallError::of(error).text,
    }
}
