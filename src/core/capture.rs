//! Capture mode: output between two tokens is collected and sent as an event instead of being
//! logged. A token may span several reads; only a possible prefix of a token is held back.

use serde::{Deserialize, Serialize};

use super::ansi::find;

const BEGIN: &[u8] = b"<!--XSUPERVISOR:BEGIN-->";
const END: &[u8] = b"<!--XSUPERVISOR:END-->";

/// A part of a chunk of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Ordinary output.
    Text(Vec<u8>),
    /// Output between the tokens: sent as an event, but not logged.
    Captured(Vec<u8>),
    /// The end token was read: everything that was captured.
    Message(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Capture {
    maxbytes: usize,
    capturing: bool,
    /// A possible prefix of a token.
    held: Vec<u8>,
    captured: Vec<u8>,
}

impl Capture {
    pub(super) fn new(maxbytes: usize) -> Self {
        Self { maxbytes, capturing: false, held: Vec::new(), captured: Vec::new() }
    }

    /// Splits one chunk. `strip` is applied to text before it is stored or returned.
    pub(super) fn feed(
        &mut self,
        chunk: &[u8],
        mut strip: impl FnMut(&[u8]) -> Vec<u8>,
    ) -> Vec<Piece> {
        let mut data = std::mem::take(&mut self.held);
        data.extend_from_slice(chunk);
        let mut pieces = Vec::new();
        let mut rest = data.as_slice();
        while let Some(at) = find(rest, self.token()) {
            self.push_text(strip(&rest[..at]), &mut pieces);
            rest = &rest[at + self.token().len()..];
            if self.capturing {
                pieces.push(Piece::Message(std::mem::take(&mut self.captured)));
            }
            self.capturing = !self.capturing;
        }
        let held = prefix_at_end(rest, self.token());
        self.push_text(strip(&rest[..rest.len() - held]), &mut pieces);
        self.held = rest[rest.len() - held..].to_vec();
        pieces
    }

    /// The stream ended: returns the bytes that were held back. An unfinished message is dropped.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        let held = std::mem::take(&mut self.held);
        (!held.is_empty() && !self.capturing).then_some(Piece::Text(held))
    }

    fn token(&self) -> &'static [u8] {
        if self.capturing { END } else { BEGIN }
    }

    fn push_text(&mut self, text: Vec<u8>, pieces: &mut Vec<Piece>) {
        if text.is_empty() {
            return;
        }
        if !self.capturing {
            pieces.push(Piece::Text(text));
            return;
        }
        // As in Supervisor, the number of dropped bytes is the length of the new chunk, not the
        // excess; so the limit may be exceeded by one chunk.
        if self.captured.len() + text.len() > self.maxbytes {
            self.captured.drain(..text.len().min(self.captured.len()));
        }
        self.captured.extend_from_slice(&text);
        pieces.push(Piece::Captured(text));
    }
}

/// How many bytes at the end of `data` could be the beginning of `token`.
fn prefix_at_end(data: &[u8], token: &[u8]) -> usize {
    (1..token.len()).rev().find(|&length| data.ends_with(&token[..length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(chunks: &[&[u8]]) -> Vec<Piece> {
        let mut capture = Capture::new(1000);
        let mut pieces: Vec<Piece> =
            chunks.iter().flat_map(|chunk| capture.feed(chunk, <[u8]>::to_vec)).collect();
        pieces.extend(capture.finish());
        pieces
    }

    #[test]
    fn the_text_between_two_tokens_is_a_message() {
        let got = run(&[b"a<!--XSUPERVISOR:BEGIN-->hi<!--XSUPERVISOR:END-->b"]);
        assert_eq!(
            got,
            [
                Piece::Text(b"a".to_vec()),
                Piece::Captured(b"hi".to_vec()),
                Piece::Message(b"hi".to_vec()),
                Piece::Text(b"b".to_vec()),
            ]
        );
    }

    #[test]
    fn every_message_of_a_burst_is_returned() {
        let burst = b"<!--XSUPERVISOR:BEGIN-->x<!--XSUPERVISOR:END-->".repeat(500);
        let messages =
            run(&[&burst]).iter().filter(|piece| matches!(piece, Piece::Message(_))).count();
        assert_eq!(messages, 500);
    }

    #[test]
    fn a_partial_token_at_the_end_is_returned_as_text() {
        assert_eq!(
            run(&[b"done <!--XSUP"]),
            [Piece::Text(b"done ".to_vec()), Piece::Text(b"<!--XSUP".to_vec())]
        );
    }

    proptest! {
        #[test]
        fn read_boundaries_do_not_change_the_result(cuts in proptest::collection::vec(0usize..120, 0..6)) {
            let text: &[u8] =
                b"before<!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END-->mid<!--XSUPERVISOR:BEGIN-->two<!--XSUPERVISOR:END-->after";
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&text[from..cut]);
                from = cut;
            }
            chunks.push(&text[from..]);
            let mut plain = Vec::new();
            let mut messages = Vec::new();
            for piece in run(&chunks) {
                match piece {
                    Piece::Text(text) => plain.extend(text),
                    Piece::Message(text) => messages.push(text),
                    Piece::Captured(_) => {}
                }
            }
            prop_assert_eq!(plain, b"beforemidafter".to_vec());
            prop_assert_eq!(messages, vec![b"one".to_vec(), b"two".to_vec()]);
        }
    }
}
