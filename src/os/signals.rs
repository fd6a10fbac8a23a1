//! Signals to this process, as numbers that are read from a descriptor.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

pub const HUP: i32 = libc::SIGHUP;
pub const INT: i32 = libc::SIGINT;
pub const QUIT: i32 = libc::SIGQUIT;
pub const USR1: i32 = libc::SIGUSR1;
pub const USR2: i32 = libc::SIGUSR2;
pub const TERM: i32 = libc::SIGTERM;
pub const CHLD: i32 = libc::SIGCHLD;
pub const TSTP: i32 = libc::SIGTSTP;
pub const CONT: i32 = libc::SIGCONT;
pub const STOP: i32 = libc::SIGSTOP;
pub const WINCH: i32 = libc::SIGWINCH;

/// The process that sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub pid: i32,
    pub uid: u32,
}

/// Received signals, each at most once, in order of arrival.
pub struct Signals {
    reader: UnixStream,
    pending: Vec<(i32, Arc<Raised>)>,
}

/// A signal that may have been raised, and its sender; the pid 0 is that of the kernel.
#[derive(Default)]
struct Raised {
    is_pending: AtomicBool,
    pid: AtomicI32,
    uid: AtomicU32,
}

impl Raised {
    /// Called by a handler; false if the signal was pending before.
    fn raise(&self, info: &libc::siginfo_t) -> bool {
        if self.is_pending.swap(true, Ordering::SeqCst) {
            return false;
        }
        // Positive codes are those of the kernel.
        let sender = (info.si_code <= 0).then(|| {
            // SAFETY: a signal that a process sent has these members.
            unsafe { (info.si_pid(), info.si_uid()) }
        });
        let (pid, uid) = sender.unwrap_or_default();
        self.pid.store(pid, Ordering::SeqCst);
        self.uid.store(uid, Ordering::SeqCst);
        true
    }
}

impl Signals {
    /// Installs handlers for `numbers`. A signal that is already pending is not queued again, so
    /// the pipe between handler and reader cannot fill up.
    pub fn catch(numbers: &[i32]) -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        let writer = Arc::new(writer);
        let mut pending = Vec::with_capacity(numbers.len());
        for &number in numbers {
            let raised = Arc::new(Raised::default());
            let (flag, pipe) = (Arc::clone(&raised), Arc::clone(&writer));
            let byte = u8::try_from(number).map_err(io::Error::other)?;
            let action = move |info: &libc::siginfo_t| {
                if flag.raise(info) {
                    let _ = (&*pipe).write(&[byte]);
                }
            };
            // SAFETY: the action only changes atomics and writes to a descriptor, both of which are
            // async-signal-safe; errno is kept by the registry around it.
            unsafe { signal_hook_registry::register_sigaction(number, action) }?;
            pending.push((number, raised));
        }
        // A signal that arrived before, during an execve, is handled now instead of ending the process.
        unblock(numbers)?;
        Ok(Self { reader, pending })
    }

    /// The signals received since the last call. A signal during the call is returned now or by the
    /// next call.
    pub fn take(&mut self) -> Vec<i32> {
        let mut bytes = [0; 64];
        let Ok(count) = self.reader.read(&mut bytes) else { return Vec::new() };
        let mut taken = Vec::with_capacity(count);
        for byte in &bytes[..count] {
            let number = i32::from(*byte);
            if let Some((_, raised)) = self.pending.iter().find(|(known, _)| *known == number) {
                raised.is_pending.store(false, Ordering::SeqCst);
                taken.push(number);
            }
        }
        taken
    }

    /// The process that last sent a signal; `None` if that was the kernel or a terminal.
    pub fn sender(&self, number: i32) -> Option<Sender> {
        let (_, raised) = self.pending.iter().find(|(known, _)| *known == number)?;
        let (pid, uid) = (raised.pid.load(Ordering::SeqCst), raised.uid.load(Ordering::SeqCst));
        (pid > 0).then_some(Sender { pid, uid })
    }
}

/// Delays these signals, also across an execve, until they are [`unblock`]ed.
pub fn block(numbers: &[i32]) -> io::Result<()> {
    Ok(set(numbers)?.thread_block()?)
}

/// Unblocks signals, which the parent process may have blocked.
pub fn unblock(numbers: &[i32]) -> io::Result<()> {
    Ok(set(numbers)?.thread_unblock()?)
}

fn set(numbers: &[i32]) -> io::Result<SigSet> {
    let mut set = SigSet::empty();
    for &number in numbers {
        set.add(Signal::try_from(number)?);
    }
    Ok(set)
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

/// Ignores SIGPIPE and SIGXFSZ, so that they become errors of the write call.
pub fn ignore_write_signals() -> io::Result<()> {
    for number in [Signal::SIGPIPE, Signal::SIGXFSZ] {
        // SAFETY: ignoring a signal installs no handler.
        unsafe { signal(number, SigHandler::SigIgn) }?;
    }
    Ok(())
}

/// Sends a signal to a process or, with `group`, to its process group. Signal zero only checks that
/// the process exists.
pub fn kill(pid: i32, number: i32, group: bool) -> io::Result<()> {
    let target = if group { -pid } else { pid };
    // SAFETY: kill takes two numbers and touches no memory of ours.
    match unsafe { libc::kill(target, number) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether a process ends by this signal because of a defect of its own.
pub fn is_fault(number: i32) -> bool {
    use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP].contains(&number)
}

/// Stops this process and those of its pipeline, as Ctrl-Z does. Returns when they are continued.
pub fn stop_job() -> io::Result<()> {
    // The own group is process 0.
    kill(0, libc::SIGSTOP, false)
}

/// Whether a process with this id exists, of any user.
pub fn exists(pid: i32) -> bool {
    kill(pid, 0, false).map_or_else(|error| error.raw_os_error() != Some(libc::ESRCH), |()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_signals_are_returned_once_in_order_of_arrival() {
        let mut signals = Signals::catch(&[libc::SIGUSR1, libc::SIGUSR2, libc::SIGWINCH]).unwrap();
        for number in [libc::SIGUSR2, libc::SIGWINCH, libc::SIGUSR2] {
            // Raised synchronously, so that this thread has handled it when the call returns.
            signal_hook::low_level::raise(number).unwrap();
        }
        assert_eq!(signals.take(), [libc::SIGUSR2, libc::SIGWINCH]);
        let own = Sender { pid: nix::unistd::getpid().as_raw(), uid: super::super::users::uid() };
        assert_eq!(signals.sender(libc::SIGUSR2), Some(own));
        assert_eq!(signals.sender(libc::SIGUSR1), None);
        assert_eq!(signals.take(), Vec::<i32>::new());
        signal_hook::low_level::raise(libc::SIGUSR2).unwrap();
        assert_eq!(signals.take(), [libc::SIGUSR2]);
    }

    #[test]
    fn a_signal_that_was_delayed_is_caught() {
        // Its default is to end the process.
        let number = libc::SIGXCPU;
        block(&[number]).unwrap();
        signal_hook::low_level::raise(number).unwrap();
        let mut signals = Signals::catch(&[number]).unwrap();
        assert_eq!(signals.take(), [number]);
    }
}
