//! supervisord.conf as a typed value. Knows nothing of running processes.

pub mod config;
pub mod events;
pub mod getopt;
pub mod kinds;
pub mod python;
pub mod sections;
pub mod signals;
pub mod surroundings;
pub mod words;

pub use config::Config;
