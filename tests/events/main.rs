//! Events end to end: the same configuration and the same steps for the original and for ours, and
//! what the listeners were sent must be the same. What is ours alone is at the end.

#![allow(unreachable_pub, reason = "nobody is outside of a test")]

mod beyond;
mod capture;
mod dialogues;
mod fastcgi;
mod groups;
mod lives;
mod logs;
mod pools;
mod protocol;
mod real;
mod recording;
mod relays;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod types;
