//! Buildout projects: the commands that print them, and what holds for every text.

mod command;
mod properties;
