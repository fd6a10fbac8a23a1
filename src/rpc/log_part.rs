//! A part of a log for the log page: which bytes are wanted, and which were read. A place in a log is
//! the file and an offset in it, so that it stays valid while the log grows, is rotated or cleared.

/// Which bytes of a log are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRequest {
    pub place: Place,
    /// The maximum number of bytes.
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The end of the log, in whole lines.
    End,
    /// What was written since this place; if that is too much, its end.
    Since(Position),
    /// What is before this place, in whole lines.
    Before(Position),
    /// What is behind this place, from the start of a line on.
    Behind(Position),
}

/// A place in a log. The file is an identity as in [`LogPart::file`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub file: String,
    pub offset: u64,
}

/// How the file that was read is related to the one of the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Same,
    /// It is the next one after a rotation.
    Rotated,
    /// It is a new one: the log was cleared, or its old file is gone.
    Replaced,
}

impl Relation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Rotated => "rotated",
            Self::Replaced => "replaced",
        }
    }
}

/// The bytes that were read, possibly none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPart {
    /// The identity of the file: another file at the same path has another one.
    pub file: String,
    pub relation: Relation,
    /// The offset of the first byte.
    pub start: u64,
    /// The present size of the file.
    pub size: u64,
    /// How many bytes between the position and the first byte are left out.
    pub skipped: u64,
    pub bytes: Vec<u8>,
}
