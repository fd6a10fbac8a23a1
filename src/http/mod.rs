//! HTTP on the wire, without a socket and without XML-RPC: bytes and the time come in, requests,
//! bytes and deadlines go out. Knows neither what a request means nor who may make it.

pub mod auth;
mod body;
pub mod conn;
pub mod date;
pub mod form;
pub mod origin;
mod parse;
pub mod reply;
pub mod request;
pub mod route;

pub use conn::Conn;
pub use reply::Reply;
pub use request::{Request, Version};

use std::time::Duration;

/// One reading of the clocks: `mono` for deadlines, `wall` (seconds since the epoch) for headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub mono: Duration,
    pub wall: i64,
}

/// How long the head of a request may be, request line included.
pub const MAX_HEAD: usize = 16 * 1024;
/// How many header fields it may have.
pub const MAX_HEADERS: usize = 96;
/// How long the body of a request may be.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
