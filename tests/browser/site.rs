//! A daemon with a web interface, for the tests beside this.

use crate::support::{Daemon, Sandbox, Subject};

/// A password, in the configuration and in an address.
pub(crate) const ACCOUNT: &str = "username=user\npassword=pw\n";
pub(crate) const LOGIN: &str = "user:pw@";

pub(crate) const SLEEP: &str = "[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n";

/// Starts the daemon on a port of this machine; `server` has more options of its section.
pub(crate) fn start<'a>(
    sandbox: &'a Sandbox,
    port: u16,
    server: &str,
    programs: &str,
) -> Daemon<'a> {
    let conf = format!(
        "[unix_http_server]\nfile={{here}}/d.sock\n[supervisorctl]\nserverurl=unix://{{here}}/d.sock\n\
         [inet_http_server]\nport=127.0.0.1:{port}\n{server}[rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n{programs}"
    );
    Daemon::start(Subject::Ours, sandbox, &conf)
}
