//! The cases: every option with unusual values, expansions, the dialect, includes, groups, command
//! lines, real files, and a few hundred random ones.

mod command_lines;
mod dialect;
mod expansions;
mod groups;
mod options;
mod random;
mod real_world;
mod reloads;
mod supkit_only;

pub use command_lines::{clients, command_lines};
pub use dialect::{dialect, includes};
pub use expansions::expansions;
pub use groups::groups;
pub use options::options;
pub use random::{fuzzed_texts, random};
pub use real_world::real_world;
pub use reloads::reloads;
pub use supkit_only::supkit_only;
