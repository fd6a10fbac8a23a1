//! What the tests share: a directory of their own, the daemon under test (ours or the original), and
//! waiting for a condition. Whatever a test starts is gone when it ends, however it ends.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test file uses its own part of this"
)]

pub mod ctl;
pub mod daemon;
pub mod follower;
pub mod oracle;
pub mod port;
pub mod rng;
pub mod sandbox;
pub mod terminal;
pub mod wait;

pub use daemon::{Daemon, Subject};
pub use sandbox::Sandbox;
pub use wait::wait_until;
