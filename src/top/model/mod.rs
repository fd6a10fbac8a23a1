//! The state of the interface and how keys and reports of the daemon change it. Pure: it makes no
//! calls, but returns [`Request`]s.

mod help;
pub(super) mod key;
mod keys;
pub(super) mod log;
pub(super) mod methods;
pub(super) mod request;
pub(super) mod row;
#[cfg(test)]
pub(super) mod samples;
pub(super) mod scroll;
pub(super) mod snapshot;
pub(super) mod state;
pub(super) mod task;
#[cfg(test)]
mod tests;
pub(super) mod update;

pub(super) use request::{Report, Request};
pub(super) use state::Model;
