//! `supkit build`: fetches what a project extends, builds its parts by zc.buildout, which is installed
//! on demand, and generates its deployment. Steps whose inputs have not changed are not run.

mod args;
mod buildout;
mod command;
mod failure;
mod fetch;
mod inputs;
mod installer;
mod live;
mod native;
mod runner;
mod start;
mod steps;
mod workshop;

pub(super) use args::Args;
pub(super) use buildout::main as buildout_main;
pub(super) use command::main;
