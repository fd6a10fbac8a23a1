//! The event listener protocol, one listener's side of it: bytes come in, steps come out. Knows no
//! pool and no event.

use super::state::ListenerState;

const READY: &[u8] = b"READY\n";

/// The word before a result's length. Supervisor drops as many bytes and never looks at them.
const RESULT_WORD: usize = b"RESULT ".len();

/// A line that should say `RESULT n` and is longer than this does not.
const LONGEST_LINE: usize = 64 * 1024;

/// A relay answers with whole events; nobody answers with more than this.
const LONGEST_RESULT: usize = 256 * 1024 * 1024;

/// One thing that a listener's output did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Changed {
        from: ListenerState,
        to: ListenerState,
    },
    /// The line should have been `RESULT n`.
    BadResult(Vec<u8>),
    Result(Vec<u8>),
}

/// Where a listener stands and what it has said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    state: ListenerState,
    said: Vec<u8>,
    /// The length of the result that is being read.
    result: Option<usize>,
}

impl Default for Listener {
    /// A listener that was just started is waited for as one that has acknowledged.
    fn default() -> Self {
        Self { state: ListenerState::Acknowledged, said: Vec::new(), result: None }
    }
}

impl Listener {
    pub fn state(&self) -> ListenerState {
        self.state
    }

    /// An event was sent to it.
    pub fn sent(&mut self) {
        self.state = ListenerState::Busy;
    }

    /// The event could not be written after all: it stands where it stood.
    pub fn unsent(&mut self) {
        self.state = ListenerState::Ready;
    }

    /// What the handler said of a result.
    #[must_use]
    pub fn judged(&mut self, well: bool) -> Step {
        self.change(if well { ListenerState::Acknowledged } else { ListenerState::Unknown })
    }

    pub fn say(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
    }

    /// The next thing that follows from what was said; `None` when more must be said first. After
    /// a `Result` the caller answers with [`Listener::judged`] before it asks again.
    pub fn advance(&mut self) -> Option<Step> {
        match self.state {
            ListenerState::Unknown => {
                self.said.clear();
                None
            }
            ListenerState::Acknowledged if self.said.len() < READY.len() => None,
            ListenerState::Acknowledged if self.said.starts_with(READY) => {
                self.said.drain(..READY.len());
                Some(self.change(ListenerState::Ready))
            }
            ListenerState::Ready if self.said.is_empty() => None,
            ListenerState::Acknowledged | ListenerState::Ready => {
                Some(self.change(ListenerState::Unknown))
            }
            ListenerState::Busy => self.next_of_result(),
        }
    }

    fn next_of_result(&mut self) -> Option<Step> {
        let length = if let Some(length) = self.result {
            length
        } else {
            let line = self.line()?;
            let Some(length) = result_length(&line) else {
                return Some(Step::BadResult(line));
            };
            *self.result.insert(length)
        };
        if self.said.len() < length {
            return None;
        }
        self.result = None;
        Some(Step::Result(self.said.drain(..length).collect()))
    }

    /// The line that was begun, once it has ended or is too long to be one.
    fn line(&mut self) -> Option<Vec<u8>> {
        match self.said.iter().position(|&byte| byte == b'\n') {
            Some(end) => Some(self.said.drain(..=end).take(end).collect()),
            None if self.said.len() > LONGEST_LINE => Some(std::mem::take(&mut self.said)),
            None => None,
        }
    }

    fn change(&mut self, to: ListenerState) -> Step {
        let from = std::mem::replace(&mut self.state, to);
        if to == ListenerState::Unknown {
            self.said.clear();
        }
        Step::Changed { from, to }
    }
}

/// Python's `int()` of what stands behind the first seven bytes.
fn result_length(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line.get(RESULT_WORD.min(line.len())..)?).ok()?.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let well_formed = !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    let digits = digits.replace('_', "");
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let length = (well_formed && all_digits).then(|| digits.parse().ok())?;
    length.filter(|length| *length <= LONGEST_RESULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(listener: &mut Listener, said: &[u8]) -> Vec<Step> {
        listener.say(said);
        let mut steps = Vec::new();
        while let Some(step) = listener.advance() {
            let is_result = matches!(step, Step::Result(_) | Step::BadResult(_));
            steps.push(step);
            if is_result {
                steps.push(listener.judged(true));
            }
        }
        steps
    }

    fn busy() -> Listener {
        let mut listener = Listener::default();
        steps(&mut listener, b"READY\n");
        listener.sent();
        listener
    }

    #[test]
    fn a_listener_becomes_ready_however_its_word_is_cut() {
        let mut listener = Listener::default();
        assert_eq!(steps(&mut listener, b"REA"), []);
        steps(&mut listener, b"DY\n");
        assert_eq!(listener.state(), ListenerState::Ready);
    }

    #[test]
    fn garbage_instead_of_ready_is_the_end() {
        let mut listener = Listener::default();
        steps(&mut listener, b"hello world\n");
        assert_eq!(listener.state(), ListenerState::Unknown);
        assert_eq!(steps(&mut listener, b"READY\n"), []);
    }

    #[test]
    fn output_while_ready_is_the_end() {
        let mut listener = Listener::default();
        steps(&mut listener, b"READY\nx");
        assert_eq!(listener.state(), ListenerState::Unknown);
    }

    #[test]
    fn a_result_and_the_next_ready_may_come_at_once() {
        let mut listener = busy();
        let got = steps(&mut listener, b"RESULT 2\nOKREADY\n");
        assert_eq!(got[0], Step::Result(b"OK".to_vec()));
        assert_eq!(listener.state(), ListenerState::Ready);
    }

    #[test]
    fn the_word_is_not_looked_at_but_the_number_is() {
        assert_eq!(steps(&mut busy(), b"result 2\nOK")[0], Step::Result(b"OK".to_vec()));
        assert_eq!(steps(&mut busy(), b"RESULT  1_0 \n0123456789").len(), 2);
        assert_eq!(steps(&mut busy(), b"RESULT x\n")[0], Step::BadResult(b"RESULT x".to_vec()));
        assert_eq!(steps(&mut busy(), b"\n")[0], Step::BadResult(Vec::new()));
    }

    #[test]
    fn what_never_ends_is_no_result() {
        let mut listener = busy();
        assert_eq!(steps(&mut listener, &vec![b'x'; LONGEST_LINE]), []);
        assert_eq!(steps(&mut listener, b"x").len(), 2);
        let got = steps(&mut busy(), b"RESULT 99999999999\n");
        assert_eq!(got[0], Step::BadResult(b"RESULT 99999999999".to_vec()));
    }

    #[test]
    fn an_empty_result_is_a_result() {
        assert_eq!(steps(&mut busy(), b"RESULT 0\n")[0], Step::Result(Vec::new()));
    }
}
