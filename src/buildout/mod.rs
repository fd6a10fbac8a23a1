//! A buildout project as a value: [`Project::load`] reads `buildout.cfg` with everything it extends
//! and resolves options like zc.buildout 6.0.1. It executes nothing, downloads nothing and creates
//! no directory; files are read through [`BuildoutEnv`], and recipes are described by [`Recipes`].
//!
//! Processing order: `ini::buildout` parses lines, `load` collects files by `extends`, `layers`
//! merges them, `macros` expands `<=`, and `options` resolves `${section:option}`.

mod assign;
mod buildout_env;
mod cache;
mod condition;
mod defaults;
mod fault;
mod finish;
mod flags;
mod installed;
mod layers;
mod load;
mod macros;
mod md5;
mod options;
mod overlay;
pub mod paths;
mod project;
mod recipes;
mod reference;
mod value;

pub use assign::{Assignment, NoAssignment};
pub use buildout_env::{BuildoutEnv, MemoryFiles, Python, ReadFault};
pub use cache::OWN_CACHE;
pub use fault::{ChainLink, Fault, Kind};
pub use installed::Installed;
pub use load::{Cached, Unavailable};
pub use options::Strictness;
pub use overlay::EnvOverlay;
pub use project::{Failure, Project, Reached, Request};
pub use recipes::{Made, MadeValue, NoRecipes, Part, Recipes};
pub use value::{Operation, Origin, Section, Sections, Value, ValueChange};

#[cfg(test)]
mod tests;
