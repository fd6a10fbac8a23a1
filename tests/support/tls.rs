//! The certificates of `fixtures/tls`, and a daemon with TLS.

use std::fs;

use super::daemon::{Daemon, Subject};
use super::sandbox::Sandbox;

pub fn fixture(name: &str) -> String {
    format!("{}/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A server whose pair is in its directory, with a second server on a unix socket.
pub struct TlsSite {
    pub sandbox: Sandbox,
    pub port: u16,
}

impl TlsSite {
    /// With the pair of this name.
    pub fn new(pair: &str) -> Self {
        let sandbox = Sandbox::new();
        let port = sandbox.port();
        let site = Self { sandbox, port };
        site.put("pem", pair);
        site.put("key", pair);
        site
    }

    /// Replaces the certificate (`pem`) or the key (`key`) as programs that renew certificates do.
    pub fn put(&self, kind: &str, pair: &str) {
        let target = self.sandbox.path(format!("server.{kind}"));
        let temporary = self.sandbox.path("new");
        fs::copy(fixture(&format!("{pair}.{kind}")), &temporary).expect("it can be written");
        fs::rename(temporary, target).expect("it can be renamed");
    }

    pub fn conf(&self, programs: &str) -> String {
        let port = self.port;
        format!(
            "[unix_http_server]\nfile={{here}}/d.sock\n[inet_http_server]\nport=127.0.0.1:{port}\n\
             username=user\npassword=pw\ncertificate=%(here)s/server.pem\nkey=server.key\n\
             [supervisorctl]\nserverurl=https://localhost:{port}\nusername=user\npassword=pw\n\
             cacert={}\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = \
             supervisor.rpcinterface:make_main_rpcinterface\n{programs}",
            fixture("ca.pem"),
        )
    }

    pub fn start(&self, programs: &str) -> Daemon<'_> {
        Daemon::start(Subject::Ours, &self.sandbox, &self.conf(programs))
    }

    pub fn ctl(&self, args: &[&str]) -> std::process::Output {
        let mut command = Subject::Ours.program(&self.sandbox, "supervisorctl");
        command.args(["-c", "d.conf"]).args(args).output().expect("supervisorctl runs")
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}
