//! Third-party clients: Ansible's module for supervisorctl with our client and daemon and with the
//! originals; and Python's XML-RPC client.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::daemon::{SERVER, both, conf};
use crate::support::{Daemon, Sandbox, Subject, oracle};

const PROGRAMS: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:lost]\ncommand=/nowhere/at/all\nautostart=false\n\
    [program:pair]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=%(program_name)s-%(process_num)d\n\
    startsecs=0\n";

/// The path of the client; ours is selected by its name.
fn client(subject: Subject, sandbox: &Sandbox) -> String {
    let path = sandbox.path("supervisorctl");
    match subject {
        Subject::Ours => symlink(env!("CARGO_BIN_EXE_supkit"), &path).expect("links can be made"),
        Subject::Original => {
            symlink(oracle::bin("supervisorctl"), &path).expect("links can be made");
        }
    }
    path.to_string_lossy().into_owned()
}

/// Ansible's result of one task, without what differs from run to run.
fn task(sandbox: &Sandbox, path: &str, arguments: &serde_json::Value) -> String {
    let mut all = arguments.clone();
    all["supervisorctl_path"] = path.into();
    all["config"] = sandbox.path("d.conf").to_string_lossy().into();
    sandbox.write("task.json", &serde_json::json!({ "ANSIBLE_MODULE_ARGS": all }).to_string());
    let ansible = oracle::home().join("ansible");
    let module = ansible.join("supervisorctl.py");
    assert!(module.exists(), "{} is missing: run `make tools`", module.display());
    let mut command: Command = sandbox.command(oracle::bin("python"));
    command.env("PYTHONPATH", &ansible).arg(&module).arg(sandbox.path("task.json"));
    let output = command.output().expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut results: serde_json::Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    let fields = results.as_object_mut().expect("an object");
    fields.retain(|name, _| !["invocation", "cmd"].contains(&name.as_str()));
    format!("{arguments} -> {results}\n")
}

fn playbook(subject: Subject) -> String {
    let sandbox = Sandbox::new();
    let first = format!("{SERVER}{PROGRAMS}");
    let second = first.replace("[program:pair]", "[program:fresh]");
    let daemon = Daemon::start(subject, &sandbox, &first);
    daemon.wait_for_count("entered RUNNING state", 3);
    let path = client(subject, &sandbox);
    let mut results = String::new();
    let mut play = |arguments: serde_json::Value| results += &task(&sandbox, &path, &arguments);
    let plain = |name: &str, state: &str| serde_json::json!({ "name": name, "state": state });
    for (name, state) in [
        ("web", "started"),
        ("web", "stopped"),
        ("web", "stopped"),
        ("web", "started"),
        ("web", "restarted"),
        ("pair:", "restarted"),
        ("pair:pair-0", "stopped"),
        ("pair:", "started"),
        ("nope", "started"),
        ("lost", "started"),
        ("web", "present"),
        ("web", "absent"),
    ] {
        play(plain(name, state));
    }
    play(serde_json::json!({ "name": "web", "state": "signalled", "signal": "CONT" }));
    sandbox.write("d.conf", &conf(&second));
    play(plain("fresh", "present"));
    play(plain("fresh:", "started"));
    play(serde_json::json!({ "name": "web", "state": "absent", "stop_before_removing": true }));
    play(plain("all", "stopped"));
    results
}

#[test]
fn ansible_plays_the_same_with_us() {
    let [ours, original] = both(playbook);
    assert_eq!(ours, original);
}

/// Calls by Python's client; answers are printed as Python shows them.
const CALLS: &str = r#"
import sys, xmlrpc.client
url = sys.stdin.read().strip()
proxy = xmlrpc.client.ServerProxy(url)
def ask(method, *params):
    function = proxy
    for part in method.split("."):
        function = getattr(function, part)
    try:
        answer = function(*params)
        if method == "supervisor.stopProcessGroup":
            # Processes that are stopped together end in any order.
            answer.sort(key=str)
        print(method, params, answer)
    except xmlrpc.client.Fault as fault:
        print(method, params, fault)
    except xmlrpc.client.ProtocolError as error:
        print(method, params, error.errcode)
ask("supervisor.getAPIVersion")
ask("supervisor.getSupervisorVersion")
ask("supervisor.getIdentification")
ask("supervisor.getState")
ask("supervisor.startProcess", "web")
ask("supervisor.stopProcess", "web")
ask("supervisor.startProcess", "web", False)
ask("supervisor.stopProcessGroup", "pair", True)
ask("supervisor.startAllProcesses")
ask("supervisor.startProcess", "grüße")
ask("supervisor.sendProcessStdin", "web", "grüße <&> \n")
ask("supervisor.nothing")
ask("system.methodSignature", "supervisor.startProcess")
ask("system.multicall", [{"methodName": "supervisor.getAPIVersion", "params": []}, {"methodName": "x"}])
ask("supervisor.reloadConfig")
mine, proxy = proxy, xmlrpc.client.ServerProxy(url.replace("me:", "you:"))
ask("supervisor.getState")
proxy = mine
ask("supervisor.shutdown")
"#;

fn called(subject: Subject) -> String {
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    let server = format!(
        "[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=s3cret\n\
         [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = \
         supervisor.rpcinterface:make_main_rpcinterface\n"
    );
    let daemon = Daemon::start(subject, &sandbox, &format!("{server}{PROGRAMS}"));
    daemon.wait_for_count("entered RUNNING state", 3);
    oracle::python(CALLS, &format!("http://me:s3cret@127.0.0.1:{port}/RPC2"))
}

#[test]
fn pythons_own_client_gets_the_same_answers() {
    assert_eq!(called(Subject::Ours), called(Subject::Original));
}
