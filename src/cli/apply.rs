//! `supkit generate --apply`: a daemon that runs reads its configuration again, and only the programs
//! that changed are stopped and started. It speaks RPC, like any client.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::ctl;
use crate::rpc::fault::Code;

use super::deployment::{Deployment, is_absent, say};

/// Tells the daemon of `conf`, if one runs.
pub(super) fn apply(conf: &str) -> Result<ExitCode> {
    // An update is answered when all that must stop has stopped, and that has its own limit.
    let mut client = Deployment::read(conf)?.client()?.timeout(None);
    match client.call("supkit.updateMinimal", &[]) {
        Ok(answer) => {
            for line in ctl::update_lines(&answer).context("reading the daemon's answer")? {
                say(&line);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if is_absent(&error) => {
            say("no daemon runs here; bin/run starts one");
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
