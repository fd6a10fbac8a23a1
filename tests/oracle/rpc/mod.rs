//! Every method of the XML-RPC interface, called in the same order with the same configuration: the
//! answers are the same except for what is listed here.

mod long_logs;
mod namespaces;

use std::collections::BTreeMap;

use crate::support::daemon::both;
use crate::support::{Daemon, Sandbox, Subject, oracle};
use serde_json::Value;

const CONF: &str = include_str!("calls.conf");
const CALLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/rpc/calls.py");

/// All answers of one daemon, by call.
fn answers(subject: Subject) -> BTreeMap<String, Value> {
    let sandbox = Sandbox::new();
    let conf = CONF.replace("{port}", &sandbox.port().to_string());
    let daemon = Daemon::start(subject, &sandbox, &conf);
    let output = sandbox
        .command(oracle::bin("python"))
        .arg(CALLS)
        .arg(sandbox.dir())
        .output()
        .expect("python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{subject:?}: {errors}\n{}", daemon.log());
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// Whether the original fails where supkit answers with a fault.
fn is_breakdown(theirs: &Value, ours: &Value) -> bool {
    theirs[0] == "http" && theirs[1] == 500 && ours[0] == "fault" && ours[1] == 2
}

#[test]
fn every_call_is_answered_as_by_the_original() {
    let [ours, original] = both(answers);
    assert_eq!(original.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    let mut differences = Vec::new();
    for (call, theirs) in &original {
        let mine = &ours[call];
        if theirs != mine && !is_breakdown(theirs, mine) {
            differences.push(format!("{call}\n  original: {theirs}\n  ours:     {mine}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
