//! The built-in result handlers of event listeners. Two of them replace the handlers of the
//! `supervisor-stdout` and `supervisor-stdlog` packages, which copy the output of programs to the
//! daemon's own streams.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::effect::OutputStream;
use crate::conf::config::ResultHandler;

/// What a handler decides about a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// Accepted; the bytes are written to a stream of the daemon.
    Forward(OutputStream, Vec<u8>),
    Rejected,
    /// The handler itself failed: the listener enters the UNKNOWN state.
    Failed,
}

/// The payload of a `PROCESS_LOG` event, which these listeners return as their result.
struct Output<'a> {
    process: &'a str,
    channel: &'a str,
    data: &'a str,
}

impl<'a> Output<'a> {
    fn read(result: &'a [u8]) -> Option<Self> {
        let (header, data) = std::str::from_utf8(result).ok()?.split_once('\n')?;
        let field = |name: &str| {
            header.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
        };
        Some(Self { process: field("processname")?, channel: field("channel")?, data })
    }

    /// The format of `supervisor_stdout:event_handler`.
    fn plain(&self) -> Verdict {
        let text = format!("{} {} | {}", self.process, self.channel, self.data);
        Verdict::Forward(OutputStream::Stdout, text.into_bytes())
    }
}

/// The colours of processes, in the order of assignment.
const COLOURS: [u8; 5] = [36, 33, 32, 35, 34];

/// State of the handlers between two results.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HandlerState {
    colours: BTreeMap<String, u8>,
    results: usize,
    /// The width of the name column.
    width: usize,
}

impl HandlerState {
    pub fn handle(&mut self, handler: ResultHandler, result: &[u8]) -> Verdict {
        match handler {
            ResultHandler::Default if result == b"OK" => Verdict::Accepted,
            ResultHandler::Default => Verdict::Rejected,
            ResultHandler::Stdout => {
                Output::read(result).map_or(Verdict::Failed, |output| output.plain())
            }
            // The original handler ignores errors.
            ResultHandler::Stdlog => {
                Output::read(result).map_or(Verdict::Accepted, |output| self.coloured(&output))
            }
        }
    }

    /// The format of `supervisor_stdlog:log_handler`.
    fn coloured(&mut self, output: &Output) -> Verdict {
        let (stream, text_colour) = match output.channel {
            "stderr" => (OutputStream::Stderr, 31),
            "stdout" => (OutputStream::Stdout, 37),
            _ => (OutputStream::Stdout, 34),
        };
        let (process, width) = (output.process, self.column(output.process));
        let colour = self.colour(process);
        let data = output.data.strip_suffix('\n').unwrap_or(output.data);
        let mut text = String::new();
        for line in data.split('\n') {
            let _ =
                writeln!(text, "\x1b[{colour}m{process:<width$}| \x1b[{text_colour}m{line}\x1b[m");
        }
        Verdict::Forward(stream, text.into_bytes())
    }

    fn column(&mut self, process: &str) -> usize {
        self.width = self.width.max(process.chars().count() + 1);
        self.width
    }

    /// The fixed colour of a process. As in the original, every result advances the colour index.
    fn colour(&mut self, process: &str) -> u8 {
        let next = COLOURS[self.results % COLOURS.len()];
        self.results += 1;
        *self.colours.entry(process.to_owned()).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(
        handlers: &mut HandlerState,
        handler: ResultHandler,
        result: &str,
    ) -> (OutputStream, String) {
        match handlers.handle(handler, result.as_bytes()) {
            Verdict::Forward(stream, bytes) => (stream, String::from_utf8(bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_default_handler_accepts_only_ok() {
        let mut handlers = HandlerState::default();
        assert_eq!(handlers.handle(ResultHandler::Default, b"OK"), Verdict::Accepted);
        assert_eq!(handlers.handle(ResultHandler::Default, b"OK\n"), Verdict::Rejected);
    }

    #[test]
    fn the_stdout_handler_prefixes_the_output() {
        let mut handlers = HandlerState::default();
        let result = "processname:web groupname:web pid:7 channel:stderr\nhello\nyou\n";
        assert_eq!(
            forwarded(&mut handlers, ResultHandler::Stdout, result),
            (OutputStream::Stdout, "web stderr | hello\nyou\n".to_owned())
        );
        assert_eq!(handlers.handle(ResultHandler::Stdout, b"junk"), Verdict::Failed);
    }

    #[test]
    fn the_log_handler_colours_each_line_and_aligns_the_names() {
        let mut handlers = HandlerState::default();
        let mut run = |process: &str, channel: &str, data: &str| {
            let result = format!("processname:{process} pid:7 channel:{channel}\n{data}");
            forwarded(&mut handlers, ResultHandler::Stdlog, &result)
        };
        let stdout = |text: &str| (OutputStream::Stdout, text.to_owned());
        let stderr = |text: &str| (OutputStream::Stderr, text.to_owned());
        assert_eq!(
            run("web", "stdout", "a\nb\n"),
            stdout("\x1b[36mweb | \x1b[37ma\x1b[m\n\x1b[36mweb | \x1b[37mb\x1b[m\n")
        );
        assert_eq!(run("worker", "stderr", "c"), stderr("\x1b[33mworker | \x1b[31mc\x1b[m\n"));
        assert_eq!(run("web", "stdout", "\n"), stdout("\x1b[36mweb    | \x1b[37m\x1b[m\n"));
        assert_eq!(run("db", "other", "d"), stdout("\x1b[35mdb     | \x1b[34md\x1b[m\n"));
        assert_eq!(handlers.handle(ResultHandler::Stdlog, b"junk"), Verdict::Accepted);
    }
}
