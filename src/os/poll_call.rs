//! The descriptors for which another process waits in `poll(2)`, read from its memory without stopping
//! it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// More descriptors than a process may have open.
const MAX_DESCRIPTORS: u64 = 1 << 20;

/// The length of a `struct pollfd`.
const ENTRY: usize = 8;

/// One entry of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polled {
    pub number: i32,
    pub for_reading: bool,
    pub for_writing: bool,
}

/// What a process waits for; `None` if it does anything else at the moment. That includes a call that
/// returns at once, unless the process is stopped there.
pub fn of(pid: i32) -> io::Result<Option<Vec<Polled>>> {
    let call = || fs::read_to_string(format!("/proc/{pid}/syscall"));
    let before = call()?;
    let Some((address, count)) = arguments(&before) else { return Ok(None) };
    let length = usize::try_from(count.min(MAX_DESCRIPTORS)).map_err(io::Error::other)? * ENTRY;
    let mut bytes = vec![0; length];
    File::open(format!("/proc/{pid}/mem"))?.read_exact_at(&mut bytes, address)?;
    // The memory belongs to the call only if that has not ended meanwhile.
    Ok((call()? == before).then(|| bytes.chunks_exact(ENTRY).map(entry).collect()))
}

/// Address and number of the entries, from `NUMBER ARGUMENT...` in `/proc/PID/syscall`.
fn arguments(text: &str) -> Option<(u64, u64)> {
    let mut words = text.split_whitespace();
    let number: libc::c_long = words.next()?.parse().ok()?;
    if !CALLS.contains(&number) {
        return None;
    }
    let mut argument = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    Some((argument()?, argument()?))
}

/// The numbers of the call.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub const CALLS: &[libc::c_long] = &[libc::SYS_poll, libc::SYS_ppoll];
#[cfg(all(target_os = "linux", not(target_arch = "x86_64")))]
pub const CALLS: &[libc::c_long] = &[libc::SYS_ppoll];
#[cfg(not(target_os = "linux"))]
pub const CALLS: &[libc::c_long] = &[];

fn entry(bytes: &[u8]) -> Polled {
    let number = i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let events = i16::from_ne_bytes([bytes[4], bytes[5]]);
    Polled {
        number,
        for_reading: events & libc::POLLIN != 0,
        for_writing: events & libc::POLLOUT != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn only_poll_has_entries() {
        let poll = "7 0x7ffc0010 0x3 0x3e8 0x0 0x0 0x0 0x7ffc 0x7f00\n";
        assert_eq!(arguments(poll), Some((0x7ffc_0010, 3)));
        for other in ["running\n", "-1 0x7ffc 0x7f00\n", "0 0x3 0x7ffc 0x10 0x0 0x0 0x0 0x1 0x2\n"]
        {
            assert_eq!(arguments(other), None, "{other}");
        }
    }

    #[test]
    fn an_entry_has_a_descriptor_and_what_it_waits_for() {
        let bytes = [5, 0, 0, 0, 4, 0, 0, 0];
        assert_eq!(entry(&bytes), Polled { number: 5, for_reading: false, for_writing: true });
    }
}
