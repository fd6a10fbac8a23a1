use std::io::Read;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::*;

fn content(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap_or_else(|_| b"(none)".to_vec())).unwrap()
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(1000 + seconds)
}

fn open(path: &Path, maxbytes: i64, backups: i64) -> LogFile {
    LogFile::open(path, Rotation { maxbytes, backups }, at(0)).unwrap()
}

/// The report as text; empty for none.
fn shown(report: Option<Report>) -> String {
    match report {
        None => String::new(),
        Some(Report::Failed(error)) => error.kind().to_string(),
        Some(Report::Resumed(lost)) => lost.to_string(),
        Some(Report::Ended(lost)) => format!("ended after {lost}"),
    }
}

#[test]
fn a_log_rotates_after_the_write_that_reaches_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = open(&path, 4, 2);
    let mut seen = Vec::new();
    for chunk in ["abc", "d", "efghij", "kl", "mn", "o"] {
        assert!(log.write(chunk.as_bytes(), at(0)).is_none());
        let backups =
            ["log", "log.1", "log.2", "log.3"].map(|name| content(&dir.path().join(name)));
        seen.push(backups.join(" "));
    }
    insta::assert_snapshot!(seen.join("\n"), @r"
    abc (none) (none) (none)
     abcd (none) (none)
     efghij abcd (none)
    kl efghij abcd (none)
     klmn efghij (none)
    o klmn efghij (none)
    ");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn a_log_is_rotated_on_request_whatever_its_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = open(&path, 0, 2);
    assert!(!log.rotate().unwrap(), "it is empty");
    log.write(b"one\n", at(0));
    let mut other = open(&path, 0, 2);
    assert!(log.rotate().unwrap());
    assert!(!other.rotate().unwrap(), "the same file was just rotated");
    log.write(b"two\n", at(0));
    assert_eq!(content(&path), "two\n");
    assert_eq!(content(&dir.path().join("log.1")), "one\n");
    assert_eq!(content(&dir.path().join("log.2")), "(none)");
    let mut without_backups = open(&path, 0, 0);
    assert!(without_backups.rotate().is_err());
    assert_eq!(content(&path), "two\n");
}

#[test]
fn without_backups_the_file_is_truncated() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = open(&path, 3, 0);
    log.write(b"abc", at(0));
    log.write(b"d", at(0));
    assert_eq!(content(&path), "d");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_rotation_that_fails_leaves_every_file_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    fs::write(dir.path().join("log.1"), "old").unwrap();
    // A directory where the new file would be made: also root cannot create it.
    fs::create_dir(dir.path().join("log.new")).unwrap();
    let mut log = open(&path, 2, 3);
    assert_ne!(shown(log.write(b"ab\n", at(0))), "");
    assert_eq!(shown(log.write(b"cd\n", at(0))), "");
    assert_eq!(shown(log.write(b"ef\n", at(2))), "", "the same failure is reported once");
    assert_eq!(content(&path), "ab\ncd\nef\n");
    assert_eq!(content(&dir.path().join("log.1")), "old");
    assert_eq!(content(&dir.path().join("log.2")), "(none)");
    fs::remove_dir(dir.path().join("log.new")).unwrap();
    log.write(b"gh\n", at(4));
    assert_eq!(content(&dir.path().join("log.1")), "ab\ncd\nef\ngh\n");
    assert_eq!(content(&dir.path().join("log.2")), "old");
    assert_eq!(content(&path), "");
}

#[test]
fn a_removed_directory_is_reported_once_and_the_loss_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("logs");
    fs::create_dir(&home).unwrap();
    let path = home.join("log");
    let mut log = open(&path, 0, 0);
    log.write(b"one\n", at(0));
    fs::remove_dir_all(&home).unwrap();
    assert_eq!(shown(log.write(b"two\n", at(1))), "entity not found");
    assert_eq!(shown(log.write(b"three\n", at(1))), "");
    assert_eq!(shown(log.write(b"four\n", at(3))), "");
    fs::create_dir(&home).unwrap();
    assert_eq!(shown(log.write(b"five\n", at(6))), "5 s, 3 lines (15 bytes) lost");
    assert_eq!(content(&path), "five\n");
    fs::remove_dir_all(&home).unwrap();
    assert_eq!(shown(log.write(b"six\n", at(9))), "entity not found", "a new series of errors");
}

#[test]
fn a_removed_or_moved_file_is_made_again_within_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = open(&path, 0, 0);
    log.write(b"one\n", at(0));
    fs::rename(&path, dir.path().join("moved")).unwrap();
    log.write(b"two\n", at(0));
    assert_eq!(content(&dir.path().join("moved")), "one\ntwo\n");
    log.write(b"three\n", at(1));
    assert_eq!(content(&dir.path().join("moved")), "one\ntwo\nthree\n", "SIGUSR2 may follow");
    log.write(b"four\n", at(2));
    assert_eq!(content(&path), "four\n");
    fs::remove_file(&path).unwrap();
    log.write(b"five\n", at(3));
    assert_eq!(content(&path), "five\n");
}

#[test]
fn a_full_disk_is_reported_once() {
    let mut log = LogFile::open("/dev/full", Rotation::default(), at(0)).unwrap();
    assert!(matches!(log.write(b"x\n", at(0)),
        Some(Report::Failed(error)) if error.raw_os_error() == Some(libc::ENOSPC)));
    assert!(log.write(b"x\n", at(0)).is_none());
}

/// The limit on the size of files is a full disk for this process alone. nextest runs each test in a
/// process of its own; where tests share one, nothing else writes as much.
#[test]
fn a_full_disk_leaves_complete_lines_and_counts_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = open(&path, 0, 0);
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let limit = 64 * 1024 * 1024;
    crate::os::signals::ignore_write_signals().unwrap();
    log.write(&[b"x".repeat(limit - 12), b"\n".to_vec()].concat(), at(0));
    setrlimit(Resource::RLIMIT_FSIZE, limit as u64, hard).unwrap();
    log.write(b"half ", at(1));
    let full = shown(log.write(b"a line\nand another\nand a part", at(2)));
    let silent = shown(log.write(b" of a line\nlonger than that\n", at(3)));
    setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
    let resumed = shown(log.write(b"whole again\n", at(9)));
    assert_eq!(full, "file too large");
    assert_eq!(silent, "");
    assert_eq!(resumed, "7 s, 4 lines (62 bytes) lost");
    let end = fs::read(&path).unwrap();
    assert_eq!(&end[limit - 15..], b"xxx\nwhole again\n");
}

#[test]
fn clear_creates_a_new_file_and_reopen_opens_the_path() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut log = open(&path, 0, 0);
    log.write(b"old", at(0));
    fs::rename(&path, dir.path().join("moved")).unwrap();
    log.write(b"er", at(0));
    log.reopen(at(0)).unwrap();
    log.write(b"new", at(0));
    assert_eq!(content(&dir.path().join("moved")), "older");
    assert_eq!(content(&path), "new");
    let before = fs::metadata(&path).unwrap().ino();
    fs::hard_link(&path, dir.path().join("keeps the inode busy")).unwrap();
    log.clear(at(0)).unwrap();
    assert_ne!(fs::metadata(&path).unwrap().ino(), before);
    assert_eq!(content(&path), "");
}

#[test]
fn a_fifo_is_written_without_rotation_and_without_a_reader() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut log = open(&path, 1, 1);
    assert!(log.write(b"abc", at(0)).is_none());
    assert!(!log.is_pending());
    let mut reader = File::open(&path).unwrap();
    let mut bytes = [0; 3];
    reader.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"abc");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    log.write(&b"line\n".repeat(40_000), at(0));
    assert!(log.is_pending());
    let mut received = Vec::new();
    while log.is_pending() {
        let mut chunk = vec![0; 64 * 1024];
        let count = reader.read(&mut chunk).unwrap();
        received.extend(&chunk[..count]);
        assert!(log.flush(at(1)).is_none());
    }
    drop(log);
    reader.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"line\n".repeat(40_000));
}

#[test]
fn a_private_log_is_readable_by_its_owner_only_also_after_a_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "old\n").unwrap();
    let rotation = Rotation { maxbytes: 10, backups: 1 };
    let mut log = LogFile::open_private(&path, rotation, Duration::ZERO).unwrap();
    for _ in 0..4 {
        assert!(log.write(b"0123456789\n", Duration::ZERO).is_none());
    }
    for name in ["log", "log.1"] {
        let mode =
            std::os::unix::fs::MetadataExt::mode(&fs::metadata(dir.path().join(name)).unwrap());
        assert_eq!(mode & 0o7777, 0o600, "{name}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("log.1")).unwrap(), "0123456789\n");
}

#[test]
fn a_private_log_is_never_written_through_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let [path, victim] = ["log", "victim"].map(|name| dir.path().join(name));
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, &path).unwrap();
    let open = || LogFile::open_private(&path, Rotation::default(), Duration::ZERO);
    assert_eq!(open().unwrap_err().raw_os_error(), Some(libc::ELOOP));
    assert_eq!(try_private(&path).unwrap_err().raw_os_error(), Some(libc::ELOOP));
    fs::remove_file(&path).unwrap();
    let mut log = open().unwrap();
    // Also not if the link is put in place later.
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&victim, &path).unwrap();
    assert!(log.reopen(Duration::from_secs(5)).is_err());
    assert!(log.write(b"x\n", Duration::from_secs(10)).is_some());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(open().is_err() && try_private(&path).is_err());
    fs::remove_file(&path).unwrap();
    assert!(try_private(&path).is_ok() && !path.exists());
}
