//! The methods that read, tail and clear logs. Offsets and lengths work as in Supervisor's
//! `readFile` and `tailFile`, except that a split UTF-8 character is not an error.

use super::answer::{Answer, Outcome};
use super::args::Args;
use super::batch::{Batch, BatchKind, Row};
use super::context::{Context, Log, LogFile};
use super::fault::{Code, Fault};
use super::log_text::{LogText, OpenLogFault};
use super::names;
use super::value::Value;
use crate::core::effect::{OutputStream, ProcId};

/// A longer part of a log is read while the reply is sent.
const MAX_HELD: u64 = 64 * 1024;

pub(super) fn read_log(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    read(context, Log::Main, args.number(0)?, args.number(1)?).map(Outcome::from)
}

pub(super) fn read_process_stdout_log(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    read_process(context, args, OutputStream::Stdout)
}

pub(super) fn read_process_stderr_log(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    read_process(context, args, OutputStream::Stderr)
}

fn read_process(context: &Context<'_>, args: &Args<'_>, stream: OutputStream) -> Answer {
    let id = names::find_process(context, args.name(0)?)?.id();
    let (offset, length) = (args.number(1)?, args.number(2)?);
    read(context, Log::Child(id, stream), offset, length).map(Outcome::from)
}

fn read(context: &Context<'_>, log: Log, offset: i64, length: i64) -> Result<Value, Fault> {
    let (path, window) = window_of_read(context, log, offset, length)?;
    window.value(context, &path)
}

/// A part of a log as it is: XML cannot contain all characters of a text.
pub(super) fn read_log_bytes(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let log = match (args.name(0)?, args.name(1)?) {
        ("", _) => Log::Main,
        (name, "stdout") => {
            Log::Child(names::find_process(context, name)?.id(), OutputStream::Stdout)
        }
        (name, "stderr") => {
            Log::Child(names::find_process(context, name)?.id(), OutputStream::Stderr)
        }
        _ => return Err(Fault::bare(Code::IncorrectParameters)),
    };
    let (path, window) = window_of_read(context, log, args.number(2)?, args.number(3)?)?;
    if window.length > MAX_HELD {
        let why = format!("at most {MAX_HELD} bytes can be read at once");
        return Err(Fault::new(Code::BadArguments, why));
    }
    Ok(Value::Bytes(window.bytes(context, &path)?).into())
}

/// The end of a log as a text.
pub fn read_end(context: &Context<'_>, log: Log, length: i64) -> Result<String, Fault> {
    let (path, window) = window_of_read(context, log, -length, 0)?;
    window.text(context, &path)
}

/// The file and range of `read*Log`.
fn window_of_read(
    context: &Context<'_>,
    log: Log,
    offset: i64,
    length: i64,
) -> Result<(String, Window), Fault> {
    let path = context.services.log_path(log).ok_or_else(|| match log {
        // Supervisor looks for a file of that name.
        Log::Main => Fault::new(Code::NoFile, "syslog"),
        Log::Audit | Log::Child(..) => Fault::bare(Code::NoFile),
    })?;
    let size = match context.services.log_file(&path) {
        LogFile::Missing => return Err(Fault::new(Code::NoFile, &path)),
        LogFile::Readable(size) => size,
        LogFile::Directory => {
            return Err(Fault::new(Code::Failed, format!("{path} is a directory")));
        }
        LogFile::Special => return Err(Fault::bare(Code::Failed)),
    };
    let window = Window::of_read(size, offset, length);
    let window = window.ok_or_else(|| Fault::bare(Code::BadArguments))?;
    Ok((path, window))
}

pub(super) fn tail_process_stdout_log(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    tail(context, args, OutputStream::Stdout)
}

pub(super) fn tail_process_stderr_log(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    tail(context, args, OutputStream::Stderr)
}

fn tail(context: &Context<'_>, args: &Args<'_>, stream: OutputStream) -> Answer {
    let id = names::find_process(context, args.name(0)?)?.id();
    let answer = |text: Value, offset: u64, overflow: bool| {
        let offset = Value::Int(i64::try_from(offset).unwrap_or(i64::MAX));
        Ok(Value::Array(vec![text, offset, Value::Bool(overflow)]).into())
    };
    let path = context.services.log_path(Log::Child(id, stream));
    let Some(path) = path else { return answer(Value::str(""), 0, false) };
    let file = context.services.log_file(&path);
    if file == LogFile::Missing {
        return answer(Value::str(""), 0, false);
    }
    let (offset, length) = (args.number(1)?, args.number(2)?);
    let LogFile::Readable(size) = file else {
        return answer(Value::str(""), offset.unsigned_abs(), false);
    };
    let (window, overflow) = Window::of_tail(size, offset, length);
    match window.value(context, &path) {
        Ok(text) => answer(text, size, overflow),
        Err(_) => answer(Value::str(""), offset.unsigned_abs(), false),
    }
}

pub(super) fn clear_log(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let path = context.services.log_path(Log::Main);
    if path.is_none_or(|path| context.services.log_file(&path) == LogFile::Missing) {
        return Err(Fault::bare(Code::NoFile));
    }
    context.services.clear_main_log().map_err(|_| Fault::bare(Code::Failed))?;
    Ok(Value::Bool(true).into())
}

pub(super) fn clear_process_logs(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let name = args.name(0)?;
    let id = names::find_process(context, name)?.id();
    clear(context, id, name)
}

pub(super) fn clear_all_process_logs(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let mut batch = Batch::new(BatchKind::Immediate, false);
    for id in context.supervisor.by_priority() {
        let Some(process) = context.supervisor.process(id) else { continue };
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        let full_name = process.full_name();
        let result = clear(context, id, &full_name).map(drop);
        batch.rows.push(Row { id, group, name, runs_at_once: false, result: Some(result) });
    }
    Ok(batch.report(std::iter::empty()).into())
}

fn clear(context: &mut Context<'_>, id: ProcId, name: &str) -> Answer {
    let cleared = context.services.clear_child_logs(id);
    cleared.map_err(|_| Fault::new(Code::Failed, name))?;
    Ok(Value::Bool(true).into())
}

/// A range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    offset: u64,
    length: u64,
}

impl Window {
    /// The range for reading: a negative offset counts from the end and requires length zero;
    /// length zero means to the end.
    fn of_read(size: u64, offset: i64, length: i64) -> Option<Self> {
        let distance = offset.unsigned_abs();
        match (offset, length) {
            (..0, 0) => Some(Self { offset: size.saturating_sub(distance), length: distance }),
            (..0, _) | (_, ..0) => None,
            (_, 0) => Some(Self { offset: distance, length: u64::MAX }),
            (_, length) => Some(Self { offset: distance, length: length.unsigned_abs() }),
        }
        .map(|window| window.within(size))
    }

    /// The range for tailing, and whether the file has more bytes than requested (overflow).
    fn of_tail(size: u64, offset: i64, length: i64) -> (Self, bool) {
        let size = i128::from(size);
        let (mut offset, mut length) = (i128::from(offset), i128::from(length));
        let overflow = size > offset + length;
        if overflow {
            offset = size - 1;
        }
        if offset + length > size {
            if offset > size - 1 {
                length = 0;
            }
            offset = size - length;
        }
        let unsigned = |number: i128| u64::try_from(number.max(0)).unwrap_or(u64::MAX);
        let window = Self { offset: unsigned(offset), length: unsigned(length) };
        (window.within(unsigned(size)), overflow)
    }

    fn within(self, size: u64) -> Self {
        Self { length: self.length.min(size.saturating_sub(self.offset)), ..self }
    }

    /// The range as a value, which reads a long one later.
    fn value(self, context: &Context<'_>, path: &str) -> Result<Value, Fault> {
        if self.length <= MAX_HELD {
            return Ok(Value::Str(self.text(context, path)?));
        }
        let source = context.services.open_log(path).map_err(|fault| match fault {
            OpenLogFault::Unreadable => Fault::bare(Code::Failed),
            OpenLogFault::TooMany(limit) => {
                let why = format!("{limit} logs are being sent already, which is the limit");
                Fault::new(Code::Failed, why)
            }
        })?;
        Ok(Value::Log(LogText { source, offset: self.offset, length: self.length }))
    }

    fn bytes(self, context: &Context<'_>, path: &str) -> Result<Vec<u8>, Fault> {
        if self.length == 0 {
            return Ok(Vec::new());
        }
        let bytes = context.services.read_file(path, self.offset, self.length);
        bytes.map_err(|_| Fault::bare(Code::Failed))
    }

    /// The text of the range; invalid UTF-8 and split characters are replaced by U+FFFD.
    fn text(self, context: &Context<'_>, path: &str) -> Result<String, Fault> {
        let bytes = self.bytes(context, path)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_follows_supervisor() {
        let window = |offset, length| Some(Window { offset, length });
        let cases = [
            (10, 0, 0, window(0, 10)),
            (10, 3, 4, window(3, 4)),
            (10, 3, 0, window(3, 7)),
            (10, 8, 4, window(8, 2)),
            (10, 20, 4, window(20, 0)),
            (10, -4, 0, window(6, 4)),
            (10, -40, 0, window(0, 10)),
            (10, -4, 1, None),
            (10, 0, -1, None),
            (10, i64::MIN, 0, window(0, 10)),
        ];
        for (size, offset, length, want) in cases {
            assert_eq!(Window::of_read(size, offset, length), want, "{size} {offset} {length}");
        }
    }

    #[test]
    fn tailing_follows_supervisor() {
        let cases = [
            (10, 0, 4, (6, 4, true)),
            (10, 0, 10, (0, 10, false)),
            (10, 0, 100, (0, 10, false)),
            (10, 6, 4, (6, 4, false)),
            (10, 6, 100, (0, 10, false)),
            (10, 10, 4, (10, 0, false)),
            (10, 0, 0, (9, 0, true)),
            (10, 0, -5, (9, 0, true)),
            (0, 0, 4, (0, 0, false)),
            (10, i64::MAX, i64::MAX, (10, 0, false)),
        ];
        for (size, offset, length, want) in cases {
            let (window, overflow) = Window::of_tail(size, offset, length);
            let want = (Window { offset: want.0, length: want.1 }, want.2);
            assert_eq!((window, overflow), want, "{size} {offset} {length}");
        }
    }
}
