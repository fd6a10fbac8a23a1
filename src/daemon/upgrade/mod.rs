//! Replaces the program of the daemon while everything runs on: the new program is asked whether it can
//! read the state (`checking`, `check_effects`), then this process executes it (`continuing`,
//! `replacing`).

mod check_effects;
mod check_program;
pub(super) mod checking;
mod continuing;
pub(super) mod format;
pub(super) mod head;
pub mod program;
pub(super) mod replacing;
mod waiting;

pub use check_program::check_main;
pub use checking::CHECK_PROGRAM;
pub use replacing::{Received, receive};
