//! Any bytes as the output of an event listener, in pieces whose size is the first byte: no panic,
//! and the same protocol steps as in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::core::listener::{Listener, ProtocolStep};
use supkit::core::state::ListenerState;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let in_pieces = steps(bytes, usize::from(*size).max(1));
    assert_eq!(in_pieces, steps(bytes, bytes.len().max(1)));
});

fn steps(bytes: &[u8], size: usize) -> Vec<ProtocolStep> {
    let mut listener = Listener::default();
    let mut steps = Vec::new();
    for piece in bytes.chunks(size) {
        listener.feed(piece);
        while let Some(step) = listener.advance() {
            let verdict = match &step {
                ProtocolStep::Result(result) => Some(result == b"OK"),
                ProtocolStep::BadResult(_) => Some(false),
                ProtocolStep::StateChanged { .. } => None,
            };
            steps.push(step);
            steps.extend(verdict.map(|succeeded| listener.on_verdict(succeeded)));
            if listener.state() == ListenerState::Ready {
                listener.on_event_sent();
            }
        }
    }
    steps
}
