//! The limits of a connection, and the time that is passed to it.

use std::time::Duration;

/// One reading of both clocks: `mono` for deadlines, `wall` (seconds since the epoch) for headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub mono: Duration,
    pub wall: i64,
}

/// The maximum length of a request head, including the request line.
pub const MAX_HEAD: usize = 16 * 1024;
/// The maximum number of header fields.
pub const MAX_HEADERS: usize = 96;
/// The maximum length of a request body.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
/// How long an incomplete request, or a client that does not read, counts as active.
pub const GRACE: Duration = Duration::from_secs(5);
