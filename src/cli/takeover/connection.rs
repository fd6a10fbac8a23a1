//! The connection to the daemon of a configuration.

use std::io;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::cli::deployment::url_of;
use crate::conf::config::{Bind, HttpServer, Secret};
use crate::conf::ctl::{self, Invocation};
use crate::ctl::client::{Client, ClientError, Trust};
use crate::daemon::real_host::RealHost;
use crate::daemon::takeover::Target;

/// The time limit for calls.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How a password begins that is a hash, which clients cannot send.
const HASH: &str = "{SHA}";

/// A client of the daemon: by one of its servers, or else as `[supervisorctl]` describes it.
pub(super) fn open(target: &Target, file: &str) -> Result<Client> {
    let servers = &target.config.servers;
    let is_usable = |server: &&HttpServer| {
        server.credentials().is_none_or(|known| !known.password.starts_with(HASH))
    };
    let is_unix = |server: &&HttpServer| matches!(server.bind, Bind::Unix(_));
    let usable = || servers.iter().filter(is_usable);
    match usable().find(is_unix).or_else(|| usable().next()) {
        Some(server) => Ok(by_server(server)),
        None => by_settings(file),
    }
}

fn by_server(server: &HttpServer) -> Client {
    let known = server.credentials();
    let (user, password) = (known.map(|it| it.username), known.map(|it| it.password));
    Client::open(&url_of(server), user, password).timeout(Some(CALL_TIMEOUT))
}

fn by_settings(file: &str) -> Result<Client> {
    let words = ["-c", file, "pid"].map(str::to_owned);
    match ctl::parse(&words, "supervisorctl", &RealHost) {
        Ok(Invocation::Run(settings)) => {
            let options = settings.options;
            let password = options.password.as_ref().map(Secret::as_str);
            let client = Client::open(&options.serverurl, options.username.as_deref(), password);
            Ok(client.trusting(Trust::System).timeout(Some(CALL_TIMEOUT)))
        }
        Ok(Invocation::Help) => bail!("no server of {file} can be used"),
        Err(refused) => bail!(refused.explain(io::IsTerminal::is_terminal(&io::stderr()))),
    }
}

/// The error for people.
pub(super) fn explain(client: &Client, error: &ClientError) -> anyhow::Error {
    let url = client.serverurl();
    match error {
        ClientError::Status { code: 401, .. } => anyhow::anyhow!(
            "{url} wants another username or password\nset `username` and `password` of \
             [supervisorctl] in the configuration"
        ),
        ClientError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("this user may not connect to {url}\nrun this command as root")
        }
        ClientError::Io(_) | ClientError::Closed => anyhow::anyhow!(
            "no daemon answers at {url}: {error}\nif none runs, there is nothing to take over: start \
             supervisord"
        ),
        error => anyhow::anyhow!("{url}: {error}"),
    }
}
