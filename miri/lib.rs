//! `src/os` as a crate of its own, for Miri: it depends on no other module, and holds all `unsafe` code.

#[path = "../src/os/mod.rs"]
pub mod os;
