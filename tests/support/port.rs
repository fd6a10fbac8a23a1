//! TCP ports that are reserved for one test.
//!
//! A port that was bound and released may be taken by another process. So each port has a lock file,
//! which is locked while its [`Port`] exists. The ports are below the range for outgoing connections.

use std::fs::{self, File};
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

const LOCKS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/ports");
/// Above the ports of common services.
const FIRST: u16 = 15_000;

pub struct Port {
    number: u16,
    _lock: Flock<File>,
}

impl Port {
    pub fn reserve() -> Self {
        fs::create_dir_all(LOCKS).expect("a directory for locks");
        let mut numbers: Vec<u16> = candidates().collect();
        // Each process starts at a different port to avoid contention.
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

/// The lock of a free port; `None` if it is locked or in use.
fn locked_and_free(number: u16) -> Option<Flock<File>> {
    let path = Path::new(LOCKS).join(number.to_string());
    let file = File::create(path).ok()?;
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()?;
    TcpListener::bind(("0.0.0.0", number)).ok()?;
    Some(lock)
}
