//! A file that only one process holds at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// A lock that is held until it is dropped and every child that has it as standard input has ended.
/// Taking it changes no file; [`Lock::sign`] does.
pub struct Lock {
    file: Flock<File>,
    is_signed: bool,
}

/// The pid of the process that holds a lock; empty if it has not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(pub String);

impl Lock {
    /// Takes the lock; the inner error is the holder.
    pub fn take(path: &Path) -> io::Result<Result<Self, Holder>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o644);
        let file = file.open(path)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Ok(Self { file, is_signed: false })),
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid)?;
                Ok(Err(Holder(pid)))
            }
            Err((_, error)) => Err(error.into()),
        }
    }

    /// Writes the pid of this process, for those that do not get the lock.
    pub fn sign(&mut self) -> io::Result<()> {
        if !self.is_signed {
            self.file.set_len(0)?;
            write!(self.file, "{}", std::process::id())?;
            self.is_signed = true;
        }
        Ok(())
    }

    /// The file for a child, as an empty standard input. A child that outlives this process keeps the
    /// lock.
    pub fn for_child(&self) -> io::Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }
}

impl Drop for Lock {
    /// The file is empty again while the lock is free.
    fn drop(&mut self) {
        if self.is_signed {
            let _ = self.file.set_len(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_names_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let mut first = Lock::take(&path).unwrap().map_err(|holder| holder.0).unwrap();
        let unnamed = Lock::take(&path).unwrap().map(|_| ()).unwrap_err();
        assert_eq!(unnamed, Holder(String::new()));
        first.sign().unwrap();
        let second = Lock::take(&path).unwrap().map(|_| ()).unwrap_err();
        assert_eq!(second, Holder(std::process::id().to_string()));
        drop(first);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
        assert!(Lock::take(&path).unwrap().is_ok());
    }
}
