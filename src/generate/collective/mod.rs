//! A part of collective.recipe.supervisor: the configuration that the recipe would write. Where the
//! recipe has an obvious bug, the intended result is produced; `docs/deviations.md` lists these.
//!
//! `expand` converts options to sections and records the piece of text that each setting is made
//! from; `part_deployment` finds these pieces in the files of the project.

mod base_sections;
mod expand;
mod fault;
mod lines;
mod options;
mod part_deployment;
mod scan;
mod section;
mod services;
#[cfg(test)]
mod tests;

pub(super) use part_deployment::{deployment, has_programs, is_fragment};
