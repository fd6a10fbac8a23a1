//! supervisorctl: a client of the daemon over XML-RPC and log streams. Start reading at
//! [`actions`], the table, and [`dispatch`].

pub mod client;
pub mod framing;
pub mod head;

mod action;
mod actions;
mod complete;
mod config;
mod connection;
mod daemon;
mod disabling;
mod dispatch;
mod error;
mod exit;
mod extras;
mod fg;
mod follow;
mod graph;
mod groups;
pub mod harmless_text;
mod help;
mod input;
mod jobs;
mod json;
mod log_files;
mod log_output;
mod names;
pub mod notice;
mod patterns;
mod plan;
mod processes;
mod rolling;
mod server;
mod session;
mod shell;
mod socket;
mod status;
mod status_options;
mod tail;
mod trust;
mod update;
mod upgrade;
mod url;
mod why;
mod wide;

pub use actions::{Documented, documented as actions};
pub use graph::table as graph_table;
pub use help::reference;
pub use plan::lines as update_lines;
pub use server::{Channel, read_log};

use crate::conf::ctl::Settings;

/// The exit status after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Executes the command line, or runs the interactive shell if there is none. Returns the exit
/// status.
pub fn run(settings: Settings) -> std::io::Result<u8> {
    let words = settings.words.clone();
    let mut session = session::Session::new(settings)?;
    if words.is_empty() {
        shell::run(&mut session);
        return Ok(exit::SUCCESS);
    }
    Ok(match dispatch::perform(&mut session, &words.join(" ")) {
        Ok(_) => session.status,
        Err(dispatch::Interrupted) => INTERRUPTED,
    })
}
