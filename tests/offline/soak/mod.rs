//! A seeded random driver against a real daemon. `make test` runs it for a moment, `make soak` for an hour.
//! What it does is drawn from one table ([`actions::ACTIONS`]); what must hold after each step is in
//! [`inspection`]. It knows the daemon only from outside.

mod actions;
mod client;
mod driver;
mod inspection;
mod log_lines;
mod logs;
mod model;
mod processes;
mod programs;
mod run;

use std::env;
use std::time::Duration;

use crate::support::Sandbox;
use driver::Driver;

/// How long it runs in `make test`, and with which seed.
const SECONDS: u64 = 20;
const SEED: u64 = 17;

/// How much longer than the time for random actions it may take before everything is killed.
const MARGIN: Duration = Duration::from_secs(600);

/// A number from the environment, as `make soak` passes it.
fn number(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) if !text.is_empty() => {
            text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text:?}"))
        }
        _ => default,
    }
}

#[test]
fn the_daemon_withstands_random_actions() {
    let time = Duration::from_secs(number("SOAK_SECONDS", SECONDS));
    let seed = number("SOAK_SEED", SEED);
    let sandbox = Sandbox::with_time_limit(time + MARGIN);
    Driver::start(&sandbox, seed).run(time);
}
