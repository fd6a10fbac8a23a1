//! supervisorctl: a client of the daemon like any other, which speaks XML-RPC and reads log streams.
//! Never touches the supervision itself. [`actions`] is the table to begin with.

pub mod client;

mod actions;
mod complete;
mod config;
mod daemon;
mod error;
mod exit;
mod fg;
mod follow;
mod framing;
mod help;
mod input;
mod json;
mod names;
mod patterns;
mod plan;
mod pools;
mod processes;
mod server;
mod session;
mod shell;
mod status;
mod tail;
mod update;
mod url;
mod wire;

pub use help::reference;
pub use plan::lines as update_lines;

use crate::conf::ctl::Client as Settings;

/// What a program exits with that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Does what the words ask for; without words, what a person types. The answer is the exit status.
pub fn run(settings: Settings) -> std::io::Result<u8> {
    let words = settings.words.clone();
    let mut session = session::Session::new(settings)?;
    if words.is_empty() {
        shell::run(&mut session);
        return Ok(exit::SUCCESS);
    }
    Ok(match actions::perform(&mut session, &words.join(" ")) {
        Ok(_) => session.status,
        Err(actions::Interrupted) => INTERRUPTED,
    })
}
