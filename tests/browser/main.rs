//! The web interface in a real Chromium, directly and through real reverse proxies.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod accessibility;
mod actions;
mod find;
mod forgery;
mod language;
mod logs;
mod many;
mod monitoring;
mod order;
mod page;
mod pictures;
mod program;
mod proxies;
mod relay;
mod resources;
mod site;
mod tls;
