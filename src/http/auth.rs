//! Basic authentication, checked before a request is processed. Passwords are compared in constant
//! time and never logged.

use super::Reply;
use super::request::Request;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};
use subtle::{Choice, ConstantTimeEq};

const REALM: &str = "Basic realm=\"default\"";
/// Python's decoder accepts missing padding; some clients rely on that.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The credentials that a server requires, if any.
pub struct BasicAuth {
    account: Option<Account>,
}

struct Account {
    username: String,
    secret: Secret,
}

enum Secret {
    Clear(String),
    /// The hex digest after `{SHA}`.
    Sha1(String),
}

impl BasicAuth {
    /// No authentication.
    pub fn disabled() -> Self {
        Self { account: None }
    }

    /// Requires these credentials; the password may be `{SHA}` followed by a hex digest.
    pub fn required(username: &str, password: &str) -> Self {
        let secret = match password.strip_prefix("{SHA}") {
            Some(digest) => Secret::Sha1(digest.to_owned()),
            None => Secret::Clear(password.to_owned()),
        };
        Self { account: Some(Account { username: username.to_owned(), secret }) }
    }

    pub fn is_disabled(&self) -> bool {
        self.account.is_none()
    }

    /// The 401 reply, if the request is not authorized.
    pub fn reject(&self, request: &Request) -> Option<Reply> {
        let account = self.account.as_ref()?;
        let given = request.header("authorization").and_then(credentials);
        let authorized = given.is_some_and(|(name, password)| account.matches(&name, &password));
        (!authorized).then(|| {
            Reply::fatal(401, "A username and a password are required.")
                .header("WWW-Authenticate", REALM)
        })
    }
}

impl Account {
    fn matches(&self, username: &[u8], password: &[u8]) -> bool {
        let name_matches = constant_time_eq(self.username.as_bytes(), username);
        let password_matches = match &self.secret {
            Secret::Clear(secret) => constant_time_eq(secret.as_bytes(), password),
            Secret::Sha1(digest) => {
                constant_time_eq(digest.as_bytes(), hex(&Sha1::digest(password)).as_bytes())
            }
        };
        (name_matches & password_matches).into()
    }
}

/// Compares digests, so that the time depends on neither content nor length.
fn constant_time_eq(one: &[u8], other: &[u8]) -> Choice {
    let (one, other) = (Sha1::digest(one), Sha1::digest(other));
    one.as_slice().ct_eq(other.as_slice())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Username and password of `Basic BASE64`; the password may contain colons.
fn credentials(header: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, cookie) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(cookie.trim()).ok()?;
    let colon = decoded.iter().position(|&byte| byte == b':')?;
    Some((decoded[..colon].to_vec(), decoded[colon + 1..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::request::Version;
    use super::*;

    fn status(auth: &BasicAuth, authorization: Option<&str>) -> u16 {
        let headers =
            authorization.map(|value| ("Authorization".to_owned(), value.to_owned())).into_iter();
        let request = Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: Version::Http11,
            headers: headers.collect(),
            body: None,
        };
        auth.reject(&request).map_or(200, |reply| reply.status)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", BASE64.encode(text))
    }

    #[test]
    fn disabled_authentication_accepts_every_request() {
        assert_eq!(status(&BasicAuth::disabled(), None), 200);
    }

    #[test]
    fn clear_passwords_may_contain_colons() {
        let auth = BasicAuth::required("user", "p:w");
        assert_eq!(status(&auth, Some(&basic("user:p:w"))), 200);
        assert_eq!(status(&auth, Some(&basic("user:p:w").replace("Basic", "bAsIc"))), 200);
        for wrong in ["user:p", "User:p:w", "user:p:w ", ":p:w", "user", ""] {
            assert_eq!(status(&auth, Some(&basic(wrong))), 401, "{wrong}");
        }
    }

    #[test]
    fn a_password_may_be_a_digest() {
        let auth = BasicAuth::required("user", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d");
        assert_eq!(status(&auth, Some(&basic("user:thepassword"))), 200);
        assert_eq!(
            status(&auth, Some(&basic("user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"))),
            401
        );
    }

    #[test]
    fn malformed_credentials_are_rejected() {
        let auth = BasicAuth::required("user", "pw");
        assert_eq!(status(&auth, None), 401);
        for wrong in ["", "Basic", "Basic ???", "Digest x", "Basic dXNlcg", "Bearer dXNlcjpwdw=="] {
            assert_eq!(status(&auth, Some(wrong)), 401, "{wrong}");
        }
    }
}
