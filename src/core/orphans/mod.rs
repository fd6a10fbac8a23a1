//! Programs that outlived their daemon, as decisions on facts about processes: which of them are
//! orphans of a configuration, and how they are ended. Does not know `/proc`.

mod daemon_command;
mod ending;
mod search;
mod seen;
#[cfg(test)]
mod tests;

pub use daemon_command::daemon_arguments;
pub use ending::{Action, Ending, StopOrder, stop_order};
pub use search::{Orphan, ProgramName, Search, find};
pub use seen::{Facts, Processes, Seen};
