//! supkit deploys a buildout project and keeps its processes alive.
//!
//! The modules up to [`assets`] are pure: values in, values out. They never touch a file, a clock,
//! the environment or a descriptor. [`os`], [`daemon`], [`ctl`] and [`cli`] are the shell around
//! them. `docs/architecture.md` is the map; `tests/offline/architecture.rs` holds the walls.

// pure
pub mod assets;
pub mod buildout;
pub mod conf;
pub mod core;
pub mod diag;
pub mod generate;
pub mod http;
pub mod ini;
pub mod pattern;
pub mod rpc;
pub mod web;

// the shell
pub mod cli;
pub mod ctl;
pub mod daemon;
pub mod os;
