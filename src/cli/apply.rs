//! `supkit generate --apply`: a daemon that runs reads its configuration again, and only the groups
//! that changed are stopped and started. It speaks RPC, like any client.

use std::process::ExitCode;

use crate::rpc::value::Value;

use super::deployment::Deployment;

/// Tells the daemon of `conf`, if one runs.
pub(super) fn apply(conf: &str) -> Result<ExitCode, String> {
    let deployment = Deployment::read(conf)?;
    let mut client = deployment.client();
    if client.call("supervisor.getState", &[]).is_err() {
        println(&format!("no daemon runs with {conf}; bin/run starts one"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut call = |method: &str, params: &[Value]| {
        client.call(method, params).map_err(|error| format!("{method}: {error}"))
    };
    let answer = call("supervisor.reloadConfig", &[])?;
    let [added, changed, removed] = groups(&answer)?;
    for name in removed.iter().chain(&changed) {
        call("supervisor.stopProcessGroup", &[Value::from(name.as_str())])?;
        call("supervisor.removeProcessGroup", &[Value::from(name.as_str())])?;
        println(&format!("{name}: stopped"));
    }
    for name in changed.iter().chain(&added) {
        call("supervisor.addProcessGroup", &[Value::from(name.as_str())])?;
        println(&format!("{name}: started anew"));
    }
    if added.len() + changed.len() + removed.len() == 0 {
        println("the daemon runs just this already");
    }
    Ok(ExitCode::SUCCESS)
}
