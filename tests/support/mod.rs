//! Shared by the tests: a temporary directory, the daemon under test (ours or the original), and
//! waiting for a condition. All processes that a test starts are killed at its end.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test file uses its own part of this"
)]

pub mod book;
pub mod book_session;
pub mod book_text;
pub mod browser;
pub mod build;
pub mod ctl;
pub mod daemon;
pub mod follower;
pub mod oracle;
pub mod orphans;
pub mod port;
pub mod project;
pub mod rng;
pub mod sandbox;
pub mod terminal;
pub mod tls;
pub mod wait;
pub mod web_server;

pub use daemon::{Daemon, Subject};
pub use sandbox::Sandbox;
pub use wait::wait_until;

/// Everything that a program printed: standard output, then standard error.
pub fn printed(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}
