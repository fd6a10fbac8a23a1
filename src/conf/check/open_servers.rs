//! TCP servers without a password that other hosts can reach: every user there may start and stop
//! programs, and change what they read.

use super::lint_input::LintInput;
use super::verdict::OPEN_SERVER;
use crate::conf::config::{Bind, HttpServer, InetServer};
use crate::conf::host::Host;
use crate::conf::sections::http_server::{PASSWORD, USERNAME};
use crate::conf::sections::{http_user, inet_http_server as inet};
use crate::diag::Diagnostic;

pub(super) fn servers(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    // Further accounts protect all servers, also if one of them could not be read.
    if subject.sections().any(|section| http_user::SECTION.is(&section.name)) {
        return Vec::new();
    }
    let found = subject.draft.servers.iter().filter_map(|server| {
        let error = open_server(server, subject.host)
            .filter(|_| has_readable_credentials(subject, server))?;
        Some(error.maybe_at(subject.place(&server.section, inet::PORT.name)))
    });
    found.collect()
}

/// Whether the credentials were read; otherwise it is unknown whether there are any.
fn has_readable_credentials(subject: &LintInput<'_>, server: &HttpServer) -> bool {
    let options = [USERNAME.name, PASSWORD.name];
    let mut entries = options.iter().filter_map(|name| subject.entry(&server.section, name));
    entries.all(|entry| !subject.has_fault_in(entry.value_span()))
}

/// The error, without its position, if other hosts reach the server without a password.
pub fn open_server(server: &HttpServer, host: &dyn Host) -> Option<Diagnostic> {
    let Bind::Inet(InetServer { address: (name, port), .. }) = &server.bind else { return None };
    let is_local = host.address_of(name).is_none_or(|address| address.is_loopback());
    if is_local || server.credentials().is_some_and(|it| !it.password.is_empty()) {
        return None;
    }
    let message = "other hosts can control supervisord without a password".to_owned();
    let help = format!(
        "set `{}` and `{}`, or listen on this host only: `{} = 127.0.0.1:{port}`",
        USERNAME.name,
        PASSWORD.name,
        inet::PORT.name
    );
    Some(Diagnostic::error(OPEN_SERVER, message).help(help))
}
