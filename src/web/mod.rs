//! The web interface: answers requests with pages, XML-RPC responses, logs or event streams. Knows
//! no socket; a pending reply is a value.

mod actions;
mod pages;
pub mod site;

pub use site::{Answer, Pending, ServerPolicy, Site, document_head};
