//! The server's side: TLS 1.2 and 1.3, HTTP/1.1, no client certificates.

use std::fmt;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use rustls::{Error, ServerConfig, ServerConnection};

use super::crypto::provider;
use super::{Identity, Session};

/// How many sessions can be resumed; a browser opens several connections at once.
const RESUMABLE: usize = 32;

/// Makes a session for each accepted connection.
#[derive(Clone)]
pub struct Acceptor(Arc<ServerConfig>);

impl Acceptor {
    pub fn new(identity: Identity) -> Result<Self, Error> {
        let builder = ServerConfig::builder_with_provider(provider());
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Only(identity.0)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = ServerSessionMemoryCache::new(RESUMABLE);
        Ok(Self(Arc::new(config)))
    }

    pub fn session(&self) -> Result<Session, Error> {
        Ok(Session::new(ServerConnection::new(Arc::clone(&self.0))?.into()))
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor")
    }
}

/// The same certificate for every name.
#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
