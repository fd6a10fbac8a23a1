//! The open descriptors of another process, as `/proc` shows them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// One open descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDescriptor {
    pub number: i32,
    pub target: Target,
    pub can_read: bool,
    pub can_write: bool,
}

/// What it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The inode identifies the pipe, which has two ends.
    Pipe(u64),
    Socket(u64),
    /// A file with a name, and its identity: device and inode.
    File {
        path: PathBuf,
        identity: (u64, u64),
    },
    Other,
}

/// All descriptors of a process, by number.
pub fn of(pid: i32) -> io::Result<Vec<OpenDescriptor>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        // One that was closed meanwhile is left out.
        all.extend(number.and_then(|number| open(pid, number)));
    }
    all.sort_by_key(|descriptor| descriptor.number);
    Ok(all)
}

/// One descriptor; `None` if it is not open.
pub fn open(pid: i32, number: i32) -> Option<OpenDescriptor> {
    let link = format!("/proc/{pid}/fd/{number}");
    let path = fs::read_link(&link).ok()?;
    let text = path.to_string_lossy();
    let inode = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix(']')?.parse().ok();
    let target = if let Some(inode) = inode("pipe:[") {
        Target::Pipe(inode)
    } else if let Some(inode) = inode("socket:[") {
        Target::Socket(inode)
    } else if path.is_absolute() {
        let found = fs::metadata(&link).ok()?;
        Target::File { identity: (found.dev(), found.ino()), path }
    } else {
        Target::Other
    };
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
    let (can_read, can_write) = access(&info)?;
    Some(OpenDescriptor { number, target, can_read, can_write })
}

/// Whether it may be read and written.
fn access(info: &str) -> Option<(bool, bool)> {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = i32::from_str_radix(flags.trim(), 8).ok()?;
    let mode = flags & libc::O_ACCMODE;
    Some((mode != libc::O_WRONLY, mode != libc::O_RDONLY))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn both_ends_of_a_pipe_have_one_inode_and_different_directions() {
        let (reader, writer) = crate::os::pipe::pipe().unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let find = |number| of(own).unwrap().into_iter().find(|it| it.number == number).unwrap();
        let (reader, writer) = (find(reader.as_raw_fd()), find(writer.as_raw_fd()));
        assert_eq!(reader.target, writer.target);
        assert!(matches!(reader.target, Target::Pipe(inode) if inode > 0));
        assert!(reader.can_read && !reader.can_write);
        assert!(writer.can_write && !writer.can_read);
    }

    #[test]
    fn a_file_has_its_path_and_identity() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let found = open(own, file.as_file().as_raw_fd()).unwrap();
        let metadata = file.as_file().metadata().unwrap();
        let identity = (metadata.dev(), metadata.ino());
        assert_eq!(found.target, Target::File { path: file.path().to_owned(), identity });
        assert_eq!(open(own, 1_000_000), None);
    }
}
