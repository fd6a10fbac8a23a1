//! The certificates of `fixtures/tls`, which `fixtures/tls/make` writes.

pub(super) struct Pair {
    pub(super) certificate: &'static str,
    pub(super) key: &'static str,
}

macro_rules! pair {
    ($name:literal) => {
        Pair {
            certificate: include_str!(concat!("../../fixtures/tls/", $name, ".pem")),
            key: include_str!(concat!("../../fixtures/tls/", $name, ".key")),
        }
    };
}

pub(super) const AUTHORITY: &str = include_str!("../../fixtures/tls/ca.pem");
pub(super) const LOCALHOST: Pair = pair!("localhost");
pub(super) const OTHER: Pair = pair!("elsewhere");
pub(super) const EXPIRED: Pair = pair!("expired");
pub(super) const FUTURE: Pair = pair!("future");
pub(super) const RSA: Pair = pair!("rsa");
pub(super) const SELF_SIGNED: Pair = pair!("self-signed");
