//! supervisord: the shell around the pure core. `event_loop` is the main loop, `startup` runs
//! before it, `shell` performs the effects of the core.

pub mod activity;
mod audit;
mod auto_log_cleanup;
mod certificates;
mod child_settings;
mod client;
pub mod command;
pub mod config_reader;
pub mod descriptors;
mod document_reply;
pub mod event_loop;
mod event_stream;
mod exchange_effects;
mod exchanges;
mod fastcgi;
mod followed;
pub mod handover;
mod haproxy;
mod history_file;
mod hooks;
pub mod kernel;
mod launch;
mod log_follower;
mod log_line;
pub mod logs;
mod notifications;
mod notify_sockets;
mod oom_watch;
mod open_logs;
pub mod orphans;
mod pipes;
pub mod preflight;
mod privileges;
mod probe_effects;
mod probes;
pub mod real_host;
mod restart_check;
mod retry;
mod running;
mod runtime_program;
pub mod server;
pub mod server_context;
mod server_sockets;
pub mod service_manager;
mod services;
pub mod shell;
#[cfg(test)]
mod simulated;
pub mod startup;
mod state_file;
mod transport;
mod tree_effects;
mod trees;
mod varnish;
#[cfg(test)]
mod whole_daemon_tests;
