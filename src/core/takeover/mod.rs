//! Continues what another supervisor supervises: what it reported becomes the state of a core
//! ([`Supervisor::take_over`](super::Supervisor::taken_over)), and the ends of its pipes are recognised
//! ([`pipes`]). Decisions on facts; the daemon finds the facts.

mod adoption;
mod owners;
pub mod pipes;
mod reported;
#[cfg(test)]
mod tests;

pub use owners::{Kin, owner};
pub use reported::Reported;
