//! Events end to end: the same configuration and the same steps in both programs; the listeners must
//! receive the same. `extensions` has what only supkit has.

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
