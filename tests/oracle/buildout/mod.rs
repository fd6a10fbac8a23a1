//! Buildout projects beside zc.buildout itself: the same files and the same command line must give
//! the same values in every section, or the same refusal.

mod cases;
mod comparison;
mod fixtures;
mod generated;
