//! XML-RPC: values, faults, the wire format, the method table and the methods. Knows no socket and
//! no HTTP; everything outside the core is accessed through [`context::Services`].

#![allow(
    clippy::unnecessary_wraps,
    reason = "all methods have the signature of the table, including those that cannot fail"
)]

mod args;
mod config;
pub mod context;
mod control;
mod daemon;
pub mod fault;
pub mod info;
pub mod logs;
pub mod methods;
pub mod names;
mod option_changes;
mod plan;
pub mod promise;
mod supkit;
pub mod system;
mod twiddler;
pub mod update;
pub mod value;
pub mod web_ops;
pub mod xml;

pub use context::{Context, Services};
pub use promise::{Outcome, Promise};

#[cfg(test)]
mod tests;
