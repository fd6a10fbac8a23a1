//! Follows one log: its end first, then what is appended. The stream of the daemon begins with the last
//! kilobyte; what was before it is read separately.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::connector::{Connector, PATIENCE, reason};
use super::model::Report;
use super::reporter::Reporter;
use crate::ctl::client::{ClientError, LogStream};
use crate::ctl::{Channel, read_log};
use crate::os::ready::wait_readable;

/// How much of the end is read.
const HISTORY: i64 = 64 * 1024;
/// How long the beginning of the stream may take.
const BEGINNING: Duration = Duration::from_secs(2);
/// When an interrupted stream is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Which log.
pub(super) struct Source {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) channel: Channel,
}

/// Follows until `end` is closed.
pub(super) fn run(connector: &Connector, to: &Reporter, source: &Source, end: &UnixStream) {
    loop {
        let why = match follow(connector, to, source, end) {
            Ok(Ended::ByProgram) => return,
            Ok(Ended::ByDaemon) => "the daemon ended the stream; trying again".to_owned(),
            Err(error) => unreadable(&error),
        };
        let is_closed = wait_readable(&[end.as_fd()], Some(Duration::ZERO));
        if is_closed.is_ok_and(|ready| ready.contains(&true))
            || !to.send(Report::LogFailed(source.id, why))
        {
            return;
        }
        match wait_readable(&[end.as_fd()], Some(RETRY)) {
            Ok(ready) if !ready.contains(&true) => {}
            _ => return,
        }
    }
}

enum Ended {
    ByProgram,
    ByDaemon,
}

fn unreadable(error: &ClientError) -> String {
    match error {
        ClientError::Status { code: 403, .. } => "not permitted".to_owned(),
        ClientError::Status { code: 404 | 410, .. } => "there is no log".to_owned(),
        error => reason(error),
    }
}

fn follow(
    connector: &Connector,
    to: &Reporter,
    source: &Source,
    end: &UnixStream,
) -> Result<Ended, ClientError> {
    let Source { id, name, channel } = source;
    let mut client = connector.client(Some(PATIENCE));
    let path = format!("/logtail/{name}/{}", channel.name());
    let mut stream = connector.client(None).follow(&path)?;
    // The stream shows the end at least, if the history cannot be read.
    let history = read_log(&mut client, name, *channel, HISTORY).unwrap_or_default();
    let mut bytes = beginning(&mut stream, history.is_empty(), end)?;
    let known = before(&history, &bytes).to_vec();
    if !to.send(Report::LogOpened(*id)) || !to.send(Report::LogBytes(*id, known)) {
        return Ok(Ended::ByProgram);
    }
    loop {
        if !bytes.is_empty() && !to.send(Report::LogBytes(*id, bytes)) {
            return Ok(Ended::ByProgram);
        }
        let ready = wait_readable(&[stream.as_fd(), end.as_fd()], None);
        if ready.map_err(ClientError::Io)?.last() == Some(&true) {
            return Ok(Ended::ByProgram);
        }
        match stream.read_available()? {
            Some(more) => bytes = more,
            None => return Ok(Ended::ByDaemon),
        }
    }
}

/// What the stream begins with.
fn beginning(
    stream: &mut LogStream,
    is_empty: bool,
    end: &UnixStream,
) -> Result<Vec<u8>, ClientError> {
    let bytes = stream.buffered()?;
    if !bytes.is_empty() || is_empty {
        return Ok(bytes);
    }
    let ready = wait_readable(&[stream.as_fd(), end.as_fd()], Some(BEGINNING));
    if ready.map_err(ClientError::Io)?.first() != Some(&true) {
        return Ok(Vec::new());
    }
    Ok(stream.read_available()?.unwrap_or_default())
}

/// The part of the history before the stream. The stream may begin before the end of the history,
/// and end before or after it.
fn before<'h>(history: &'h [u8], stream: &[u8]) -> &'h [u8] {
    if stream.is_empty() {
        return history;
    }
    let whole = history.windows(stream.len()).rposition(|window| window == stream);
    let at = whole.or_else(|| {
        let start = history.len().saturating_sub(stream.len());
        (start..history.len()).find(|at| stream.starts_with(&history[*at..]))
    });
    &history[..at.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_and_stream_overlap() {
        let joined = |history: &str, stream: &str| {
            let mut all = before(history.as_bytes(), stream.as_bytes()).to_vec();
            all.extend(stream.bytes());
            String::from_utf8(all).expect("text")
        };
        assert_eq!(joined("abcdefgh", "fgh"), "abcdefgh", "they end together");
        assert_eq!(joined("abcdefgh", "fghij"), "abcdefghij", "the stream is ahead");
        assert_eq!(joined("abcdefgh", "def"), "abcdef", "the rest is still to come");
        assert_eq!(joined("abc", "xyz"), "xyz", "a log that was rotated in between");
        assert_eq!(joined("tick\ntick\ntick\n", "tick\ntick\n"), "tick\ntick\ntick\n");
        assert_eq!(joined("abc", ""), "abc");
        assert_eq!(joined("", "abc"), "abc");
    }
}
