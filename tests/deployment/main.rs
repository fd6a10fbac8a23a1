//! Real deployments: a real ZEO, Zope and Varnish. They need the network once, and the machine for
//! themselves; so each runs alone.

#[path = "../support/mod.rs"]
mod support;

mod demo;
