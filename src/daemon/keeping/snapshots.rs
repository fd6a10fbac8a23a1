//! The last state of the daemon, in two memory files of which the older one is overwritten. A state that
//! was not written completely is not counted, so the one before is valid.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use crate::os::replace;

/// The sequence number and the length of the state.
const HEADER: u64 = 16;

/// Up to that many times the state, a file keeps its size.
const SPARE: u64 = 2;

pub(in crate::daemon) struct Snapshots {
    files: [File; 2],
    /// That of the last state; zero if there is none.
    sequence: u64,
}

impl Snapshots {
    pub(in crate::daemon) fn new() -> io::Result<Self> {
        let file = || replace::memory_file(&[]);
        Ok(Self { files: [file()?, file()?], sequence: 0 })
    }

    /// Those of another daemon, and its last state.
    pub(in crate::daemon) fn open(files: [OwnedFd; 2]) -> io::Result<(Self, Option<Vec<u8>>)> {
        let files = files.map(File::from);
        let headers = [read_header(&files[0])?, read_header(&files[1])?];
        let latest = usize::from(headers[1].0 > headers[0].0);
        let (sequence, length) = headers[latest];
        let snapshots = Self { files, sequence };
        if sequence == 0 {
            return Ok((snapshots, None));
        }
        let mut state = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        snapshots.files[latest].read_exact_at(&mut state, HEADER)?;
        Ok((snapshots, Some(state)))
    }

    /// Replaces the older state.
    pub(in crate::daemon) fn save(&mut self, state: &[u8]) -> io::Result<()> {
        let sequence = self.sequence + 1;
        // The sequence numbers alternate, so the file with the last one stays as it is.
        let file = &self.files[usize::from(sequence % 2 == 0)];
        let length = state.len() as u64;
        file.write_all_at(&header(0, 0), 0)?;
        if file.metadata()?.len() > SPARE * (HEADER + length) {
            file.set_len(HEADER)?;
        }
        file.write_all_at(state, HEADER)?;
        file.write_all_at(&header(sequence, length), 0)?;
        self.sequence = sequence;
        Ok(())
    }

    pub(in crate::daemon) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.files[0].as_fd(), self.files[1].as_fd()]
    }
}

fn header(sequence: u64, length: u64) -> [u8; HEADER as usize] {
    let mut bytes = [0; HEADER as usize];
    bytes[..8].copy_from_slice(&sequence.to_ne_bytes());
    bytes[8..].copy_from_slice(&length.to_ne_bytes());
    bytes
}

fn read_header(file: &File) -> io::Result<(u64, u64)> {
    if file.metadata()?.len() < HEADER {
        return Ok((0, 0));
    }
    let (mut sequence, mut length) = ([0; 8], [0; 8]);
    file.read_exact_at(&mut sequence, 0)?;
    file.read_exact_at(&mut length, 8)?;
    Ok((u64::from_ne_bytes(sequence), u64::from_ne_bytes(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopen(snapshots: &Snapshots) -> (Snapshots, Option<Vec<u8>>) {
        let files = snapshots.descriptors().map(|fd| fd.try_clone_to_owned().unwrap());
        Snapshots::open(files).unwrap()
    }

    #[test]
    fn the_last_complete_state_is_read() {
        let mut snapshots = Snapshots::new().unwrap();
        assert_eq!(reopen(&snapshots).1, None);
        for number in 1..6 {
            let state = vec![number; 1000 * usize::from(6 - number)];
            snapshots.save(&state).unwrap();
            assert_eq!(reopen(&snapshots).1, Some(state));
        }
    }

    #[test]
    fn a_state_that_is_being_written_leaves_the_one_before() {
        let mut snapshots = Snapshots::new().unwrap();
        snapshots.save(b"first").unwrap();
        snapshots.save(b"second").unwrap();
        // What `save` of a third one does before it is complete.
        let file = &snapshots.files[0];
        file.write_all_at(&header(0, 0), 0).unwrap();
        assert_eq!(reopen(&snapshots).1.unwrap(), b"second");
        file.write_all_at(b"third", HEADER).unwrap();
        let (mut reopened, state) = reopen(&snapshots);
        assert_eq!(state.unwrap(), b"second");
        reopened.save(b"another").unwrap();
        assert_eq!(reopen(&snapshots).1.unwrap(), b"another");
    }
}
