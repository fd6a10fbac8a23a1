//! Debian's Prometheus scrapes the daemon, and its promtool checks the metrics and the alert rules.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::site::{self, ACCOUNT, SLEEP};
use crate::support::{Sandbox, wait_until};

const TOKEN: &str = "0123456789abcdef0123";
const CRASH: &str = "[program:crash]\ncommand=/bin/sh -c 'exit 3'\nstartretries=1\n\
    [program:a\"b\\c]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
    [eventlistener:watch]\ncommand=/bin/cat\nevents=TICK_3600\n";

fn curl(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let output = sandbox.command("curl").args(["-sS"]).args(arguments).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn promtool(sandbox: &Sandbox, arguments: &[&str], input: &str) -> Output {
    let mut child = sandbox
        .command("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    child.stdin.take().expect("stdin is piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("promtool ends")
}

#[test]
fn prometheus_scrapes_the_daemon_and_promtool_has_no_complaint() {
    let sandbox = Sandbox::new();
    let (port, own_port) = (sandbox.port(), sandbox.port());
    let server = format!("{ACCOUNT}metrics_token={TOKEN}\n");
    let daemon = site::start(&sandbox, port, &server, &format!("{SLEEP}{CRASH}"));
    daemon.wait_for_log("gave up: crash");
    let address = format!("http://127.0.0.1:{port}/metrics");
    curl(&sandbox, &["-u", "user:pw", "--data", CALL, &address.replace("metrics", "RPC2")]);
    let text = curl(&sandbox, &["-u", "user:pw", &address]);
    let checked = promtool(&sandbox, &["check", "metrics"], &text);
    let complaints = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && complaints.is_empty(), "{complaints}\n{text}");

    sandbox.write(
        "prometheus.yml",
        &format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: supkit\n    \
             authorization: {{credentials: {TOKEN}}}\n    \
             static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
        ),
    );
    let log = std::fs::File::create(sandbox.path("prometheus.log")).expect("a log");
    let mut prometheus = sandbox
        .command("prometheus")
        .arg("--config.file=prometheus.yml")
        .arg(format!("--storage.tsdb.path={}", sandbox.path("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{own_port}"))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("prometheus starts");
    let query = |text: &str| {
        let query = format!("query={text}");
        let url = format!("http://127.0.0.1:{own_port}/api/v1/query");
        let answer = curl(&sandbox, &["--get", "--data-urlencode", &query, &url]);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let results = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        results
            .iter()
            .map(|it| it["value"][1].as_str().unwrap_or("").to_owned())
            .collect::<Vec<_>>()
    };
    wait_until("the daemon is scraped", || query("up{job='supkit'}") == ["1"]);
    for (text, expected) in [
        ("supkit_process_up{process='sleep'}", "1"),
        ("supkit_process_state{process='crash',state='FATAL'}", "1"),
        ("supkit_process_failures_total{process='crash'}", "2"),
        (r#"supkit_process_up{process="a\"b\\c"}"#, "1"),
        ("supkit_rpc_requests_total{method='supervisor.getState',result='success'}", "1"),
        ("supkit_rpc_duration_seconds_count{method='supervisor.getState'}", "1"),
        ("supkit_event_pool_buffered_events{pool='watch'}", "0"),
        ("count(supkit_build_info)", "1"),
    ] {
        let found = query(text);
        assert!(found.first().is_some_and(|it| it == expected), "{text}: {found:?}");
    }
    prometheus.kill().expect("it runs");
    prometheus.wait().expect("it ends");
}

const CALL: &str = "<methodCall><methodName>supervisor.getState</methodName><params/></methodCall>";

#[test]
fn promtool_accepts_the_alert_rules() {
    let sandbox = Sandbox::new();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring/alerts.yml");
    let rules = rules.to_str().expect("a path of UTF-8");
    let checked = promtool(&sandbox, &["check", "rules", rules], "");
    let text = String::from_utf8_lossy(&checked.stdout).into_owned()
        + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{text}");
    assert!(text.contains("9 rules found"), "{text}");
}
