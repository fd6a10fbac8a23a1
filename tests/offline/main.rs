//! Tests that need neither the original programs nor root nor a network: `make unit` runs them.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

// The fuzz targets import the macro of the fuzzer from a crate of this name.
extern crate self as libfuzzer_sys;
pub(crate) use fuzz_targets::fuzz_target;

mod accounts;
mod architecture;
mod audit;
mod book;
mod book_commands;
mod book_contents;
mod bounds;
mod build;
mod build_fetch;
mod build_native;
mod buildout;
mod check;
mod check_project;
mod child_settings;
mod ctl_shell;
mod daemon;
mod disabling;
mod fuzz_targets;
mod generate;
mod generate_details;
mod generate_readiness;
mod generated_deployment;
mod german;
mod hooks;
mod init;
mod keeper;
mod kill_mode;
mod link;
mod liveness;
mod log_format;
mod lsp;
mod monitoring;
mod notify;
mod oom;
mod orphans;
mod other_users;
mod output;
mod pip_projects;
mod program_docs;
mod readiness;
mod recipes;
mod references;
mod refused_restart;
mod reload_program;
mod resource_faults;
mod restarts;
mod rolling;
mod run;
mod schedule;
mod second_daemon;
mod security;
mod service_manager;
mod simulate;
mod slow_logs;
mod soak;
mod status;
mod stopping;
mod texts;
mod tls;
mod top;
mod upgrade;
mod web;
mod web_jobs;
mod why;
