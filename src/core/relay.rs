//! The result handlers that are built in: what a listener's answer does.

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

pub fn judge(handler: ResultHandler, result: &[u8]) -> Verdict {
    match handler {
        ResultHandler::Default if result == b"OK" => Verdict::Accepted,
        ResultHandler::Default => Verdict::Rejected,
        ResultHandler::Stdout => Output::read(result).map_or(Verdict::Broken, |o| o.plain()),
        ResultHandler::Stdlog => Output::read(result).map_or(Verdict::Broken, |o| o.coloured()),
    }
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

    fn plain(&self) -> Verdict {
        let text = format!("{} {} | {}", self.process, self.channel, self.data);
        Verdict::Relayed(Stream::Stdout, text.into_bytes())
    }

    fn coloured(&self) -> Verdict {
        let (stream, colour) = match self.channel {
            "stderr" => (Stream::Stderr, 31),
            _ => (Stream::Stdout, 37),
        };
        let (process, tint) = (self.process, tint(self.process));
        let data = self.data.strip_suffix('\n').unwrap_or(self.data);
        let mut text = String::new();
        for line in data.split('\n') {
            let _ = writeln!(text, "\x1b[{tint}m{process} | \x1b[{colour}m{line}\x1b[m");
        }
        Verdict::Relayed(stream, text.into_bytes())
    }
}

/// A colour that a process keeps.
fn tint(process: &str) -> u8 {
    const TINTS: [u8; 5] = [36, 33, 32, 35, 34];
    let sum: usize = process.bytes().map(usize::from).sum();
    TINTS[sum % TINTS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_takes_ok_and_nothing_else() {
        assert_eq!(judge(ResultHandler::Default, b"OK"), Verdict::Accepted);
        assert_eq!(judge(ResultHandler::Default, b"OK\n"), Verdict::Rejected);
    }

    #[test]
    fn the_stdout_relay_prefixes_the_output() {
        let result = b"processname:web groupname:web pid:7 channel:stdout\nhello\n";
        assert_eq!(
            judge(ResultHandler::Stdout, result),
            Verdict::Relayed(Stream::Stdout, b"web stdout | hello\n".to_vec())
        );
        assert_eq!(judge(ResultHandler::Stdout, b"junk"), Verdict::Broken);
    }
}
