//! supervisord.conf as a typed value.
//!
//! [`sections`] has the tables of options, [`read`] converts a file to a [`Config`], and [`options`] is
//! the command line. All of it is pure: [`host::Host`] provides access to the system.

pub mod account;
pub mod check;
pub mod config;
pub mod ctl;
pub mod dependencies;
pub mod dependency;
pub mod diff;
pub mod drain;
pub mod env_file;
pub mod events;
mod expand;
pub mod exposure;
pub mod fake_host;
pub mod fault;
mod fcgi;
pub mod getopt;
pub mod glob;
pub mod groups;
pub mod hook;
pub mod host;
mod http_users;
pub mod kill_mode;
pub mod kinds;
pub mod limits;
mod listener;
pub mod load;
pub mod log_format;
pub mod nearest;
mod option_places;
mod option_reader;
pub mod options;
mod origins;
pub mod overlay;
pub mod placeholders;
mod plugins;
pub mod probe;
mod probe_values;
pub mod process;
pub mod process_limits;
mod program;
pub mod python;
pub mod read;
pub mod reference;
pub mod render;
mod run_as;
pub mod schedule;
pub mod secrets;
pub mod section;
mod section_reader;
pub mod sections;
mod servers;
pub mod settings;
pub mod signals;
pub mod since;
mod supervisord;
pub mod third_party;
pub mod words;

pub use config::Config;
pub use fault::{Fault, InvalidConfig};
pub use host::Host;
pub use options::CommandLine;
pub use read::read;
