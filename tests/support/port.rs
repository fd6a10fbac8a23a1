//! TCP ports that stay a test's own until it ends.
//!
//! A port that was bound and released belongs to whoever comes first. These ports are locked instead:
//! a file for each, locked as long as its [`Port`] lives, in whichever process. They
//! lie below the range from which the kernel takes the ports of outgoing connections.

use std::fs::{self, File};
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

const LOCKS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/ports");
/// Above what services usually have.
const FIRST: u16 = 15_000;

pub struct Port {
    number: u16,
    _lock: Flock<File>,
}

impl Port {
    pub fn reserve() -> Self {
        fs::create_dir_all(LOCKS).expect("a directory for locks");
        let mut numbers: Vec<u16> = candidates().collect();
        // Processes begin in different places, so that they seldom meet.
        let start = std::process::id() as usize * 37 % numbers.len();
        numbers.rotate_left(start);
        numbers
            .into_iter()
            .find_map(|number| Some(Self { number, _lock: locked_and_free(number)? }))
            .unwrap_or_else(|| panic!("no port is free: all are locked in {LOCKS}"))
    }

    pub fn number(&self) -> u16 {
        self.number
    }
}

fn candidates() -> Range<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let ephemeral = range.split_whitespace().next().and_then(|first| first.parse().ok());
    FIRST..ephemeral.unwrap_or(32_768).max(FIRST + 1000)
}

/// The lock of a port that is ours now and that no other program listens on.
fn locked_and_free(number: u16) -> Option<Flock<File>> {
    let path = Path::new(LOCKS).join(number.to_string());
    let file = File::create(path).ok()?;
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()?;
    TcpListener::bind(("0.0.0.0", number)).ok()?;
    Some(lock)
}
