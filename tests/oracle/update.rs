//! Updates that only supkit has: plans and minimal updates; and groups that the twiddler interface
//! changes while they run.

use serde_json::{Value, json};
use std::process::Command;

use crate::support::{Daemon, Sandbox, Subject, oracle, wait_until};

const SERVER: &str = "[unix_http_server]\nfile={here}/d.sock\n[rpcinterface:supervisor]\n\
                      supervisor.rpcinterface_factory = \
                      supervisor.rpcinterface:make_main_rpcinterface\n[rpcinterface:twiddler]\n\
                      supervisor.rpcinterface_factory = \
                      supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n";

const BEFORE: &str = "[program:same]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
                      [program:other]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
                      [group:pair]\nprograms=same,other\n\
                      [program:many]\ncommand=/bin/sleep 1000\nstartsecs=0\nnumprocs=2\n\
                      process_name=many_%(process_num)d\n\
                      [program:gone]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

const AFTER: &str = "[program:same]\ncommand=/bin/sleep 1000\nstartsecs=0\n\
                     [program:other]\ncommand=/bin/sleep 2000\nstartsecs=0\nstopwaitsecs=7\n\
                     [group:pair]\nprograms=same,other\npriority=5\n\
                     [program:many]\ncommand=/bin/sleep 1000\nstartsecs=0\nnumprocs=3\n\
                     process_name=many_%(process_num)d\n\
                     [program:new]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

const CALL: &str = r#"
import json, sys, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
proxy = xmlrpc.client.ServerProxy("http://x", SupervisorTransport(None, None, "unix://" + sys.argv[1]))
method, params = json.loads(sys.argv[2])
for part in method.split("."):
    proxy = getattr(proxy, part)
try:
    print(json.dumps(proxy(*params)))
except xmlrpc.client.Fault as fault:
    print(json.dumps([fault.faultCode, fault.faultString]))
"#;

fn call(sandbox: &Sandbox, method: &str, params: &Value) -> Value {
    let output = Command::new(oracle::bin("python"))
        .args(["-c", CALL])
        .arg(sandbox.path("d.sock"))
        .arg(json!([method, params]).to_string())
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// `name state pid` of all processes.
fn processes(sandbox: &Sandbox) -> Vec<(String, String, i64)> {
    let all = call(sandbox, "supervisor.getAllProcessInfo", &json!([]));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |info: &Value| {
        (text(&info["name"]), text(&info["statename"]), info["pid"].as_i64().unwrap_or_default())
    };
    all.as_array().expect("an array").iter().map(one).collect()
}

fn pid(all: &[(String, String, i64)], name: &str) -> i64 {
    all.iter().find(|row| row.0 == name).map_or(0, |row| row.2)
}

#[test]
fn a_plan_shows_the_changes_and_a_minimal_update_affects_nothing_else() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{BEFORE}"));
    let running =
        |count: usize| processes(&sandbox).iter().filter(|it| it.1 == "RUNNING").count() == count;
    wait_until("all are running", || running(5));
    let before = processes(&sandbox);
    sandbox.write("d.conf", &crate::support::daemon::conf(&format!("{SERVER}{AFTER}")));

    let plan = call(&sandbox, "supkit.planUpdate", &json!([]));
    let conf = sandbox.path("d.conf").display().to_string();
    let text = std::fs::read_to_string(&conf).expect("the file is there");
    let line = |wanted: &str| text.lines().position(|line| line == wanted).map_or(0, |at| at + 1);
    let detail = |process: &str, option: &str, from: &str, to: &str, line: usize| {
        let file = if line == 0 { "" } else { &conf };
        json!({"process": process, "option": option, "from": from, "to": to, "file": file, "line": line})
    };
    let step = |group: &str, action: &str, details: Value| json!({"group": group, "action": action, "error": "", "details": details});
    let many = line("[program:many]");
    let wanted = json!([
        step("new", "added", json!([])),
        step(
            "pair",
            "changed",
            json!([
                detail("", "priority", "999", "5", line("priority=5")),
                detail(
                    "other",
                    "command",
                    "/bin/sleep 1000",
                    "/bin/sleep 2000",
                    line("command=/bin/sleep 2000")
                ),
                detail("other", "stopwaitsecs", "10", "7", line("stopwaitsecs=7")),
                detail("same", "", "", "restarted, unless --minimal", line("[program:same]")),
                detail("other", "", "", "restarted", line("[program:other]")),
            ])
        ),
        step(
            "many",
            "changed",
            json!([
                detail("many_2", "", "", "added", many),
                detail("many_0", "", "", "restarted, unless --minimal", many),
                detail("many_1", "", "", "restarted, unless --minimal", many),
            ])
        ),
        step("gone", "removed", json!([])),
    ]);
    let sorted = |value: &Value| {
        let mut steps = value.as_array().expect("an array").clone();
        for step in &mut steps {
            step["details"].as_array_mut().expect("an array").sort_by_key(Value::to_string);
        }
        steps.sort_by_key(Value::to_string);
        steps
    };
    assert_eq!(sorted(&plan), sorted(&wanted), "{plan:#}");
    assert_eq!(processes(&sandbox), before, "a plan does nothing");

    let done = call(&sandbox, "supkit.updateMinimal", &json!([["pair", "many", "gone"]]));
    let wanted = json!([
        step("gone", "removed", json!([])),
        step("many", "changed", json!([detail("many_2", "", "", "added", 0)])),
        step("pair", "changed", json!([detail("other", "", "", "restarted", 0)])),
    ]);
    assert_eq!(sorted(&done), sorted(&wanted), "{done:#}");
    wait_until("what was changed runs", || running(5));
    let after = processes(&sandbox);
    for same in ["same", "many_0", "many_1"] {
        assert_eq!(pid(&before, same), pid(&after, same), "{same} was touched");
    }
    assert_ne!(pid(&before, "other"), pid(&after, "other"));
    assert!(pid(&after, "many_2") > 0 && pid(&after, "gone") == 0 && pid(&after, "new") == 0);

    sandbox.write(
        "d.conf",
        &crate::support::daemon::conf(
            &format!("{SERVER}{AFTER}").replace("numprocs=3", "numprocs=1"),
        ),
    );
    call(&sandbox, "supkit.updateMinimal", &json!([]));
    wait_until("the new one runs", || running(4));
    let least = processes(&sandbox);
    assert_eq!(pid(&least, "many_0"), pid(&before, "many_0"));
    assert!(pid(&least, "new") > 0 && pid(&least, "many_1") == 0);
    drop(daemon);
}

#[test]
fn a_program_can_be_added_to_a_group_that_runs() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Ours, &sandbox, &format!("{SERVER}{BEFORE}"));
    let twiddle =
        |method: &str, params: Value| call(&sandbox, &format!("twiddler.{method}"), &params);
    assert_eq!(twiddle("getAPIVersion", json!([])), json!("1.0"));
    assert_eq!(twiddle("getGroupNames", json!([])), json!(["gone", "many", "pair"]));
    let options = json!({"command": "/bin/sleep 77", "numprocs": "2", "process_name": "x%(process_num)d",
                         "startsecs": "0", "environment": "A=\"1\""});
    assert_eq!(twiddle("addProgramToGroup", json!(["pair", "extra", options])), json!(true));
    wait_until("they run", || {
        processes(&sandbox).iter().filter(|it| it.0.starts_with('x') && it.1 == "RUNNING").count()
            == 2
    });
    assert_eq!(
        twiddle("addProgramToGroup", json!(["pair", "extra", options])),
        json!([10, "BAD_NAME: x0"])
    );
    assert_eq!(
        twiddle("addProgramToGroup", json!(["nope", "extra", options])),
        json!([10, "BAD_NAME: group: nope"])
    );
    let bad =
        twiddle("addProgramToGroup", json!(["pair", "y", {"command": "x", "priority": "high"}]));
    assert_eq!(bad[0], 2, "{bad}");
    assert_eq!(
        twiddle("addProgramToGroup", json!(["pair", "y", {"command": 7}])),
        json!([2, "INCORRECT_PARAMETERS"])
    );
    assert_eq!(
        twiddle("removeProcessFromGroup", json!(["pair", "x0"])),
        json!([91, "STILL_RUNNING: x0"])
    );
    assert_eq!(call(&sandbox, "supervisor.stopProcess", &json!(["pair:x0"])), json!(true));
    assert_eq!(twiddle("removeProcessFromGroup", json!(["pair", "x0"])), json!(true));
    assert_eq!(
        twiddle("removeProcessFromGroup", json!(["pair", "x0"])),
        json!([10, "BAD_NAME: x0"])
    );
    assert_eq!(twiddle("log", json!(["hello from afar", "WARN"])), json!(true));
    assert_eq!(twiddle("log", json!(["x", "LOUD"])), json!([2, "INCORRECT_PARAMETERS"]));
    daemon.wait_for_log("WARN hello from afar");
    let only = format!("{SERVER}whitelist=getGroupNames, log\n{BEFORE}");
    sandbox.write("d.conf", &crate::support::daemon::conf(&only));
    // The plug-in reads its options when the servers are opened, not on a reread.
    call(&sandbox, "supervisor.reloadConfig", &json!([]));
    assert_eq!(twiddle("getAPIVersion", json!([])), json!("1.0"));
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.wait_for_count("supervisord started with pid", 2);
    assert_eq!(twiddle("getAPIVersion", json!([])), json!([230, "UNKNOWN: getAPIVersion"]));
    assert_eq!(twiddle("getGroupNames", json!([])), json!(["gone", "many", "pair"]));
    let names = call(&sandbox, "system.listMethods", &json!([]));
    assert!(names.as_array().expect("an array").contains(&json!("twiddler.log")));
}
