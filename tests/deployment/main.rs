//! Real deployments: a real ZEO, Zope, Varnish and HAProxy. They need the network once, and the machine for
//! themselves: nextest runs them alone, and below `cargo test` they take turns.

#![allow(clippy::disallowed_methods, reason = "the invariants of the program")]

#[path = "../support/mod.rs"]
mod support;

mod book;
mod build;
mod demo;
mod interrupted;
mod load;
mod new_project;
mod pip_project;
mod rolling;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The machine, until the guard is dropped.
fn machine() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::new(());
    // A test that failed has left the machine to the next.
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}
