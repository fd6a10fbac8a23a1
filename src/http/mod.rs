//! HTTP without sockets: bytes and the time are passed in; requests, output bytes and deadlines are
//! returned. Independent of the meaning of requests.

pub mod auth;
mod body;
pub mod budget;
pub mod client;
pub mod conn;
pub mod date;
pub mod eviction;
pub mod form;
pub mod host;
mod limits;
pub mod login_delay;
pub mod logins;
pub mod memory;
pub mod origin;
mod parse;
pub mod reply;
pub mod request;
pub mod route;
mod saved_bytes;

pub use conn::{Conn, Verdict};
pub use limits::{GRACE, MAX_BODY, MAX_HEAD, MAX_HEADERS, Moment};
pub use reply::{Reply, Reword, Wording};
pub use request::{Request, Version};
