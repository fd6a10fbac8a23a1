//! The result handlers that are built in: what a listener's answer does. Two of them stand in for
//! the handlers of stdout relays, which pass the output of programs on to the daemon's own streams.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::effect::Stream;
use crate::conf::config::ResultHandler;

/// What a handler makes of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// Accepted, and this goes to a stream of the daemon.
    Relayed(Stream, Vec<u8>),
    Rejected,
    /// The handler itself failed: Supervisor then gives the listener up.
    Broken,
}

/// The payload of a `PROCESS_LOG` event, which the relays send back as their result.
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

    /// As `supervisor_stdout:event_handler` shows it.
    fn plain(&self) -> Verdict {
        let text = format!("{} {} | {}", self.process, self.channel, self.data);
        Verdict::Relayed(Stream::Stdout, text.into_bytes())
    }
}

/// The colours of processes, in the order in which they are given away.
const TINTS: [u8; 5] = [36, 33, 32, 35, 34];

/// What the handlers remember from one result to the next.
#[derive(Clone, Debug, Default)]
pub struct Relay {
    tints: BTreeMap<String, u8>,
    coloured: usize,
    /// How wide the column of names has become.
    width: usize,
}

impl Relay {
    pub fn judge(&mut self, handler: ResultHandler, result: &[u8]) -> Verdict {
        match handler {
            ResultHandler::Default if result == b"OK" => Verdict::Accepted,
            ResultHandler::Default => Verdict::Rejected,
            ResultHandler::Stdout => {
                Output::read(result).map_or(Verdict::Broken, |output| output.plain())
            }
            // The original swallows whatever goes wrong.
            ResultHandler::Stdlog => {
                Output::read(result).map_or(Verdict::Accepted, |output| self.coloured(&output))
            }
        }
    }

    /// As `supervisor_stdlog:log_handler` shows it.
    fn coloured(&mut self, output: &Output) -> Verdict {
        let (stream, shade) = match output.channel {
            "stderr" => (Stream::Stderr, 31),
            "stdout" => (Stream::Stdout, 37),
            _ => (Stream::Stdout, 34),
        };
        let (process, width) = (output.process, self.column(output.process));
        let tint = self.tint(process);
        let data = output.data.strip_suffix('\n').unwrap_or(output.data);
        let mut text = String::new();
        for line in data.split('\n') {
            let _ = writeln!(text, "\x1b[{tint}m{process:<width$}| \x1b[{shade}m{line}\x1b[m");
        }
        Verdict::Relayed(stream, text.into_bytes())
    }

    fn column(&mut self, process: &str) -> usize {
        self.width = self.width.max(process.chars().count() + 1);
        self.width
    }

    /// A colour that a process keeps. Every result uses one up, whoever it is of.
    fn tint(&mut self, process: &str) -> u8 {
        let next = TINTS[self.coloured % TINTS.len()];
        self.coloured += 1;
        *self.tints.entry(process.to_owned()).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relayed(relay: &mut Relay, handler: ResultHandler, result: &str) -> (Stream, String) {
        match relay.judge(handler, result.as_bytes()) {
            Verdict::Relayed(stream, bytes) => (stream, String::from_utf8(bytes).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_default_takes_ok_and_nothing_else() {
        let mut relay = Relay::default();
        assert_eq!(relay.judge(ResultHandler::Default, b"OK"), Verdict::Accepted);
        assert_eq!(relay.judge(ResultHandler::Default, b"OK\n"), Verdict::Rejected);
    }

    #[test]
    fn the_stdout_relay_prefixes_the_output() {
        let mut relay = Relay::default();
        let result = "processname:web groupname:web pid:7 channel:stderr\nhello\nyou\n";
        assert_eq!(
            relayed(&mut relay, ResultHandler::Stdout, result),
            (Stream::Stdout, "web stderr | hello\nyou\n".to_owned())
        );
        assert_eq!(relay.judge(ResultHandler::Stdout, b"junk"), Verdict::Broken);
    }

    #[test]
    fn the_log_relay_colours_each_line_and_aligns_the_names() {
        let mut relay = Relay::default();
        let mut show = |process: &str, channel: &str, data: &str| {
            let result = format!("processname:{process} pid:7 channel:{channel}\n{data}");
            relayed(&mut relay, ResultHandler::Stdlog, &result)
        };
        let stdout = |text: &str| (Stream::Stdout, text.to_owned());
        let stderr = |text: &str| (Stream::Stderr, text.to_owned());
        assert_eq!(
            show("web", "stdout", "a\nb\n"),
            stdout("\x1b[36mweb | \x1b[37ma\x1b[m\n\x1b[36mweb | \x1b[37mb\x1b[m\n")
        );
        assert_eq!(show("worker", "stderr", "c"), stderr("\x1b[33mworker | \x1b[31mc\x1b[m\n"));
        assert_eq!(show("web", "stdout", "\n"), stdout("\x1b[36mweb    | \x1b[37m\x1b[m\n"));
        assert_eq!(show("db", "other", "d"), stdout("\x1b[35mdb     | \x1b[34md\x1b[m\n"));
        assert_eq!(relay.judge(ResultHandler::Stdlog, b"junk"), Verdict::Accepted);
    }
}
