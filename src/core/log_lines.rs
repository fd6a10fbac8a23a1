//! Output of programs as lines with time, program, pid and stream (`log_format`). A line that is torn
//! between two reads is put together; one that is too long is written in pieces.

use serde::{Deserialize, Serialize};

use super::effect::{OutputStream, Pid};
use super::time::Wall;
use crate::calendar::civil_from_days;
use crate::conf::log_format::LogFormat;

/// The maximum number of bytes of one record. It bounds what is kept of a line without an end.
const MAX_LINE: usize = 64 * 1024;

const DAY_SECS: i64 = 86_400;

/// The beginning of a line whose end was not read yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LogLines {
    partial: Vec<u8>,
}

/// What each line begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) time: Wall,
    /// `group:process`, or the one name of both.
    pub(super) program: &'a str,
    pub(super) pid: Pid,
    pub(super) stream: OutputStream,
}

/// A line in JSON; the order of the fields is that of the output.
#[derive(Serialize)]
struct Record<'a> {
    time: &'a str,
    program: &'a str,
    pid: i32,
    stream: &'a str,
    message: &'a str,
    /// The line goes on in the next record.
    #[serde(skip_serializing_if = "is_false")]
    partial: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl LogLines {
    /// The bytes for the log: with a format, complete records only.
    pub(super) fn feed(
        &mut self,
        format: LogFormat,
        bytes: Vec<u8>,
        origin: Origin<'_>,
    ) -> Vec<u8> {
        if format == LogFormat::Raw {
            return bytes;
        }
        let mut records = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.feed_piece(format, piece, origin, &mut records);
        }
        records
    }

    /// At the end of a stream: the line that has no end.
    pub(super) fn finish(&mut self, format: LogFormat, origin: Origin<'_>) -> Vec<u8> {
        let mut records = Vec::new();
        let rest = std::mem::take(&mut self.partial);
        if !rest.is_empty() {
            origin.record(format, &rest, false, &mut records);
        }
        records
    }

    /// A piece is a line or the part of one.
    fn feed_piece(
        &mut self,
        format: LogFormat,
        mut piece: &[u8],
        origin: Origin<'_>,
        records: &mut Vec<u8>,
    ) {
        loop {
            let room = MAX_LINE - self.partial.len();
            let (text, is_end) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            if text.len() > room {
                let cut = room - torn_character(&text[..room]).min(room);
                let (part, rest) = piece.split_at(cut);
                self.partial.extend_from_slice(part);
                let part = std::mem::take(&mut self.partial);
                origin.record(format, &part, true, records);
                piece = rest;
                continue;
            }
            self.partial.extend_from_slice(text);
            if is_end {
                let line = std::mem::take(&mut self.partial);
                origin.record(format, &line, false, records);
            }
            return;
        }
    }
}

/// The number of bytes at the end that begin a character of UTF-8 which is not complete.
fn torn_character(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let Some(start) = tail.iter().rposition(|byte| *byte >= 0b1100_0000) else { return 0 };
    let length = match tail[start] {
        0b1111_0000.. => 4,
        0b1110_0000.. => 3,
        _ => 2,
    };
    let present = tail.len() - start;
    if present < length { present } else { 0 }
}

impl Origin<'_> {
    fn record(&self, format: LogFormat, line: &[u8], is_partial: bool, into: &mut Vec<u8>) {
        let Self { time, program, pid, stream } = self;
        let time = timestamp(*time);
        match format {
            LogFormat::Raw => into.extend_from_slice(line),
            LogFormat::Text => {
                let mark = if is_partial { "+" } else { "" };
                let head = format!("{time} {program}[{}] {}{mark}: ", pid.0, stream.name());
                into.extend_from_slice(head.as_bytes());
                into.extend_from_slice(line);
            }
            LogFormat::Json => {
                let record = Record {
                    time: &time,
                    program,
                    pid: pid.0,
                    stream: stream.name(),
                    message: &String::from_utf8_lossy(line),
                    partial: is_partial,
                };
                // A struct of strings and numbers can be written.
                into.extend(serde_json::to_vec(&record).unwrap_or_default());
            }
        }
        into.push(b'\n');
    }
}

/// `2026-11-28T00:15:02.123456Z`: UTC, which has no hour twice.
fn timestamp(wall: Wall) -> String {
    let secs = wall.secs();
    let (year, month, day) = civil_from_days(secs.div_euclid(DAY_SECS));
    let of_day = secs.rem_euclid(DAY_SECS);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let micros = wall.0.subsec_micros();
    let month = month + 1;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const ORIGIN: Origin<'_> = Origin {
        time: Wall(Duration::new(1_795_824_902, 123_456_789)),
        program: "g:web",
        pid: Pid(7),
        stream: OutputStream::Stderr,
    };

    /// All records of some reads, and then of the end.
    fn records(format: LogFormat, reads: &[&[u8]]) -> String {
        let mut lines = LogLines::default();
        let mut all = Vec::new();
        for read in reads {
            all.extend(lines.feed(format, read.to_vec(), ORIGIN));
        }
        all.extend(lines.finish(format, ORIGIN));
        String::from_utf8_lossy(&all).into_owned()
    }

    #[test]
    fn a_torn_line_is_one_record() {
        let reads: [&[u8]; 3] = [b"first\nsec", b"ond\n\nth", b"ird \xff\"\x1b"];
        assert_eq!(
            records(LogFormat::Text, &reads),
            "2026-11-28T00:15:02.123456Z g:web[7] stderr: first\n\
             2026-11-28T00:15:02.123456Z g:web[7] stderr: second\n\
             2026-11-28T00:15:02.123456Z g:web[7] stderr: \n\
             2026-11-28T00:15:02.123456Z g:web[7] stderr: third \u{fffd}\"\u{1b}\n"
        );
        let json = records(LogFormat::Json, &reads);
        let head = "{\"time\":\"2026-11-28T00:15:02.123456Z\",\"program\":\"g:web\",\"pid\":7,\
                    \"stream\":\"stderr\",\"message\":";
        let last = format!("{head}\"third \u{fffd}\\\"\\u001b\"}}");
        assert_eq!(json.lines().last(), Some(last.as_str()));
        assert_eq!(records(LogFormat::Raw, &reads), "first\nsecond\n\nthird \u{fffd}\"\u{1b}");
    }

    #[test]
    fn a_line_that_is_too_long_is_written_in_pieces() {
        let long = "ä".repeat(MAX_LINE);
        let text = records(LogFormat::Json, &[b"x", long.as_bytes(), b"\nnext\n"]);
        let records: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let message = |record: &serde_json::Value| record["message"].as_str().unwrap().to_owned();
        let whole: String = records[..3].iter().map(message).collect();
        assert!(whole == format!("x{long}"), "nothing is lost or torn");
        let partial: Vec<bool> = records.iter().map(|it| it["partial"] == true).collect();
        assert_eq!(partial, [true, true, false, false]);
        assert!(records.iter().all(|it| message(it).len() <= MAX_LINE));
    }

    proptest! {
        #[test]
        fn reads_may_be_torn_anywhere(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..9),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut reads: Vec<&[u8]> = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([text.len()]) {
                reads.push(&text[from..cut]);
                from = cut;
            }
            prop_assert_eq!(records(LogFormat::Json, &reads), records(LogFormat::Json, &[&text]));
        }
    }
}
