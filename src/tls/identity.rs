//! The certificate chain and the private key of a server, as PEM. They must belong to each other.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::crypto::provider;

/// A chain and its key.
#[derive(Clone, Debug)]
pub struct Identity(pub(super) Arc<CertifiedKey>);

/// The file of a pair that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairFile {
    Certificate,
    Key,
}

/// Why two files are no identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairError {
    /// There is no `BEGIN CERTIFICATE`.
    NoCertificate,
    BadCertificate(String),
    /// There is no private key in a format without a password.
    NoKey,
    EncryptedKey,
    BadKey(String),
    /// The key belongs to another certificate.
    Mismatch,
}

impl Identity {
    /// Reads a chain, whose first certificate is the server's, and its key.
    pub fn parse(certificate: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain = chain(certificate)?;
        let key = private_key(key)?;
        match CertifiedKey::from_der(chain, key, &provider()) {
            Ok(pair) => Ok(Self(Arc::new(pair))),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(PairError::Mismatch),
            Err(Error::InvalidCertificate(why)) => Err(PairError::BadCertificate(why.to_string())),
            Err(why) => Err(PairError::BadKey(why.to_string())),
        }
    }
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PairError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(PairError::NoCertificate),
        Ok(chain) => Ok(chain),
        Err(why) => Err(PairError::BadCertificate(why.to_string())),
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PairError> {
    match PrivateKeyDer::pem_slice_iter(pem).next() {
        Some(Ok(key)) => Ok(key),
        // The text of the error could contain the key.
        Some(Err(_)) => Err(PairError::BadKey("it is no valid PEM".to_owned())),
        None if contains(pem, b"BEGIN ENCRYPTED PRIVATE KEY") => Err(PairError::EncryptedKey),
        None => Err(PairError::NoKey),
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|it| it == wanted)
}

impl PairError {
    /// The file that is to be corrected.
    pub fn file(&self) -> PairFile {
        match self {
            Self::NoCertificate | Self::BadCertificate(_) => PairFile::Certificate,
            Self::NoKey | Self::EncryptedKey | Self::BadKey(_) | Self::Mismatch => PairFile::Key,
        }
    }

    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoCertificate | Self::BadCertificate(_) => {
                "it must be PEM: the server's certificate first, then those that sign it"
            }
            Self::NoKey | Self::BadKey(_) => {
                "it must be PEM: a PKCS#8, RSA or EC key, as `openssl genpkey` writes it"
            }
            Self::EncryptedKey => "remove its password: `openssl pkey -in KEY -out NEW`",
            Self::Mismatch => "use the key that the certificate was requested with",
        }
    }
}

impl fmt::Display for PairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("the file contains no certificate"),
            Self::BadCertificate(why) => write!(f, "the certificate cannot be read: {why}"),
            Self::NoKey => f.write_str("the file contains no private key"),
            Self::EncryptedKey => f.write_str("the private key is protected by a password"),
            Self::BadKey(why) => write!(f, "the private key cannot be read: {why}"),
            Self::Mismatch => f.write_str("the private key does not belong to the certificate"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_pairs::{LOCALHOST, OTHER};
    use super::*;

    fn error(certificate: &str, key: &str) -> PairError {
        Identity::parse(certificate.as_bytes(), key.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_chain_and_its_key_are_an_identity() {
        let chain = format!("text before\n{}{}", LOCALHOST.certificate, OTHER.certificate);
        let pair = Identity::parse(chain.as_bytes(), LOCALHOST.key.as_bytes()).unwrap();
        assert_eq!(pair.0.cert.len(), 2);
    }

    #[test]
    fn an_error_names_the_file_and_the_remedy() {
        let (certificate, key) = (LOCALHOST.certificate, LOCALHOST.key);
        assert_eq!(error("", key), PairError::NoCertificate);
        assert_eq!(error(key, key), PairError::NoCertificate);
        assert_eq!(error(certificate, ""), PairError::NoKey);
        assert_eq!(error(certificate, certificate), PairError::NoKey);
        assert_eq!(error(certificate, OTHER.key), PairError::Mismatch);
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(error(certificate, &encrypted), PairError::EncryptedKey);
        let torn = &certificate[..certificate.len() / 2];
        assert_eq!(error(torn, key).file(), PairFile::Certificate);
        let torn = &key[..key.len() / 2];
        assert_eq!(error(certificate, torn), PairError::BadKey("it is no valid PEM".to_owned()));
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(error(garbage, key).file(), PairFile::Certificate);
        let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(error(certificate, garbage).file(), PairFile::Key);
    }
}
