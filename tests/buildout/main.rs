//! Buildout projects beside zc.buildout itself: the same files and the same command line must give
//! the same values in every section, or the same refusal.

#![allow(clippy::unwrap_used, reason = "what the harness needs and lacks fails the test")]
#![allow(clippy::format_push_string, reason = "cases are put together from pieces")]

mod beside;
mod cases;
mod command;
mod generated;
#[path = "../support/oracle.rs"]
#[allow(unreachable_pub, reason = "shared with the other suites")]
mod oracle;
mod properties;
mod realistic;
