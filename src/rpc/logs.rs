//! The methods that read, tail and clear logs. Offsets and lengths mean what they mean to
//! Supervisor's `readFile` and `tailFile`; text is never cut into an error.

use super::args::Args;
use super::fault::{Code, Fault};
use super::methods::Answer;
use super::names;
use super::promise::{Each, Outcome};
use super::value::Value;
use super::world::{Log, World};
use crate::core::effect::{OutputStream, ProcId};

/// How much of a log one reply may carry.
pub const MAX_READ: u64 = 32 * 1024 * 1024;

pub(super) fn read_log(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    read(world, Log::Main, args.number(0)?, args.number(1)?).map(Outcome::from)
}

pub(super) fn read_process_stdout_log(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    read_process(world, args, OutputStream::Stdout)
}

pub(super) fn read_process_stderr_log(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    read_process(world, args, OutputStream::Stderr)
}

fn read_process(world: &World<'_>, args: &Args<'_>, stream: OutputStream) -> Answer {
    let id = names::find_process(world, args.name(0)?)?.id();
    let (offset, length) = (args.number(1)?, args.number(2)?);
    read(world, Log::Child(id, stream), offset, length).map(Outcome::from)
}

/// A piece of a log, as `read*Log` gives it.
pub fn read(world: &World<'_>, log: Log, offset: i64, length: i64) -> Result<Value, Fault> {
    let path = world.services.log_path(log).ok_or_else(|| Fault::bare(Code::NoFile))?;
    let size = world.services.file_size(&path).ok_or_else(|| Fault::new(Code::NoFile, &path))?;
    let window = Window::of_read(size, offset, length);
    let window = window.ok_or_else(|| Fault::bare(Code::BadArguments))?;
    Ok(Value::Str(window.text(world, &path)?))
}

pub(super) fn tail_process_stdout_log(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    tail(world, args, OutputStream::Stdout)
}

pub(super) fn tail_process_stderr_log(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    tail(world, args, OutputStream::Stderr)
}

fn tail(world: &World<'_>, args: &Args<'_>, stream: OutputStream) -> Answer {
    let id = names::find_process(world, args.name(0)?)?.id();
    let answer = |text: String, offset: u64, overflow: bool| {
        let offset = Value::Int(i64::try_from(offset).unwrap_or(i64::MAX));
        Ok(Value::Array(vec![Value::Str(text), offset, Value::Bool(overflow)]).into())
    };
    let path = world.services.log_path(Log::Child(id, stream));
    let file = path.and_then(|path| Some((world.services.file_size(&path)?, path)));
    let Some((size, path)) = file else { return answer(String::new(), 0, false) };
    let (offset, length) = (args.number(1)?, args.number(2)?);
    let (window, overflow) = Window::of_tail(size, offset, length);
    match window.text(world, &path) {
        Ok(text) => answer(text, size, overflow),
        Err(_) => answer(String::new(), offset.unsigned_abs(), false),
    }
}

pub(super) fn clear_log(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let path = world.services.log_path(Log::Main);
    if path.and_then(|path| world.services.file_size(&path)).is_none() {
        return Err(Fault::bare(Code::NoFile));
    }
    world.services.clear_main_log().map_err(|_| Fault::bare(Code::Failed))?;
    Ok(Value::Bool(true).into())
}

pub(super) fn clear_process_logs(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let name = args.name(0)?;
    let id = names::find_process(world, name)?.id();
    clear(world, id, name)
}

pub(super) fn clear_all_process_logs(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let mut each = Each::new(world.now.mono);
    for id in names::by_priority(world.supervisor) {
        let Some(process) = world.supervisor.process(id) else { continue };
        let (group, name) = (process.group().to_owned(), process.name().to_owned());
        let outcome = clear(world, id, &names::join(&group, &name));
        each.push(&group, &name, outcome);
    }
    Ok(each.report().into())
}

fn clear(world: &mut World<'_>, id: ProcId, name: &str) -> Answer {
    let cleared = world.services.clear_child_logs(id);
    cleared.map_err(|_| Fault::new(Code::Failed, name))?;
    Ok(Value::Bool(true).into())
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    offset: u64,
    length: u64,
}

impl Window {
    /// For reading: a negative offset counts from the end and takes no length, length zero means all.
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

    /// For tailing: if there is more than was asked for, the end of it, and that is an overflow.
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

    /// The text in it; what is no UTF-8, and a character cut in two, is shown as U+FFFD.
    fn text(self, world: &World<'_>, path: &str) -> Result<String, Fault> {
        if self.length > MAX_READ {
            let limit = MAX_READ / (1024 * 1024);
            let why = format!("a reply carries at most {limit} MiB of a log, ask for less");
            return Err(Fault::new(Code::Failed, why));
        }
        let bytes = world.services.read_file(path, self.offset, self.length);
        let bytes = bytes.map_err(|_| Fault::bare(Code::Failed))?;
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
