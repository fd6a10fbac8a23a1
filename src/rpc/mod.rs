//! XML-RPC: values, faults, the wire format, the method table and the methods. Knows no socket and
//! no HTTP; everything outside the core is accessed through [`context::Services`].

#![allow(
    clippy::unnecessary_wraps,
    reason = "all methods have the signature of the table, including those that cannot fail"
)]

pub mod access;
pub mod answer;
mod args;
pub mod audit;
mod batch;
pub mod call_stats;
pub mod config;
pub mod context;
mod control;
mod daemon;
mod dependencies;
mod disabling;
pub mod fault;
mod graph;
pub mod info;
mod job_info;
mod jobs;
mod log_files;
pub mod log_part;
pub mod log_text;
pub mod logs;
pub mod method;
pub mod methods;
pub mod names;
pub mod permission;
mod plan;
pub mod record;
mod reload;
pub mod resources;
mod rolling;
mod rolling_report;
mod schedules;
mod supkit;
mod system;
mod twiddler;
mod upgrade;
pub mod value;
pub mod web_ops;
pub mod why;
pub mod xml;

pub use answer::{Outcome, Pending};
pub use context::{Context, Services};

#[cfg(test)]
pub(crate) mod tests;
