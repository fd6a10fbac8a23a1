//! `supkit simulate`: the core on a virtual clock, with children that follow a [`Script`], and the
//! [`Timeline`] of what happens. The daemon decides here as it does in production.

mod run;
mod script;
#[cfg(test)]
mod tests;
mod timeline;

pub use run::Simulator;
pub use script::{Act, Behaviour, Script};
pub use timeline::{Entry, Summary, Timeline, What};
