//! supervisord.conf as a typed value. Knows nothing of running processes.

pub mod config;
pub mod events;
pub mod signals;

pub use config::Config;
