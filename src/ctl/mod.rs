//! supervisorctl: a client of the daemon like any other, which speaks XML-RPC and reads log streams.
//! Never touches the supervision itself.

pub mod client;
mod error;
mod framing;
mod python;
mod url;
mod wire;
