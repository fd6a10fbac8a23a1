//! `supkit lsp`: serves an editor over standard input and output, by the Language Server Protocol.
//!
//! One loop waits for the client and for the process that checks. There are no threads.

mod check_process;
mod checker;

pub(super) use check_process::CHECK_PROGRAM;
pub(super) use checker::main as check;

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use serde_json::Value;

use crate::daemon::real_host::RealHost;
use crate::lsp::framing::{Frames, frame};
use crate::lsp::server::Server;
use crate::lsp::system::System;
use crate::os::ready::wait_readable;
use crate::os::stdout;

use super::real_buildout_env::RealBuildoutEnv;
use check_process::CheckProcess;

#[derive(clap::Args)]
#[command(
    after_help = "The editor starts it, and talks to it over standard input and output. docs/editors.md \
shows the settings of some editors. Exit status: 0 after the requests `shutdown` and `exit`, otherwise 1."
)]
pub(super) struct Args {
    /// The page that explains the codes of problems. The default is the installed one
    #[arg(long, value_name = "URL")]
    docs: Option<String>,
    /// Accepted, because some clients pass it: there is no other way of communication
    #[arg(long)]
    stdio: bool,
}

pub(super) fn main(args: &Args) -> ExitCode {
    if io::stdin().is_terminal() {
        let _ = writeln!(io::stderr(), "supkit lsp is started by an editor: see docs/editors.md");
    }
    let docs = args.docs.clone().or_else(installed_docs);
    match serve(docs.as_deref()) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            let _ = writeln!(io::stderr(), "supkit lsp: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The page of a package, or of a checkout in which the program was built.
fn installed_docs() -> Option<String> {
    let program = std::env::current_exe().ok()?;
    let directory = program.parent()?;
    let pages = ["../share/doc/supkit/reference/check.md", "../../docs/reference/check.md"];
    let page = pages.iter().find_map(|page| directory.join(page).canonicalize().ok())?;
    Some(format!("file://{}", page.to_str()?))
}

/// Serves until the client ends the server or is gone. Returns the exit status.
fn serve(docs: Option<&str>) -> io::Result<u8> {
    let env = RealBuildoutEnv::around("buildout.cfg");
    let system = System { host: &RealHost, env: &env };
    let mut server = Server::new(docs);
    let mut frames = Frames::default();
    let mut check: Option<CheckProcess> = None;
    loop {
        let input = io::stdin();
        let output = check.as_ref().map(CheckProcess::output);
        let watched: Vec<_> = [Some(input.as_fd()), output].into_iter().flatten().collect();
        let ready = wait_readable(&watched, None)?;
        if ready.first() == Some(&true) {
            let mut bytes = vec![0; 1 << 16];
            let count = input.lock().read(&mut bytes)?;
            if count == 0 {
                return Ok(server.status_without_exit());
            }
            frames.add(&bytes[..count]);
            send(server.receive(&messages(&mut frames)?, &system));
            if let Some(status) = server.exit_status() {
                return Ok(status);
            }
        }
        if ready.get(1) == Some(&true) {
            if let Some((request, result)) = check.as_mut().and_then(CheckProcess::read) {
                check = None;
                if !server.is_outdated(&request) {
                    send(server.checked(&request, result, &system));
                }
            }
        }
        if check.as_ref().is_some_and(|check| server.is_outdated(check.request())) {
            check = None;
        }
        if check.is_none() {
            check = server.next_check().map(CheckProcess::start).transpose()?;
        }
        if stdout::has_failed() {
            return Ok(server.status_without_exit());
        }
    }
}

/// All complete messages.
fn messages(frames: &mut Frames) -> io::Result<Vec<Vec<u8>>> {
    let mut messages = Vec::new();
    loop {
        match frames.next_message() {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return Ok(messages),
            Err(error) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string()));
            }
        }
    }
}

fn send(messages: Vec<Value>) {
    for message in messages {
        stdout::write_all(&frame(&message));
    }
}
