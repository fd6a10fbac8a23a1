//! Basic authentication: the one layer that every request passes before anything else looks at it.
//! Passwords are compared in constant time and never shown.

use super::Reply;
use super::request::Request;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};
use subtle::{Choice, ConstantTimeEq};

const REALM: &str = "Basic realm=\"default\"";
/// Python's decoder does not mind missing padding bits; some clients count on it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who may come in: nobody in particular, or who knows a name and a password.
pub struct Guard {
    account: Option<Account>,
}

struct Account {
    username: String,
    secret: Secret,
}

enum Secret {
    Clear(String),
    /// The hex digest behind `{SHA}`.
    Sha1(String),
}

impl Guard {
    /// Lets everybody in.
    pub fn open() -> Self {
        Self { account: None }
    }

    /// Lets in who knows these; the password may be `{SHA}` and a hex digest.
    pub fn password(username: &str, password: &str) -> Self {
        let secret = match password.strip_prefix("{SHA}") {
            Some(digest) => Secret::Sha1(digest.to_owned()),
            None => Secret::Clear(password.to_owned()),
        };
        Self { account: Some(Account { username: username.to_owned(), secret }) }
    }

    pub fn is_open(&self) -> bool {
        self.account.is_none()
    }

    /// The reply for who may not come in.
    pub fn refuse(&self, request: &Request) -> Option<Reply> {
        let account = self.account.as_ref()?;
        let given = request.header("authorization").and_then(credentials);
        let admitted = given.is_some_and(|(name, password)| account.admits(&name, &password));
        (!admitted).then(|| {
            Reply::fatal(401, "A user name and a password are needed.")
                .header("WWW-Authenticate", REALM)
        })
    }
}

impl Account {
    fn admits(&self, username: &[u8], password: &[u8]) -> bool {
        let named = same(self.username.as_bytes(), username);
        let knows = match &self.secret {
            Secret::Clear(secret) => same(secret.as_bytes(), password),
            Secret::Sha1(digest) => {
                same(digest.as_bytes(), hex(&Sha1::digest(password)).as_bytes())
            }
        };
        (named & knows).into()
    }
}

/// Compares digests, so that neither content nor length shows in the time that it takes.
fn same(one: &[u8], other: &[u8]) -> Choice {
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

/// Name and password of `Basic BASE64`; the password may contain colons.
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

    fn status(guard: &Guard, authorization: Option<&str>) -> u16 {
        let headers =
            authorization.map(|value| ("Authorization".to_owned(), value.to_owned())).into_iter();
        let request = Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: Version::Http11,
            headers: headers.collect(),
            body: None,
        };
        guard.refuse(&request).map_or(200, |reply| reply.status)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", BASE64.encode(text))
    }

    #[test]
    fn an_open_guard_lets_everybody_in() {
        assert_eq!(status(&Guard::open(), None), 200);
    }

    #[test]
    fn clear_passwords_may_contain_colons() {
        let guard = Guard::password("user", "p:w");
        assert_eq!(status(&guard, Some(&basic("user:p:w"))), 200);
        assert_eq!(status(&guard, Some(&basic("user:p:w").replace("Basic", "bAsIc"))), 200);
        for wrong in ["user:p", "User:p:w", "user:p:w ", ":p:w", "user", ""] {
            assert_eq!(status(&guard, Some(&basic(wrong))), 401, "{wrong}");
        }
    }

    #[test]
    fn a_password_may_be_a_digest() {
        let guard = Guard::password("user", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d");
        assert_eq!(status(&guard, Some(&basic("user:thepassword"))), 200);
        assert_eq!(
            status(&guard, Some(&basic("user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"))),
            401
        );
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let guard = Guard::password("user", "pw");
        assert_eq!(status(&guard, None), 401);
        for wrong in ["", "Basic", "Basic ???", "Digest x", "Basic dXNlcg", "Bearer dXNlcjpwdw=="] {
            assert_eq!(status(&guard, Some(wrong)), 401, "{wrong}");
        }
    }
}
