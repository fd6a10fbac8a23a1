//! The cryptography of all sessions.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
