//! A child that answers on its standard output, which is read when it has ended. Nothing waits for it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use crate::os::locale;
use crate::os::spawn::ChildSpec;

pub(super) fn null() -> io::Result<OwnedFd> {
    Ok(File::options().read(true).write(true).open("/dev/null")?.into())
}

/// How it is started, and where its answer arrives.
pub(super) fn answering(
    program: &str,
    argv: Vec<OsString>,
    stdin: OwnedFd,
) -> io::Result<(ChildSpec, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let spec = ChildSpec {
        program: program.into(),
        argv,
        environment: locale::environment(),
        directory: None,
        umask: None,
        settings: Vec::new(),
        leads_group: true,
        user: None,
        stdin,
        stdout: theirs.into(),
        stderr: Some(null()?),
    };
    Ok((spec, ours))
}
