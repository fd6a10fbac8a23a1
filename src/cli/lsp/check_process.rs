//! A check in a process of its own: it may change its user as the daemon would, wait for a name server,
//! and is ended when its texts are outdated.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::lsp::check::{CheckRequest, Checked};

/// The program name under which this program checks the texts on standard input.
pub(in crate::cli) const CHECK_PROGRAM: &str = "supkit-lsp-check";

type CheckResult = Result<Checked, String>;

pub(super) struct CheckProcess {
    request: CheckRequest,
    child: Child,
    output: ChildStdout,
    read: Vec<u8>,
}

impl CheckProcess {
    pub(super) fn start(request: CheckRequest) -> io::Result<Self> {
        let text = serde_json::to_vec(&request)?;
        let (child, mut input, output) = spawn()?;
        let process = Self { request, child, output, read: Vec::new() };
        // It reads everything before it writes.
        input.write_all(&text)?;
        Ok(process)
    }

    pub(super) fn request(&self) -> &CheckRequest {
        &self.request
    }

    /// Readable when a part of the result is there.
    pub(super) fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Reads a part. The result, if it is complete.
    pub(super) fn read(&mut self) -> Option<(CheckRequest, CheckResult)> {
        let mut bytes = vec![0; 1 << 16];
        match self.output.read(&mut bytes) {
            Ok(0) => {
                let result = serde_json::from_slice(&self.read);
                Some((self.request.clone(), result.map_err(|error| error.to_string())))
            }
            Ok(count) => {
                self.read.extend_from_slice(&bytes[..count]);
                None
            }
            Err(error) => Some((self.request.clone(), Err(error.to_string()))),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "not the daemon; the child is this program")]
fn spawn() -> io::Result<(Child, ChildStdin, ChildStdout)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg0(CHECK_PROGRAM).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(input), Some(output)) => Ok((child, input, output)),
        _ => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

impl Drop for CheckProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
