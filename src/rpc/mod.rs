//! XML-RPC as values: types, faults, the bytes on the wire, the one table of methods and what they
//! do with the core. Knows no socket and no HTTP; what lies outside of the core it asks of
//! [`world::Services`].

#![allow(
    clippy::unnecessary_wraps,
    reason = "every method has the type that the table wants, also those that cannot fail"
)]

pub mod act;
mod args;
mod changes;
mod config;
mod control;
mod daemon;
pub mod fault;
pub mod info;
pub mod logs;
pub mod methods;
pub mod names;
mod plan;
pub mod promise;
mod supkit;
pub mod system;
mod twiddler;
pub mod update;
pub mod value;
pub mod world;
pub mod xml;

pub use promise::{Outcome, Promise};
pub use world::{Services, World};

#[cfg(test)]
mod tests;
