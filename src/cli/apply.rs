//! `supkit generate --apply`: a daemon that runs reads its configuration again, and only the groups
//! that changed are stopped and started. It speaks RPC, like any client.

use std::process::ExitCode;

use crate::rpc::value::Value;

use super::deployment::{Deployment, is_absent, say};

/// Tells the daemon of `conf`, if one runs.
pub(super) fn apply(conf: &str) -> Result<ExitCode, String> {
    let mut client = Deployment::read(conf)?.client()?.timeout(None);
    match client.call("supervisor.getState", &[]) {
        Err(error) if is_absent(&error) => {
            say("no daemon runs here; bin/run starts one");
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(format!("asking the daemon: {error}")),
        Ok(_) => {}
    }
    let mut call = |method: &str, params: &[Value]| {
        client.call(method, params).map_err(|error| format!("{method}: {error}"))
    };
    let [added, changed, removed] = groups(&call("supervisor.reloadConfig", &[])?);
    for name in removed.iter().chain(&changed) {
        call("supervisor.stopProcessGroup", &[Value::str(name)])?;
        call("supervisor.removeProcessGroup", &[Value::str(name)])?;
        say(&format!("stopped {name}"));
    }
    for name in changed.iter().chain(&added) {
        call("supervisor.addProcessGroup", &[Value::str(name)])?;
        say(&format!("started {name}"));
    }
    if added.len() + changed.len() + removed.len() == 0 {
        say("the daemon runs all of this already");
    }
    Ok(ExitCode::SUCCESS)
}

/// `[[[added, changed, removed]]]`, as `reloadConfig` answers.
fn groups(answer: &Value) -> [Vec<String>; 3] {
    let mut lists = answer;
    while let Value::Array(inner) = lists {
        match inner.as_slice() {
            [only] => lists = only,
            [added, changed, removed] => return [added, changed, removed].map(names),
            _ => break,
        }
    }
    Default::default()
}

fn names(list: &Value) -> Vec<String> {
    let Value::Array(items) = list else { return Vec::new() };
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_reload_config_is_unwrapped() {
        let list = |names: &[&str]| Value::Array(names.iter().map(|n| Value::str(*n)).collect());
        let three = vec![list(&["a"]), list(&[]), list(&["c", "d"])];
        let answer = Value::Array(vec![Value::Array(three)]);
        let [added, changed, removed] = groups(&answer);
        assert_eq!(added, ["a"]);
        assert!(changed.is_empty());
        assert_eq!(removed, ["c", "d"]);
    }
}
