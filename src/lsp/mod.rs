//! The Language Server Protocol as values: messages in, messages out. What is answered comes from
//! `editor`; reading and writing the messages, and the checks, are `cli::lsp`'s.

mod answers;
pub mod check;
mod convert;
pub mod framing;
mod messages;
mod open_files;
pub mod server;
mod subject;
pub mod system;
#[cfg(test)]
mod tests;
mod uri;
