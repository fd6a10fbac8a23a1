//! Python functions that Supervisor applies to configuration values: `int`, `%`, `shlex`, paths.
//! Exact reimplementations, independent of any option.

mod format_spec;
pub mod int;
pub mod names;
pub mod path;
pub mod percent;
pub mod shlex;

pub use crate::ini::text::{repr, strip, words};
