//! The event listener protocol of one listener: output bytes are fed in, protocol steps are
//! returned. Knows no pool and no event.

use serde::{Deserialize, Serialize};

use super::state::ListenerState;

const READY: &[u8] = b"READY\n";

/// The length of the word before the result length. Like Supervisor, we skip as many bytes
/// unchecked.
const RESULT_PREFIX: usize = b"RESULT ".len();

/// A longer line is rejected as a bad `RESULT n` line.
const MAX_LINE: usize = 64 * 1024;

/// A result with a greater length is rejected. Stdout relays return whole events as results.
const MAX_RESULT: usize = 256 * 1024 * 1024;

/// One step of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProtocolStep {
    StateChanged {
        from: ListenerState,
        to: ListenerState,
    },
    /// The line should have been `RESULT n`.
    BadResult(Vec<u8>),
    Result(Vec<u8>),
}

/// The protocol state of a listener, with its unprocessed output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    state: ListenerState,
    buffer: Vec<u8>,
    /// The length of the result that is being read.
    result: Option<usize>,
}

impl Default for Listener {
    /// A listener that was just started is in the state ACKNOWLEDGED, as in Supervisor.
    fn default() -> Self {
        Self { state: ListenerState::Acknowledged, buffer: Vec::new(), result: None }
    }
}

impl Listener {
    pub fn state(&self) -> ListenerState {
        self.state
    }

    /// What it has done of the protocol is not known: its output is discarded.
    pub fn lose_track(&mut self) {
        *self = Self { state: ListenerState::Unknown, buffer: Vec::new(), result: None };
    }

    /// An event was sent to the listener.
    pub fn on_event_sent(&mut self) {
        self.state = ListenerState::Busy;
    }

    /// The event could not be written: the listener is ready again.
    pub fn on_send_failed(&mut self) {
        self.state = ListenerState::Ready;
    }

    /// Applies the verdict of the result handler.
    #[must_use]
    pub fn on_verdict(&mut self, succeeded: bool) -> ProtocolStep {
        self.change_state(if succeeded {
            ListenerState::Acknowledged
        } else {
            ListenerState::Unknown
        })
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next protocol step; `None` if more output is needed. After a `Result` or `BadResult` the
    /// caller must call [`Listener::on_verdict`] before the next call.
    pub fn advance(&mut self) -> Option<ProtocolStep> {
        match self.state {
            ListenerState::Unknown => {
                self.buffer.clear();
                None
            }
            ListenerState::Acknowledged if self.buffer.len() < READY.len() => None,
            ListenerState::Acknowledged if self.buffer.starts_with(READY) => {
                self.buffer.drain(..READY.len());
                Some(self.change_state(ListenerState::Ready))
            }
            ListenerState::Ready if self.buffer.is_empty() => None,
            ListenerState::Acknowledged | ListenerState::Ready => {
                Some(self.change_state(ListenerState::Unknown))
            }
            ListenerState::Busy => self.read_result(),
        }
    }

    fn read_result(&mut self) -> Option<ProtocolStep> {
        let length = if let Some(length) = self.result {
            length
        } else {
            let line = self.take_line()?;
            let Some(length) = result_length(&line) else {
                return Some(ProtocolStep::BadResult(line));
            };
            *self.result.insert(length)
        };
        if self.buffer.len() < length {
            return None;
        }
        self.result = None;
        Some(ProtocolStep::Result(self.buffer.drain(..length).collect()))
    }

    /// The next line, once it is complete or exceeds the maximum length.
    fn take_line(&mut self) -> Option<Vec<u8>> {
        match self.buffer.iter().position(|&byte| byte == b'\n') {
            Some(end) => Some(self.buffer.drain(..=end).take(end).collect()),
            None if self.buffer.len() > MAX_LINE => Some(std::mem::take(&mut self.buffer)),
            None => None,
        }
    }

    fn change_state(&mut self, to: ListenerState) -> ProtocolStep {
        let from = std::mem::replace(&mut self.state, to);
        if to == ListenerState::Unknown {
            self.buffer.clear();
        }
        ProtocolStep::StateChanged { from, to }
    }
}

/// The number after the first seven bytes, parsed like Python's `int()`.
fn result_length(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line.get(RESULT_PREFIX.min(line.len())..)?).ok()?.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let well_formed = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let digits = digits.replace('_', "");
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let length = (well_formed && all_digits).then(|| digits.parse().ok())?;
    length.filter(|length| *length <= MAX_RESULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(listener: &mut Listener, output: &[u8]) -> Vec<ProtocolStep> {
        listener.feed(output);
        let mut steps = Vec::new();
        while let Some(step) = listener.advance() {
            let is_result = matches!(step, ProtocolStep::Result(_) | ProtocolStep::BadResult(_));
            steps.push(step);
            if is_result {
                steps.push(listener.on_verdict(true));
            }
        }
        steps
    }

    fn busy() -> Listener {
        let mut listener = Listener::default();
        steps(&mut listener, b"READY\n");
        listener.on_event_sent();
        listener
    }

    #[test]
    fn a_listener_becomes_ready_when_ready_is_split_between_reads() {
        let mut listener = Listener::default();
        assert_eq!(steps(&mut listener, b"REA"), []);
        steps(&mut listener, b"DY\n");
        assert_eq!(listener.state(), ListenerState::Ready);
    }

    #[test]
    fn garbage_instead_of_ready_makes_the_listener_unknown() {
        let mut listener = Listener::default();
        steps(&mut listener, b"hello world\n");
        assert_eq!(listener.state(), ListenerState::Unknown);
        assert_eq!(steps(&mut listener, b"READY\n"), []);
    }

    #[test]
    fn output_while_ready_makes_the_listener_unknown() {
        let mut listener = Listener::default();
        steps(&mut listener, b"READY\nx");
        assert_eq!(listener.state(), ListenerState::Unknown);
    }

    #[test]
    fn a_result_and_the_next_ready_may_arrive_in_one_read() {
        let mut listener = busy();
        let got = steps(&mut listener, b"RESULT 2\nOKREADY\n");
        assert_eq!(got[0], ProtocolStep::Result(b"OK".to_vec()));
        assert_eq!(listener.state(), ListenerState::Ready);
    }

    #[test]
    fn the_result_word_is_not_checked_but_the_length_is() {
        assert_eq!(steps(&mut busy(), b"result 2\nOK")[0], ProtocolStep::Result(b"OK".to_vec()));
        assert_eq!(steps(&mut busy(), b"RESULT  1_0 \n0123456789").len(), 2);
        assert_eq!(
            steps(&mut busy(), b"RESULT x\n")[0],
            ProtocolStep::BadResult(b"RESULT x".to_vec())
        );
        assert_eq!(steps(&mut busy(), b"\n")[0], ProtocolStep::BadResult(Vec::new()));
    }

    #[test]
    fn an_overlong_line_or_result_is_rejected() {
        let mut listener = busy();
        assert_eq!(steps(&mut listener, &vec![b'x'; MAX_LINE]), []);
        assert_eq!(steps(&mut listener, b"x").len(), 2);
        let got = steps(&mut busy(), b"RESULT 99999999999\n");
        assert_eq!(got[0], ProtocolStep::BadResult(b"RESULT 99999999999".to_vec()));
    }

    #[test]
    fn an_empty_result_is_accepted() {
        assert_eq!(steps(&mut busy(), b"RESULT 0\n")[0], ProtocolStep::Result(Vec::new()));
    }
}
