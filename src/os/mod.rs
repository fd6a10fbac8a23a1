//! The only home of `nix`, `libc` and `unsafe`. Knows nothing of the rest of the house: numbers,
//! paths and descriptors go in and out.

#![allow(
    unsafe_code,
    reason = "the kernel is met here and nowhere else; each block says why it is sound"
)]

pub mod clock;
pub mod daemonize;
pub mod errno;
pub mod files;
pub mod interrupt;
pub mod limits;
pub mod logfile;
pub mod poller;
pub mod ready;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod stream;
pub mod syslog;
pub mod tty;
pub mod users;
pub mod wait;
