//! Standard output of the client and the subcommands, unbuffered. The first failed write is kept, so
//! that the exit status can report it; what follows it is discarded.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

/// The error number of the first failed write, or 0.
static FAILURE: AtomicI32 = AtomicI32::new(0);

/// Writes all of `bytes`, unless an earlier write failed.
pub fn write_all(bytes: &[u8]) {
    if has_failed() {
        return;
    }
    if let Err(error) = write_to(&io::stdout(), bytes) {
        FAILURE.store(error as i32, Ordering::Relaxed);
    }
}

/// Writes `text` and a line end.
pub fn write_line(text: &str) {
    write_all(format!("{text}\n").as_bytes());
}

/// Whether a write has failed, or the reader of a pipe is gone.
pub fn has_failed() -> bool {
    FAILURE.load(Ordering::Relaxed) != 0
}

/// The error of the first failed write. A reader that has closed its end is not an error: it has
/// read what it needs.
pub fn error() -> Option<io::Error> {
    match FAILURE.load(Ordering::Relaxed) {
        0 | libc::EPIPE => None,
        code => Some(io::Error::from_raw_os_error(code)),
    }
}

fn write_to(fd: &impl AsFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(fd, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            // A terminal that another program made non-blocking.
            Err(Errno::EAGAIN) => wait_writable(fd)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wait_writable(fd: &impl AsFd) -> nix::Result<()> {
    match poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE) {
        Err(Errno::EINTR) | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn an_error_of_the_device_is_returned() {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        assert_eq!(write_to(&full, b"text"), Err(Errno::ENOSPC));
    }

    #[test]
    fn a_non_blocking_descriptor_receives_everything() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("it can be set");
        let bytes = vec![b'x'; 4_000_000];
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut received = Vec::new();
                theirs.read_to_end(&mut received).expect("it can be read");
                received.len()
            });
            assert_eq!(write_to(&ours, &bytes), Ok(()));
            drop(ours);
            assert_eq!(reader.join().expect("it ends"), bytes.len());
        });
    }
}
