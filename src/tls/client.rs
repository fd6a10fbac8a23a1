//! The client's side: verifies the certificate and the name of a server.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    Error, SignatureScheme,
};

use super::crypto::provider;
use super::{Authorities, ServerCertificate, Session};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// The host of the URL can be in no certificate.
    BadName,
    /// Since when, in seconds since 1970.
    Expired(Option<u64>),
    NotYetValid(Option<u64>),
    UnknownIssuer,
    /// The names that the certificate has.
    OtherName(Vec<String>),
    OtherCertificate(String),
    /// The peer speaks something else.
    NoTls,
    /// The server refused the handshake.
    Refused(String),
    Other(String),
}

/// The servers that are accepted.
#[derive(Clone, Debug)]
pub enum Trusted {
    Authorities(Authorities),
    /// The server with this certificate, whatever its names and dates are.
    Only(ServerCertificate),
}

/// Begins a session with the server of this host name or address.
pub fn session(host: &str, trusted: &Trusted) -> Result<Session, TlsError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::BadName)?;
    let verifier: Arc<dyn ServerCertVerifier> = match trusted {
        Trusted::Only(certificate) => Arc::new(Exact(certificate.0.clone())),
        Trusted::Authorities(trusted) => {
            Arc::new(verifier(trusted).map_err(|why| TlsError::Other(why.to_string()))?)
        }
    };
    let builder = ClientConfig::builder_with_provider(provider());
    let config = builder.with_safe_default_protocol_versions().map(|builder| {
        let dangerous = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = dangerous.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    });
    let connected = config.and_then(|config| ClientConnection::new(Arc::new(config), name));
    connected.map(|tls| Session::new(tls.into())).map_err(|why| TlsError::of(&why))
}

fn verifier(trusted: &Authorities) -> Result<Verifier, rustls::client::VerifierBuilderError> {
    let roots = Arc::new(trusted.roots.clone());
    let inner = WebPkiServerVerifier::builder_with_provider(roots, provider()).build()?;
    Ok(Verifier { inner, trusted: trusted.certificates.clone() })
}

/// The rules of the web, and a server whose own certificate is trusted. The latter matters because
/// `openssl req -x509` marks a certificate that signs itself as an authority, which may not be a
/// server by the rules of the web.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // Its dates were checked before.
            Err(Error::InvalidCertificate(why))
                if is_authority(&why) && self.trusted.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// One certificate. That the server has its key is verified as usual.
#[derive(Debug)]
struct Exact(CertificateDer<'static>);

impl ServerCertVerifier for Exact {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.0 {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        algorithms().supported_schemes()
    }
}

fn algorithms() -> WebPkiSupportedAlgorithms {
    provider().signature_verification_algorithms
}

/// Whether the only objection is that the certificate is one of an authority.
fn is_authority(why: &CertificateError) -> bool {
    let CertificateError::Other(other) = why else { return false };
    let source = other.source().and_then(|it| it.downcast_ref::<webpki::Error>());
    matches!(source, Some(webpki::Error::CaUsedAsEndEntity))
}

impl TlsError {
    /// The TLS error inside an error of [`Session`].
    pub fn inside(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).map(Self::of)
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(why) => Self::of_certificate(why),
            Error::InvalidMessage(_) => Self::NoTls,
            Error::AlertReceived(alert) => Self::Refused(name_of(*alert)),
            other => Self::Other(other.to_string()),
        }
    }

    fn of_certificate(why: &CertificateError) -> Self {
        match why {
            CertificateError::Expired => Self::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired(Some(not_after.as_secs()))
            }
            CertificateError::NotValidYet => Self::NotYetValid(None),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid(Some(not_before.as_secs()))
            }
            // Also the certificate of an authority, which is trusted only if it is named.
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            why if is_authority(why) => Self::UnknownIssuer,
            CertificateError::NotValidForName => Self::OtherName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::OtherName(presented.iter().map(|name| plain(name)).collect())
            }
            other => Self::OtherCertificate(other.to_string()),
        }
    }
}

/// `DnsName("a.example")` as `a.example`, and `IpAddress(0::1)` as `::1`.
fn plain(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let inner = inner.unwrap_or(name).trim_matches('"');
    inner.parse().map_or(inner.to_owned(), |address: IpAddr| address.to_string())
}

fn name_of(alert: AlertDescription) -> String {
    format!("{alert:?}")
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName => f.write_str("the host of the URL is no valid name or address"),
            Self::Expired(_) => f.write_str("the certificate of the server has expired"),
            Self::NotYetValid(_) => f.write_str("the certificate of the server is not valid yet"),
            Self::UnknownIssuer => {
                f.write_str("the certificate of the server is signed by an unknown authority")
            }
            Self::OtherName(names) if names.is_empty() => {
                f.write_str("the certificate of the server names no host")
            }
            Self::OtherName(names) => {
                write!(f, "the certificate of the server is for {}", names.join(", "))
            }
            Self::OtherCertificate(why) => {
                write!(f, "the certificate of the server is not accepted: {why}")
            }
            Self::NoTls => f.write_str("the server does not speak TLS"),
            Self::Refused(alert) => write!(f, "the server refused the connection: {alert}"),
            Self::Other(why) => f.write_str(why),
        }
    }
}
