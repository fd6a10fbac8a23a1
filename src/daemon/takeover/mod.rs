//! Turns a running Supervisor of Python into this program, without ending what it supervises: its process
//! is stopped while it waits (`switch`), and made to execute supkit, which gets the state of a daemon
//! (`state`) made from what Supervisor reports and the kernel shows (`survey`). `plan` decides about each
//! program, `target` whether all this is possible.
//!
//! The same process goes on, so all its children, pipes and sockets stay. Copies of its descriptors in
//! another process would not do: a process that is not their parent gets no exit status of the children.

mod host;
mod plan;
mod state;
mod survey;
mod switch;
mod target;
#[cfg(test)]
mod tests;

pub use plan::{Facts, Fate, Plan, Planned};
pub use survey::{Survey, children};
pub use switch::{Attempt, attempt, look_at_stopped};
pub use target::{Target, find, inaccessible};
