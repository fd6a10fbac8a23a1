//! XML-RPC as values: types, faults, the bytes on the wire, the one table of methods. Knows no
//! socket and no HTTP.

pub mod fault;
pub mod value;
pub mod xml;
