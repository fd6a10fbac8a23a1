//! A daemon on a fixture: the original or ours in a sandbox, with a client that drives it.

use std::path::PathBuf;
use std::time::Duration;

use supkit::ctl::client::{Client, ClientError};
use supkit::rpc::value::Value;

use crate::support::daemon::{SERVER, Subject};
use crate::support::wait::comes_true;
use crate::support::{Daemon, Sandbox};

const LEVEL: &str = "[supervisord]\nloglevel=debug\n";

pub struct DaemonFixture<'a> {
    pub subject: Subject,
    pub daemon: Daemon<'a>,
    /// What `{port}` stands for.
    pub port: u16,
    client: Client,
}

/// Repeats a request until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let mut answer = None;
    let found = comes_true(|| {
        answer = ask();
        answer.is_some()
    });
    assert!(found, "waited in vain for {what}");
    answer.expect("it was found")
}

#[track_caller]
pub fn until_true(what: &str, mut ask: impl FnMut() -> bool) {
    until(what, || ask().then_some(()));
}

/// A string as a parameter.
pub fn text(text: &str) -> Value {
    Value::str(text)
}

impl<'a> DaemonFixture<'a> {
    /// Starts a daemon with the usual sections and these.
    #[track_caller]
    pub fn set(subject: Subject, sandbox: &'a Sandbox, sections: &str) -> Self {
        let port = sandbox.port();
        let sections = sections.replace("{port}", &port.to_string());
        let daemon = Daemon::start(subject, sandbox, &Self::rest(&sections));
        let url = format!("unix://{}", sandbox.path("d.sock").display());
        let client = Client::open(&url, None, None).timeout(Some(Duration::from_secs(30)));
        Self { subject, daemon, port, client }
    }

    // `conf` ends inside [supervisord]; a section that occurs twice is merged by the reader.
    fn rest(sections: &str) -> String {
        format!("{}{SERVER}{sections}", LEVEL.trim_start_matches("[supervisord]\n"))
    }

    /// Writes other sections to the configuration file.
    pub fn rewrite(&self, sections: &str) {
        let conf = crate::support::daemon::conf(&Self::rest(sections));
        self.daemon.sandbox.write("d.conf", &conf);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.daemon.sandbox.path(name)
    }

    pub fn read(&self, name: &str) -> String {
        self.daemon.sandbox.read(name)
    }

    pub fn log(&self) -> String {
        self.daemon.log()
    }

    pub fn try_call(&mut self, method: &str, params: &[Value]) -> Result<Value, ClientError> {
        self.client.call(&format!("supervisor.{method}"), params)
    }

    /// Calls a method of the `supervisor` interface that is to succeed.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: &[Value]) -> Value {
        let subject = self.subject;
        self.try_call(method, params)
            .unwrap_or_else(|error| panic!("{subject:?}: {method}{params:?}: {error}"))
    }

    /// Calls a method without parameters of the `supkit` interface.
    #[track_caller]
    pub fn supkit(&mut self, method: &str) -> Value {
        let called = self.client.call(&format!("supkit.{method}"), &[]);
        called.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What supervisorctl prints.
    pub fn supervisorctl(&self, words: &[&str]) -> String {
        let sandbox = self.daemon.sandbox;
        let mut command = self.subject.program(sandbox, "supervisorctl");
        let output = command
            .args(["-s", self.client.serverurl()])
            .args(words)
            .output()
            .expect("supervisorctl");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    pub fn start(&mut self, name: &str) {
        self.call("startProcess", &[text(name)]);
    }

    /// Starts one that may fail to come up, without waiting for it.
    pub fn launch(&mut self, name: &str) {
        let _ = self.try_call("startProcess", &[text(name), Value::Bool(false)]);
    }

    #[track_caller]
    pub fn stop(&mut self, name: &str) {
        self.call("stopProcess", &[text(name)]);
    }

    #[track_caller]
    pub fn kill(&mut self, name: &str) {
        self.call("signalProcess", &[text(name), text("KILL")]);
    }

    #[track_caller]
    pub fn remote(&mut self, data: &str) {
        self.call("sendRemoteCommEvent", &[text("t"), text(data)]);
    }

    #[track_caller]
    pub fn info(&mut self, name: &str) -> Value {
        self.call("getProcessInfo", &[text(name)])
    }

    #[track_caller]
    pub fn state(&mut self, name: &str) -> String {
        let info = self.info(name);
        info.get("statename").and_then(Value::as_str).expect("a state").to_owned()
    }

    #[track_caller]
    pub fn pid_of(&mut self, name: &str) -> i64 {
        self.info(name).get("pid").and_then(Value::as_int).expect("a pid")
    }

    #[track_caller]
    pub fn await_state(&mut self, name: &str, wanted: &str) {
        let what = format!("{name} {wanted} ({:?})", self.subject);
        until_true(&what, || self.state(name) == wanted);
    }
}
