//! Programs that outlived their daemon, as decisions on facts about processes: which of them are
//! orphans of a configuration, and how they are ended. Does not know `/proc`.

mod daemon_command;

pub use daemon_command::daemon_arguments;
