//! Executes the new program, and receives a daemon from the old one. If the new program cannot read what
//! it received, it executes the old one again, whose file is kept open for that.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::ExitCode;

use super::format;
use super::head::{Head, read};
use crate::daemon::descriptors::Descriptors;
use crate::daemon::handover::Saved;
use crate::daemon::keeping::link::Link;
use crate::os::errno;
use crate::os::replace::{self, Program};

/// The numbers of the descriptors of the state and of the program before; then, if that program is executed
/// again, the reason.
pub(in crate::daemon) const VARIABLE: &str = "SUPKIT_STATE";

/// A daemon that was handed over, and is not continued yet.
pub(in crate::daemon) struct Handed {
    pub(in crate::daemon) head: Head,
    /// As JSON.
    pub(in crate::daemon) state: Vec<u8>,
    pub(in crate::daemon) descriptors: Descriptors,
    pub(in crate::daemon) link: Option<Box<Link>>,
}

impl Handed {
    pub(in crate::daemon) fn into_saved(self) -> Result<(Head, Saved, Descriptors), String> {
        let saved = serde_json::from_slice(&self.state).map_err(|error| error.to_string())?;
        Ok((self.head, saved, self.descriptors))
    }
}

/// Becomes `program`. Returns only if that fails, with everything and the reason.
pub(in crate::daemon) fn replace(mut handed: Handed, program: &Path) -> (Handed, String) {
    let numbers =
        handed.descriptors.iter().map(|(purpose, fd)| (purpose.clone(), replace::number(fd)));
    handed.head.descriptors = numbers.collect();
    handed.head.link = handed.link.as_deref().map(Link::numbers);
    let error = try_replace(&handed, program);
    (handed, format!("{} could not be executed: {}", program.display(), errno::describe(&error)))
}

fn try_replace(handed: &Handed, program: &Path) -> io::Error {
    let open = || -> io::Result<(File, File)> {
        let head = serde_json::to_vec(&handed.head)?;
        let bytes = format::encode(&head, &handed.state);
        Ok((replace::memory_file(&bytes)?, replace::own_program()?))
    };
    let (state, previous) = match open() {
        Ok(files) => files,
        Err(error) => return error,
    };
    let numbers = format!("{},{}", replace::number(&state), replace::number(&previous));
    let mut inherited: Vec<BorrowedFd<'_>> =
        handed.descriptors.iter().map(|(_, fd)| fd.as_fd()).collect();
    inherited.extend([state.as_fd(), previous.as_fd()]);
    inherited.extend(handed.link.iter().flat_map(|link| link.inherited()));
    let arguments = &handed.head.arguments;
    replace::execute(&Program::Path(program), arguments, (VARIABLE, &numbers), &inherited)
}

/// A daemon that another program has handed over to this one.
pub struct Received {
    state: OwnedFd,
    /// `None` in the program before, which is executed again.
    previous: Option<OwnedFd>,
    /// Why the other program could not continue.
    failure: Option<String>,
}

/// What was handed over, if this program was started for that.
pub fn receive() -> Option<Received> {
    let value = replace::take_variable(VARIABLE)?;
    let value = String::from_utf8_lossy(&value.into_vec()).into_owned();
    let mut parts = value.splitn(3, ',');
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    let (state, previous) = (number()?, number());
    let failure = parts.next().map(str::to_owned);
    let state = replace::inherit(state).ok()?;
    let previous = previous.and_then(|number| replace::inherit(number).ok());
    Some(Received { state, previous, failure })
}

impl Received {
    /// The head, the state, the descriptors and the outcome of the upgrade.
    pub(in crate::daemon) fn read(&self) -> Result<(Head, Saved, Result<(), String>), String> {
        let (head, saved, _) = read(&self.bytes()?)?;
        Ok((head, saved, self.failure.clone().map_or(Ok(()), Err)))
    }

    /// Executes the program before again. Returns only if that is not possible.
    pub fn give_back(&self, why: &str) -> ExitCode {
        let error = match &self.previous {
            Some(previous) => {
                let why = why.replace('\0', " ");
                let value = format!("{},-,{why}", replace::number(&self.state));
                let (program, arguments) = (Program::Open(previous), self.arguments());
                let inherited = [self.state.as_fd()];
                let variable = (VARIABLE, value.as_str());
                errno::describe(&replace::execute(&program, &arguments, variable, &inherited))
            }
            None => "there is no program before".to_owned(),
        };
        let _ = writeln!(io::stderr(), "supervisord: {why}; the program before: {error}");
        ExitCode::from(70)
    }

    /// Those of the program before, which may not be those of this one.
    fn arguments(&self) -> Vec<OsString> {
        let head = self.bytes().and_then(|bytes| {
            let (head, _, _) = format::decode(&bytes)?;
            serde_json::from_slice(head).map_err(|error| error.to_string())
        });
        head.map_or_else(|_| env::args_os().collect(), |head: Head| head.arguments)
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let read = || {
            let mut file = File::from(self.state.try_clone()?);
            let mut bytes = Vec::new();
            io::Seek::rewind(&mut file)?;
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error: io::Error| errno::describe(&error))
    }
}

/// The descriptors that a head lists. Each is taken once.
pub(in crate::daemon) fn inherit(head: &Head) -> Descriptors {
    let mut descriptors = Descriptors::default();
    for (purpose, number) in &head.descriptors {
        // What is missing is noticed by the part that needs it.
        if let Ok(fd) = replace::inherit(*number) {
            descriptors.insert(purpose.clone(), fd);
        }
    }
    descriptors
}
