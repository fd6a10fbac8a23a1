//! The web interface: answers requests with pages, XML-RPC responses, logs or event streams. Knows
//! no socket; a pending reply is a value.

mod actions;
mod assets;
mod list;
mod pages;
mod policy;
mod printable;
mod refusal;
pub mod site;
mod view;

pub use policy::ServerPolicy;
pub use site::{Answer, Pending, Site, Subscription, document_head};
