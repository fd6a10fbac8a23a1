//! supervisord.conf as a typed value. Knows nothing of running processes.
//!
//! [`sections`] is what can be set, [`read`] goes from a file to a [`Config`], [`options`] is the
//! command line above it. All of it is pure: [`surroundings::Surroundings`] answers for the system.

pub mod check;
pub mod config;
pub mod ctl;
pub mod diff;
pub mod events;
mod expand;
pub mod fault;
mod fcgi;
pub mod getopt;
pub mod glob;
pub mod groups;
pub mod kinds;
pub mod load;
pub mod nearest;
pub mod options;
pub mod paper;
mod plugins;
mod program;
pub mod python;
pub mod read;
mod reader;
pub mod reference;
pub mod render;
pub mod sections;
mod servers;
pub mod signals;
mod supervisord;
pub mod surroundings;
pub mod words;

pub use config::Config;
pub use fault::{Fault, Refused};
pub use options::CommandLine;
pub use read::read;
pub use surroundings::Surroundings;
