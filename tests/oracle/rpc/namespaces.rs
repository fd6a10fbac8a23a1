//! The name of an `[rpcinterface:NAME]` is the namespace of its methods.

use serde_json::Value;

use crate::support::daemon::both;
use crate::support::{Daemon, Sandbox, Subject, oracle};

const FACTORY: &str =
    "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface";

/// Calls every method of a list of names and prints the results. Texts of documentation differ.
const CALLS: &str = r#"
import json, sys, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
transport = SupervisorTransport(None, None, "unix://%s/d.sock" % sys.argv[1])
proxy = xmlrpc.client.ServerProxy("http://x", transport)
def call(name, *params):
    try:
        return getattr(proxy, name)(*params)
    except xmlrpc.client.Fault as fault:
        return [fault.faultCode, fault.faultString]
answers = {"listMethods": call("system.listMethods")}
for space in ["supervisor", "other", "a.b", "", "system", "supkit2", "Supervisor"]:
    for name in ["getState", "getSupervisorVersion", "getProcessInfo", "_update", "listMethods", "nothing"]:
        full = space + "." + name
        answers[full] = call(full)
        answers["signature " + full] = call("system.methodSignature", full)
        answers["help " + full] = isinstance(call("system.methodHelp", full), str)
answers["multicall"] = call("system.multicall", [
    {"methodName": name, "params": []} for name in ["other.getState", "supervisor.getState", "a.b.getState"]])
print(json.dumps(answers))
"#;

fn answers(subject: Subject, names: &[&str]) -> Value {
    let sandbox = Sandbox::new();
    let interfaces = names.iter().map(|name| format!("[rpcinterface:{name}]\n{FACTORY}\n"));
    let rest = format!(
        "[unix_http_server]\nfile={{here}}/d.sock\n{}[program:a]\ncommand=/bin/cat\n",
        interfaces.collect::<String>()
    );
    let mut daemon = Daemon::start(subject, &sandbox, &rest);
    let python = oracle::bin("python");
    let output = sandbox.command(python).args(["-c", CALLS]).arg(sandbox.dir()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{subject:?}: {error}");
    daemon.stop();
    let story = daemon.story();
    let logged: Vec<&str> = story.lines().filter(|line| line.contains("RPC interface")).collect();
    let mut answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    answers["log"] = logged.into();
    answers
}

#[test]
fn the_name_of_an_interface_is_its_namespace() {
    let sets: [&[&str]; 5] =
        [&["supervisor"], &["other"], &["supervisor", "other", "a.b"], &["", "system"], &[]];
    for names in sets {
        let [ours, theirs] = both(|subject| answers(subject, names));
        for (call, answer) in theirs.as_object().unwrap() {
            assert_eq!(&ours[call], answer, "{call} with {names:?}");
        }
    }
}
