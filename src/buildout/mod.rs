//! A buildout project as a value: [`Project::load`] reads `buildout.cfg` with all that it extends
//! and answers what zc.buildout 6.0.1 would. It runs nothing, downloads nothing and makes no
//! directory; files come through [`Outside`], knowledge of recipes through [`Recipes`].
//!
//! The way of a value: `ini::buildout` reads lines, `load` stacks files by `extends`, `layers`
//! merges them, `macros` takes in `<=`, `options` follows `${section:option}`.

mod assign;
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
mod outside;
pub mod paths;
mod project;
mod recipes;
mod reference;
mod value;

pub use assign::{Assignment, NoAssignment};
pub use fault::{Fault, Kind, Step};
pub use installed::Installed;
pub use load::Unavailable;
pub use options::Strictness;
pub use outside::{Outside, Paper, Python, ReadFault};
pub use project::{Failure, Project, Reached, Request};
pub use recipes::{Made, NoRecipes, Part, Recipes};
pub use value::{Change, Operation, Origin, Section, Sections, Value};

#[cfg(test)]
mod tests;
