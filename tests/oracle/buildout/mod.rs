//! Buildout projects in zc.buildout and supkit: the same files and the same command line must have the
//! same values in every section, or the same error.

mod cases;
mod comparison;
mod fixtures;
mod generated;
