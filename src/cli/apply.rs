//! `supkit generate --apply`: a running daemon rereads its configuration and restarts only the
//! programs that changed. Uses XML-RPC, like any client.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::ctl;
use crate::rpc::fault::Code;

use super::deployment::{Deployment, is_not_listening, print_line};

/// How long a daemon may take to answer whether it runs.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether a daemon of this configuration answers.
pub(super) fn is_running(conf: &str) -> bool {
    let client = Deployment::read(conf).and_then(|deployment| deployment.client());
    client.is_ok_and(|client| {
        client.timeout(Some(PROBE_TIMEOUT)).call("supervisor.getState", &[]).is_ok()
    })
}

/// Updates the daemon of `conf`, if one is running.
pub(super) fn apply(conf: &str) -> Result<ExitCode> {
    // An update returns when all stops are complete; each has its own time limit.
    let mut client = Deployment::read(conf)?.client()?.timeout(None);
    match client.call("supkit.updateMinimal", &[]) {
        Ok(answer) => {
            for line in ctl::update_lines(&answer).context("reading the daemon's answer")? {
                print_line(&line);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if is_not_listening(&error) => {
            print_line("no daemon runs here; bin/run starts one");
            Ok(ExitCode::SUCCESS)
        }
        Err(error)
            if error.fault().is_some_and(|fault| fault.code == Code::UnknownMethod.number()) =>
        {
            bail!(
                "the daemon at {} is Supervisor's own\n\
                 `supervisorctl update` lets it restart the groups that changed",
                client.serverurl()
            )
        }
        Err(error) => bail!("asking the daemon to update: {error}"),
    }
}
