//! What is answered to a request: the pages of the web interface, and where a call, a log or the
//! stream of events is meant. Knows no socket; a reply that has to wait is a value.

mod actions;
mod pages;
pub mod site;

pub use site::{Answer, Pending, ServerPolicy, Site};
