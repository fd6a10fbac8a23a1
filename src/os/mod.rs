//! Operating system interface: the only module that uses `nix`, `libc` and `unsafe`. Its functions
//! take and return numbers, paths and descriptors; it depends on no other module.

#![allow(
    unsafe_code,
    reason = "system calls are made in this module only; each block states why it is sound"
)]

pub mod access;
pub mod cgroup;
pub mod child_settings;
pub mod clock;
pub mod connect;
pub mod daemonize;
pub mod descriptor_table;
pub mod errno;
pub mod files;
pub mod host_names;
pub mod interrupt;
pub mod limits;
pub mod locale;
pub mod lock;
pub mod logfile;
pub mod memory;
pub mod network;
pub mod notify;
pub mod notify_socket;
pub mod oom;
pub mod packets;
pub mod pidfd;
pub mod pipe;
pub mod poll_call;
pub mod poller;
pub mod process_memory;
pub mod process_name;
pub mod process_usage;
pub mod processes;
pub mod ready;
pub mod replace;
pub mod shared_memory;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod stdout;
pub mod stream;
pub mod subreaper;
pub mod syslog;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod tracee;
pub mod trusted;
pub mod tty;
pub mod users;
pub mod wait;
