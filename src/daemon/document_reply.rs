//! A reply with logs that are read while it is sent: first for its length, then for its bytes. Both
//! are done in slices, so that other clients get their turn.

use std::rc::Rc;

use crate::rpc::xml::{Document, DocumentReader};

/// How many pieces are measured at once.
const MAX_PIECES: usize = 16;

pub(super) enum DocumentReply {
    Measuring { reader: DocumentReader, length: u64 },
    Sending { reader: DocumentReader, is_at_end: bool },
}

impl DocumentReply {
    pub(super) fn new(document: Document) -> Self {
        Self::Measuring { reader: DocumentReader::new(Rc::new(document)), length: 0 }
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
            Self::Measuring { .. } => None,
        }
    }

    /// Whether all pieces were returned.
    pub(super) fn is_at_end(&self) -> bool {
        matches!(self, Self::Sending { is_at_end: true, .. })
    }

    /// Whether it continues without any event.
    pub(super) fn is_runnable(&self) -> bool {
        matches!(self, Self::Measuring { .. })
    }

    pub(super) fn memory(&self) -> usize {
        let (Self::Measuring { reader, .. } | Self::Sending { reader, .. }) = self;
        reader.document().memory()
    }
}
