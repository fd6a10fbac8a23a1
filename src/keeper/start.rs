//! Makes a keeper of the process that the user started, and a child of it the daemon. In the background
//! there is a third one, which waits until the daemon has started and returns to the shell.

use std::io::{self, Read as _};

use super::process::Keeper;
use super::protocol::PASSED_ON;
use crate::os::daemonize::{self, Side};
use crate::os::packets::Packets;
use crate::os::pipe::pipe;
use crate::os::replace;
use crate::os::signals;
use crate::os::wait;

/// What this process is after [`split`].
pub enum Start {
    Daemon(Packets),
    Keeper(Box<Keeper>),
    /// Neither; it exits with this status.
    Nothing(u8),
}

/// Forks. The processes have one thread each.
pub fn split(in_background: bool) -> io::Result<Start> {
    let mut starter = None;
    if in_background {
        let (mut reader, writer) = pipe()?;
        if let Side::Parent(keeper) = daemonize::fork()? {
            drop(writer);
            let has_started = reader.read_exact(&mut [0]).is_ok();
            let status = if has_started { 0 } else { wait::await_end(keeper)?.shell_status() };
            return Ok(Start::Nothing(status));
        }
        starter = Some(writer);
    }
    let program = replace::own_program()?.into();
    let (ours, theirs) = Packets::pair()?;
    // None of them is lost before the keeper passes them on.
    signals::block(&PASSED_ON)?;
    match daemonize::fork()? {
        Side::Parent(daemon) => {
            let keeper = Keeper::new(daemon, ours, program, starter)?;
            signals::unblock(&PASSED_ON)?;
            Ok(Start::Keeper(Box::new(keeper)))
        }
        Side::Child => {
            if !in_background {
                // A terminal then signals the keeper only.
                daemonize::lead_group()?;
                daemonize::write_in_background()?;
            }
            signals::unblock(&PASSED_ON)?;
            Ok(Start::Daemon(theirs))
        }
    }
}
