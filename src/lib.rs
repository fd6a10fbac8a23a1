//! supkit deploys a buildout project and keeps its processes alive.
//!
//! The modules up to [`assets`] are pure functions of their arguments: they access no file, clock,
//! environment or descriptor. [`os`], [`daemon`], [`keeper`], [`ctl`] and [`cli`] are the shell around them.
//! `docs/architecture.md` describes the modules; `tests/offline/architecture.rs` checks their
//! boundaries, and `clippy.toml` disallows functions that would break the invariants.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "the invariants hold for the program")
)]

// pure
pub mod assets;
pub mod buildout;
pub mod calendar;
pub mod conf;
pub mod core;
pub mod diag;
pub mod editor;
pub mod generate;
pub mod http;
pub mod ini;
pub mod lsp;
pub mod parts;
pub mod password;
pub mod pattern;
pub mod rpc;
pub mod tls;
pub mod web;

// the shell
pub mod cli;
pub mod ctl;
pub mod daemon;
pub mod keeper;
pub mod os;
pub mod top;
