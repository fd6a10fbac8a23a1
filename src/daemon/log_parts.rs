//! Reads parts of logs for the log page. A file that was rotated since is found among the backups by
//! its identity, so that a reader loses nothing.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::os::trusted;
use crate::rpc::log_part::{LogPart, PartRequest, Place, Position, Relation};

/// How many rotated files are searched.
const MAX_BACKUPS: u32 = 100;

/// Reads a part of the log at a path.
pub(super) fn read(path: &Path, request: &PartRequest) -> io::Result<LogPart> {
    let limit = request.limit;
    match &request.place {
        Place::End => LogFile::open(path)?.end(0, limit, Relation::Same),
        Place::Since(position) => since(path, position, limit),
        Place::Before(position) => match find(path, &position.file)? {
            Some((file, _)) => file.before(position.offset, limit),
            None => LogFile::open(path)?.end(0, limit, Relation::Replaced),
        },
        Place::Behind(position) => match find(path, &position.file)? {
            Some((file, _)) if position.offset <= file.size => file.behind(position.offset, limit),
            _ => LogFile::open(path)?.end(0, limit, Relation::Replaced),
        },
    }
}

fn since(path: &Path, position: &Position, limit: usize) -> io::Result<LogPart> {
    let Some((file, backup)) = find(path, &position.file)? else {
        return LogFile::open(path)?.end(0, limit, Relation::Replaced);
    };
    if position.offset > file.size {
        // It was truncated.
        return file.end(0, limit, Relation::Replaced);
    }
    if backup == 0 || position.offset < file.size {
        return file.end(position.offset, limit, Relation::Same);
    }
    let next = if backup == 1 { path.to_owned() } else { backup_of(path, backup - 1) };
    LogFile::open(&next)?.end(0, limit, Relation::Rotated)
}

/// The file with this identity, and the number of its backup; 0 is the log itself.
fn find(path: &Path, identity: &str) -> io::Result<Option<(LogFile, u32)>> {
    // Between two files of a rotation there is none at the path.
    let current = LogFile::open(path);
    if current.as_ref().is_ok_and(|file| file.identity == identity) {
        return Ok(Some((current?, 0)));
    }
    for backup in 1..=MAX_BACKUPS {
        let path = backup_of(path, backup);
        let Ok(metadata) = fs::metadata(&path) else { return Ok(None) };
        if identity_of(&metadata) == identity {
            return Ok(Some((LogFile::open(&path)?, backup)));
        }
    }
    Ok(None)
}

fn backup_of(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// The number of a file alone would be used again for the next file.
fn identity_of(metadata: &Metadata) -> String {
    let created = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!("{:x}-{:x}", metadata.ino(), created.unwrap_or_default().as_nanos())
}

struct LogFile {
    file: File,
    identity: String,
    size: u64,
}

impl LogFile {
    /// Opens a regular file or `/dev/null`; others could block.
    fn open(path: &Path) -> io::Result<Self> {
        let file = trusted::read(path)?;
        let metadata = file.metadata()?;
        Ok(Self { file, identity: identity_of(&metadata), size: metadata.len() })
    }

    /// From `from` to the end; if that is more than `limit`, the last whole lines of it.
    fn end(self, from: u64, limit: usize, relation: Relation) -> io::Result<LogPart> {
        let first = self.size.saturating_sub(limit as u64);
        let start = if first > from { self.line_start(first, limit)? } else { from };
        Ok(LogPart { skipped: start - from, relation, ..self.read(start, limit)? })
    }

    fn before(self, end: u64, limit: usize) -> io::Result<LogPart> {
        let end = end.min(self.size);
        let start = self.line_start(end.saturating_sub(limit as u64), limit)?.min(end);
        let limit = usize::try_from(end - start).unwrap_or(limit);
        self.read(start, limit)
    }

    fn behind(self, from: u64, limit: usize) -> io::Result<LogPart> {
        let start = self.line_start(from, limit)?;
        self.read(start, limit)
    }

    /// The first start of a line at `from` or behind it; `from` if there is none within `limit`.
    fn line_start(&self, from: u64, limit: usize) -> io::Result<u64> {
        let Some(before) = from.checked_sub(1) else { return Ok(0) };
        let bytes = self.bytes(before, limit)?;
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        Ok(newline.map_or(from, |at| from + at as u64))
    }

    fn bytes(&self, start: u64, limit: usize) -> io::Result<Vec<u8>> {
        let length = self.size.saturating_sub(start).min(limit as u64);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(limit)];
        let mut count = 0;
        while count < bytes.len() {
            match self.file.read_at(&mut bytes[count..], start + count as u64)? {
                0 => break,
                more => count += more,
            }
        }
        bytes.truncate(count);
        Ok(bytes)
    }

    fn read(self, start: u64, limit: usize) -> io::Result<LogPart> {
        let bytes = self.bytes(start, limit)?;
        let Self { identity: file, size, .. } = self;
        Ok(LogPart { file, relation: Relation::Same, start, size, skipped: 0, bytes })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    struct Log(tempfile::TempDir);

    impl Log {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("log")
        }

        fn append(&self, text: &str) {
            let mut file = File::options().append(true).create(true).open(self.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn rotate(&self) {
            for number in (1..5).rev() {
                let _ = fs::rename(
                    backup_of(&self.path(), number),
                    backup_of(&self.path(), number + 1),
                );
            }
            fs::rename(self.path(), backup_of(&self.path(), 1)).unwrap();
        }

        fn read(&self, place: Place, limit: usize) -> LogPart {
            read(&self.path(), &PartRequest { place, limit }).unwrap()
        }
    }

    fn behind(part: &LogPart) -> Position {
        Position { file: part.file.clone(), offset: part.start + part.bytes.len() as u64 }
    }

    fn text(part: &LogPart) -> &str {
        std::str::from_utf8(&part.bytes).unwrap()
    }

    #[test]
    fn the_end_has_whole_lines() {
        let log = Log::new();
        log.append("one\ntwo\nthree\nfour");
        for (limit, want) in [
            (100, "one\ntwo\nthree\nfour"),
            (18, "one\ntwo\nthree\nfour"),
            (17, "two\nthree\nfour"),
            (14, "two\nthree\nfour"),
            (13, "three\nfour"),
            (5, "four"),
            (3, "our"),
        ] {
            let part = log.read(Place::End, limit);
            assert_eq!(text(&part), want, "{limit}");
            assert_eq!(part.start + part.bytes.len() as u64, part.size);
        }
    }

    #[test]
    fn growth_is_read_once_and_too_much_is_skipped() {
        let log = Log::new();
        log.append("a\nb");
        let part = log.read(Place::End, 100);
        log.append("c\nd\n");
        let part = log.read(Place::Since(behind(&part)), 100);
        assert_eq!((text(&part), part.start, part.skipped), ("c\nd\n", 3, 0));
        log.append(&"0123456\n".repeat(10));
        let part = log.read(Place::Since(behind(&part)), 20);
        assert_eq!((text(&part), part.skipped), ("0123456\n0123456\n", 64));
        let part = log.read(Place::Since(behind(&part)), 20);
        assert_eq!((text(&part), part.relation), ("", Relation::Same));
    }

    #[test]
    fn rotated_files_are_read_to_their_ends() {
        let log = Log::new();
        log.append("1\n");
        let part = log.read(Place::End, 100);
        log.append("2\n");
        log.rotate();
        log.append("3\n");
        log.rotate();
        log.append("4\n");
        let mut position = behind(&part);
        let mut found = Vec::new();
        for _ in 0..4 {
            let part = log.read(Place::Since(position), 100);
            found.push((text(&part).to_owned(), part.relation));
            position = behind(&part);
        }
        let want = [
            ("2\n", Relation::Same),
            ("3\n", Relation::Rotated),
            ("4\n", Relation::Rotated),
            ("", Relation::Same),
        ];
        assert_eq!(found, want.map(|(text, relation)| (text.to_owned(), relation)));
        // A link to a line of the first file.
        let position = Position { offset: 1, ..behind(&part) };
        assert_eq!(text(&log.read(Place::Behind(position), 100)), "2\n");
    }

    #[test]
    fn a_log_that_was_cleared_begins_anew() {
        let log = Log::new();
        log.append("old line\n");
        let old = log.read(Place::End, 100);
        // Truncated in place.
        File::options().write(true).open(log.path()).unwrap().set_len(0).unwrap();
        log.append("new\n");
        let part = log.read(Place::Since(behind(&old)), 100);
        assert_eq!((text(&part), part.relation), ("new\n", Relation::Replaced));
        // Removed: the next file may have the same number.
        fs::remove_file(log.path()).unwrap();
        log.append("a longer line than before\n");
        let part = log.read(Place::Since(behind(&part)), 100);
        assert_eq!(
            (text(&part), part.relation),
            ("a longer line than before\n", Relation::Replaced)
        );
        let part = log.read(Place::Behind(Position { offset: 3, ..behind(&old) }), 100);
        assert_eq!(part.relation, Relation::Replaced);
    }

    #[test]
    fn what_is_before_and_behind_a_place_joins_without_a_gap() {
        let log = Log::new();
        (0..100).for_each(|number| log.append(&format!("line {number}\n")));
        let lines = fs::read_to_string(log.path()).unwrap();
        let mut part = log.read(Place::End, 100);
        let mut all = text(&part).to_owned();
        while part.start > 0 {
            let position = Position { file: part.file.clone(), offset: part.start };
            part = log.read(Place::Before(position), 100);
            all.insert_str(0, text(&part));
        }
        assert_eq!(all, lines);
        let place = Position { file: part.file.clone(), offset: 300 };
        let part = log.read(Place::Behind(place), 50);
        assert!(text(&part).starts_with("line ") && part.bytes.len() == 50, "{part:?}");
    }

    #[test]
    fn only_plain_files_are_read() {
        let request = PartRequest { place: Place::End, limit: 10 };
        assert_eq!(read(Path::new("/dev/null"), &request).unwrap().bytes, b"");
        for path in ["/dev/zero", "/tmp", "/nowhere"] {
            assert!(read(Path::new(path), &request).is_err(), "{path}");
        }
    }
}
