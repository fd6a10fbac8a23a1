//! Events end to end: the same configuration and the same steps for the original and for ours, and
//! what the listeners were sent must be the same. `extensions` has what is ours alone.

mod capture;
mod daemon_fixture;
mod dialogues;
mod extensions;
mod fastcgi;
mod groups;
mod lifecycle;
mod logs;
mod pools;
mod protocol;
mod published_listeners;
mod recording;
mod relays;
mod types;
