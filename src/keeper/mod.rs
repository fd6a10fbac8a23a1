//! The keeper: the parent of a daemon, which starts another one if that is killed. It holds the
//! descriptors that must survive, and adopts the programs, whose exits it reports to the next daemon. It
//! reads no configuration, has no server, and does not know what the descriptors are for.

mod children;
mod giving_up;
mod process;
pub mod protocol;
mod start;

pub use process::{Keeper, Predecessor};
pub use start::{Start, split};
