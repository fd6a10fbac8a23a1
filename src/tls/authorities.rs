//! The certificates that a client trusts: authorities, and servers' own certificates.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// What a client trusts.
#[derive(Clone, Debug)]
pub struct Authorities {
    pub(super) roots: RootCertStore,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate(pub(super) CertificateDer<'static>);

/// Why a file has no authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthoritiesError {
    Empty,
    Invalid(String),
}

impl Authorities {
    /// The first certificate.
    pub fn first(&self) -> Option<ServerCertificate> {
        self.certificates.first().cloned().map(ServerCertificate)
    }

    /// The certificates, in DER.
    pub fn in_der(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(AsRef::as_ref)
    }

    /// Reads a PEM file. A bundle of a system may have certificates that cannot be used; a file with
    /// nothing else is an error.
    pub fn parse(pem: &[u8]) -> Result<Self, AuthoritiesError> {
        let mut found = Self { roots: RootCertStore::empty(), certificates: Vec::new() };
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|why| AuthoritiesError::Invalid(why.to_string()))?;
            // One that is no authority may still be the server's own.
            if found.roots.add(certificate.clone()).is_ok() {
                found.certificates.push(certificate);
            }
        }
        if found.certificates.is_empty() { Err(AuthoritiesError::Empty) } else { Ok(found) }
    }
}

impl fmt::Display for AuthoritiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it contains no certificate"),
            Self::Invalid(why) => f.write_str(why),
        }
    }
}
