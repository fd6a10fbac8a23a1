//! supervisord: the shell that meets the kernel. `turn` is the loop, `startup` what comes before it,
//! `shell` what the core's wishes do to the world.

pub mod activity;
mod autologs;
mod client;
pub mod command;
mod fastcgi;
mod follow;
mod launch;
mod listeners;
pub mod logs;
mod pipes;
mod privileges;
pub mod reader;
pub mod server;
mod services;
pub mod shell;
pub mod startup;
pub mod surroundings;
pub mod turn;
mod twiddle;
pub mod world;
