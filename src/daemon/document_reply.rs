//! A reply with logs that are read while it is sent: first for its length, then for its bytes. Both
//! are done in slices, so that other clients get their turn. A log alone has its length already.

use std::rc::Rc;

use crate::rpc::log_text::LogText;
use crate::rpc::xml::{Document, DocumentReader};

/// How many pieces are measured at once.
const MAX_PIECES: usize = 16;
/// How many bytes of a log are sent at once.
const MAX_BYTES: u64 = 16 * 1024;

pub(super) enum DocumentReply {
    Measuring {
        reader: DocumentReader,
        length: u64,
    },
    Sending {
        reader: DocumentReader,
        is_at_end: bool,
    },
    /// The rest of a log, as it is.
    Log {
        rest: LogText,
        is_at_end: bool,
    },
}

impl DocumentReply {
    pub(super) fn new(document: Document) -> Self {
        Self::Measuring { reader: DocumentReader::new(Rc::new(document)), length: 0 }
    }

    pub(super) fn of_log(log: LogText) -> Self {
        Self::Log { rest: log, is_at_end: false }
    }

    /// Measures a slice; returns the length when it is known, after which the reply can be sent.
    pub(super) fn measure(&mut self) -> Option<u64> {
        let Self::Measuring { reader, length } = self else { return None };
        for _ in 0..MAX_PIECES {
            let Some(piece) = reader.next_piece() else {
                let length = *length;
                let reader = DocumentReader::new(Rc::clone(reader.document()));
                *self = Self::Sending { reader, is_at_end: false };
                return Some(length);
            };
            *length += piece.len() as u64;
        }
        None
    }

    /// The next piece to send.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Sending { reader, is_at_end } => {
                let piece = reader.next_piece();
                *is_at_end = piece.is_none();
                piece
            }
            Self::Log { rest, is_at_end } => {
                let mut bytes = vec![0; usize::try_from(rest.length.min(MAX_BYTES)).unwrap_or(0)];
                let count = rest.source.read_at(rest.offset, &mut bytes).unwrap_or(0);
                bytes.truncate(count);
                rest.offset += count as u64;
                rest.length -= count as u64;
                *is_at_end = count == 0;
                (count > 0).then_some(bytes)
            }
            Self::Measuring { .. } => None,
        }
    }

    /// Whether all pieces were returned.
    pub(super) fn is_at_end(&self) -> bool {
        matches!(self, Self::Sending { is_at_end: true, .. } | Self::Log { is_at_end: true, .. })
    }

    /// Whether it continues without any event.
    pub(super) fn is_runnable(&self) -> bool {
        matches!(self, Self::Measuring { .. })
    }

    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Measuring { reader, .. } | Self::Sending { reader, .. } => {
                reader.document().memory()
            }
            Self::Log { .. } => 0,
        }
    }
}
