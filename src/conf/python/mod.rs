//! What Python does with a text once it is read: `int`, `%`, `shlex`, paths. Supervisor's
//! configuration is made of these, to the letter. Knows no option.

mod conversion;
pub mod int;
pub mod names;
pub mod path;
pub mod percent;
pub mod shlex;

pub use crate::ini::text::{repr, strip, words};
