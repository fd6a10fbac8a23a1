//! Manual pages and completions for shells, made from the tables of options and actions.

mod command_lines;
pub(super) mod completions;
pub(super) mod manual;
