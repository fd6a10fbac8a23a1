//! Which servers an `https://` URL may lead to.

use std::fs;
use std::path::Path;

use super::error::{ClientError, Result};
use crate::tls::Authorities;
use crate::tls::client::Trusted;

/// Where the certificates are that are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of the system.
    #[default]
    System,
    /// A PEM file with authorities or servers' own certificates.
    Authorities(String),
    /// A PEM file that begins with the only certificate, for a server of this machine whose files are
    /// known. Its names do not matter.
    Only(String),
}

/// What OpenSSL uses instead of the bundle of the system.
const VARIABLE: &str = "SSL_CERT_FILE";

/// The bundles of Debian, Alpine and FreeBSD, and of Fedora.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

impl Trust {
    /// Reads the certificates.
    pub(super) fn read(&self) -> Result<Trusted> {
        match self {
            Self::System => {
                let bundle = system_bundle().ok_or_else(|| ClientError::Trust(no_bundle()))?;
                authorities(&bundle).map(Trusted::Authorities)
            }
            Self::Authorities(path) => authorities(path).map(Trusted::Authorities),
            Self::Only(path) => authorities(path)?
                .first()
                .map(Trusted::Only)
                .ok_or_else(|| unusable(path, "it contains no certificate")),
        }
    }
}

/// The file with the certificates of authorities that this system trusts.
pub fn system_bundle() -> Option<String> {
    let own = std::env::var(VARIABLE).ok().filter(|path| !path.is_empty());
    own.or_else(|| {
        BUNDLES.iter().find(|path| Path::new(path).exists()).map(|path| (*path).to_owned())
    })
}

fn no_bundle() -> String {
    "this system has no certificates of authorities; install ca-certificates, or name a file with \
     `--cacert FILE` or `cacert` in [supervisorctl]"
        .to_owned()
}

fn authorities(path: &str) -> Result<Authorities> {
    let pem = fs::read(path).map_err(|error| unusable(path, &error.to_string()))?;
    Authorities::parse(&pem).map_err(|error| unusable(path, &error.to_string()))
}

fn unusable(path: &str, why: &str) -> ClientError {
    ClientError::Trust(format!(
        "the certificates in `{path}` cannot be used: {why}; name a PEM file with the certificate of \
         the authority, or of the server"
    ))
}
