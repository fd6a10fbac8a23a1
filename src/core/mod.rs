//! Supervision itself, as values: inputs and the time come in, effects come out. Nothing here asks
//! for the time, forks, reads or writes, so a simulated clock runs all of it.

pub mod effect;
pub mod state;
pub mod time;
