//! The same input through the original programs and through ours. The originals come from
//! `make tools`; without them these tests fail.

#![allow(
    unreachable_pub,
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "modules of one test program, which fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod book;
mod buildout;
mod check;
mod collective;
mod completions;
mod config;
mod ctl;
mod ctl_answers;
mod ctl_clients;
mod ctl_extensions;
mod ctl_follow;
mod daemon;
mod dependencies;
mod echo_supervisord_conf;
mod events;
mod generate;
mod jobs;
mod parts;
mod pidproxy;
mod projects;
mod real_buildout;
mod recipes;
mod rpc;
mod seed;
mod takeover;
mod tls;
mod top;
mod update;
mod web;
mod wheel;
