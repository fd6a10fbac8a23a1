//! Buildout projects: the commands that print them, and properties of the parser.

mod command;
mod properties;
