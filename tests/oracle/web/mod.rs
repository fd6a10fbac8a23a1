//! The web interface and everything else over plain HTTP: the same requests to both programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::daemon::both;
use crate::support::{Daemon, Sandbox, Subject, oracle};

const CONF: &str = include_str!("../rpc/calls.conf");
const REQUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/web/requests.py");

/// The request that the original never answers.
const HANGS_THE_ORIGINAL: &str = "GET /index.html;x";

/// Where the original hangs or fails, our answer; and the one header that it misreads.
fn permitted() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("password no colon", json!([401, "Basic realm=\"default\""])),
        (HANGS_THE_ORIGINAL, json!([200])),
        ("GET /?action=nope", json!([400])),
        ("GET /?action=start", json!([400])),
        ("keep 1.0 keep", json!([200, true])),
    ])
}

fn answers(subject: Subject) -> BTreeMap<String, Value> {
    let sandbox = Sandbox::new();
    let port = sandbox.port().to_string();
    let daemon = Daemon::start(subject, &sandbox, &CONF.replace("{port}", &port));
    let output = sandbox
        .command(oracle::bin("python"))
        .args([REQUESTS.as_ref(), sandbox.dir().as_os_str(), port.as_ref()])
        .args((subject == Subject::Original).then_some(HANGS_THE_ORIGINAL))
        .output()
        .expect("python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{subject:?}: {errors}\n{}", daemon.log());
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

#[test]
fn every_request_is_answered_as_by_the_original() {
    let [ours, original] = both(answers);
    assert_eq!(original.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    let permitted = permitted();
    let mut differences = Vec::new();
    for (label, theirs) in &original {
        let wanted = permitted.get(label.as_str()).unwrap_or(theirs);
        if *wanted != ours[label] {
            differences.push(format!("{label}\n  wanted: {wanted}\n  ours:   {}", ours[label]));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
