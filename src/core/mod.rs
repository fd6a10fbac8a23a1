//! Process supervision as a pure state machine: it takes inputs and the time and returns effects.
//! Nothing here reads a clock, forks, reads or writes, so tests run it on a simulated clock. Start
//! with [`process`], the state machine of one process; [`supervisor`] holds all processes and
//! groups.

mod ansi;
#[cfg(test)]
mod any_dependency_tests;
mod autostart;
mod capture;
pub mod critical_path;
mod dependencies;
#[cfg(test)]
mod dependency_tests;
pub mod disabled;
mod disabling;
mod drained;
pub mod effect;
#[cfg(test)]
mod ending_tests;
mod endings;
pub mod event;
mod event_dispatch;
pub mod event_queue;
pub mod exchange;
pub mod exit_report;
pub mod group;
mod group_names;
mod held_restarts;
pub mod history;
#[cfg(test)]
mod hook_tests;
mod hooks;
mod job_steps;
pub mod jobs;
pub mod lasting;
mod lifecycle;
mod line_matcher;
pub mod listener;
mod log_lines;
mod log_messages;
mod main_process;
mod membership;
mod memory;
#[cfg(test)]
mod memory_tests;
mod milestones;
pub mod notes;
mod notify;
mod noting;
pub mod orphans;
mod output;
mod output_tail;
pub mod policy;
mod pool_index;
mod probe;
#[cfg(test)]
mod probe_tests;
mod probing;
pub mod process;
pub mod process_probe;
mod processes;
pub mod python_repr;
mod recording;
pub mod resources;
pub mod result_handler;
#[cfg(test)]
mod rolling_property_tests;
#[cfg(test)]
mod rolling_tests;
#[cfg(test)]
mod rolling_update_tests;
mod running_hook;
mod runs;
#[cfg(test)]
mod scenario_tests;
#[cfg(test)]
mod schedule_tests;
mod schedules;
mod signals;
#[cfg(test)]
pub(crate) mod sim;
pub mod simulation;
pub mod snapshot;
pub mod state;
pub mod supervisor;
mod sweep;
#[cfg(test)]
mod sweep_tests;
mod sweeping;
pub mod takeover;
mod tick;
mod tick_periods;
pub mod time;
pub mod timers;
pub mod tree;
pub mod virtual_daemon;
pub mod waiting;

pub use group::{Group, Process};
pub use supervisor::Supervisor;
