//! Supervision itself, as values: inputs and the time come in, effects come out. Nothing here asks
//! for the time, forks, reads or writes, so a simulated clock runs all of it. Start with
//! [`process`], the life of one process; [`supervisor`] is the world around it.

mod announce;
mod ansi;
mod capture;
pub mod effect;
pub mod event;
pub mod group;
pub mod life;
pub mod listener;
mod membership;
mod output;
pub mod policy;
pub mod pool;
pub mod process;
pub mod python;
pub mod relay;
mod shutdown;
pub mod state;
#[cfg(test)]
mod stories;
pub mod supervisor;
mod tick;
pub mod time;
pub mod timers;
mod wording;

pub use group::{Group, Process};
pub use supervisor::Supervisor;
