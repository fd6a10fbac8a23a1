//! TLS without sockets: a session reads and writes through the socket that it is given, never blocks
//! and holds at most one record of output. The only module that names rustls; nothing of it is
//! initialised unless a certificate is configured or an `https://` URL is used.

mod authorities;
pub mod client;
mod crypto;
mod identity;
pub mod server;
mod session;
#[cfg(test)]
mod test_pairs;
#[cfg(test)]
mod tests;

pub use authorities::{Authorities, AuthoritiesError, ServerCertificate};
pub use crypto::provider;
pub use identity::{Identity, PairError, PairFile};
pub use session::Session;

/// The first byte of a TLS connection: a handshake record. No HTTP request begins with it.
pub const FIRST_BYTE: u8 = 0x16;
