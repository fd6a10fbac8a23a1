//! Answers of an editor's questions about a configuration or a project: what stands at a position, what
//! may be written there, where a name is defined. Positions are byte offsets here; [`text`] converts
//! them to lines and UTF-16 units. Nothing of the Language Server Protocol is known here, and files
//! are read through the interfaces of `conf` and `buildout` only.

pub mod completion;
pub mod configuration;
mod cursor;
pub mod definition;
pub mod grammar;
pub mod hover;
pub mod main_file;
pub mod names;
pub mod outline;
pub mod project;
pub mod rename;
#[cfg(test)]
mod tests;
pub mod text;
