//! The web interface: answers requests with pages, XML-RPC responses, logs or event streams. Knows
//! no socket; a pending reply is a value.

mod actions;
mod assets;
mod begin;
mod error_pages;
mod event_filter;
mod exposition;
mod graph;
mod jobs;
mod language;
mod list;
mod log_links;
mod log_pages;
pub mod metrics;
mod pages;
mod policy;
mod printable;
mod program_page;
mod refusal;
mod replies;
mod saved_pending;
pub mod site;
mod text_helpers;
mod texts;
mod token;
mod translation;
mod update_page;
mod usage;
mod view;

pub use error_pages::wording;
pub use policy::ServerPolicy;
pub use saved_pending::SavedPending;
pub use site::{Answer, Pending, Site, Subscription, document_head};
