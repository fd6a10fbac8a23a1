//! The accounts of a server, and Basic authentication. Passwords are compared in constant time and
//! never logged.

use super::Reply;
use super::request::Request;
use crate::password::{NoMemory, Password, SlowHash, constant_time_eq};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::time::Duration;

const REALM: &str = "Basic realm=\"default\"";
/// Python's decoder accepts missing padding; some clients rely on that.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who may use a server.
#[derive(Default)]
pub struct Accounts {
    accounts: Vec<Account>,
    /// The account whose password takes longest, if that is long.
    slowest: Option<usize>,
}

struct Account {
    name: String,
    password: Password,
}

/// What a client sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub name: Vec<u8>,
    pub password: Vec<u8>,
}

/// The 401 reply.
pub fn unauthorized() -> Reply {
    Reply::fatal(401, "A username and a password are required.").header("WWW-Authenticate", REALM)
}

/// Whether a request has this token: `Authorization: Bearer TOKEN`.
pub fn has_bearer_token(request: &Request, token: &str) -> bool {
    let given = request.header("authorization").and_then(|it| it.split_once(' '));
    given.is_some_and(|(scheme, given)| {
        let is_right = constant_time_eq(token.as_bytes(), given.trim().as_bytes());
        scheme.eq_ignore_ascii_case("bearer") && bool::from(is_right)
    })
}

impl Accounts {
    pub fn new(accounts: impl IntoIterator<Item = (String, Password)>) -> Self {
        let accounts: Vec<Account> =
            accounts.into_iter().map(|(name, password)| Account { name, password }).collect();
        let duration = |at: &usize| accounts[*at].password.slow().map(SlowHash::duration);
        let slow = (0..accounts.len()).filter(|at| duration(at).is_some());
        let slowest = slow.max_by_key(duration);
        Self { accounts, slowest }
    }

    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Whether there is an account of this name.
    pub fn has(&self, name: &[u8]) -> bool {
        self.find(name).is_some()
    }

    /// How long an examination may take; `None` if it takes no time.
    pub fn duration(&self) -> Option<Duration> {
        let slowest = self.accounts.get(self.slowest?)?;
        slowest.password.slow().map(SlowHash::duration)
    }

    /// The account with these credentials, if its password takes no time.
    pub fn verify_at_once(&self, given: &Credentials) -> Option<usize> {
        let at = self.find(&given.name)?;
        let password = &self.accounts[at].password;
        let is_right =
            password.slow().is_none() && password.matches(&given.password).is_ok_and(bool::from);
        is_right.then_some(at)
    }

    /// The account with these credentials. A failure takes as long as the slowest password, so that
    /// the time does not show which names exist.
    pub fn verify(&self, given: &Credentials) -> Result<Option<usize>, NoMemory> {
        let found = self.find(&given.name);
        if let Some(at) = found {
            if self.accounts[at].password.matches(&given.password)?.into() {
                return Ok(Some(at));
            }
        }
        if let Some(slowest) = self.slowest.filter(|_| !self.is_slowest(found)) {
            let _ = self.accounts[slowest].password.matches(&given.password)?;
        }
        Ok(None)
    }

    fn is_slowest(&self, at: Option<usize>) -> bool {
        let hash = at.and_then(|at| self.accounts[at].password.slow());
        hash.is_some_and(|hash| Some(hash.duration()) == self.duration())
    }

    /// Compares with all names.
    fn find(&self, name: &[u8]) -> Option<usize> {
        let mut found = None;
        for (at, account) in self.accounts.iter().enumerate() {
            if constant_time_eq(account.name.as_bytes(), name).into() {
                found = Some(at);
            }
        }
        found
    }
}

/// Username and password of `Authorization: Basic BASE64`; the password may contain colons.
pub fn credentials(request: &Request) -> Option<Credentials> {
    let (scheme, cookie) = request.header("authorization")?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(cookie.trim()).ok()?;
    let colon = decoded.iter().position(|&byte| byte == b':')?;
    Some(Credentials { name: decoded[..colon].to_vec(), password: decoded[colon + 1..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::super::request::Version;
    use super::*;

    fn accounts(all: &[(&str, &str)]) -> Accounts {
        let account = |(name, text): &(&str, &str)| {
            ((*name).to_owned(), Password::parse(text).expect("it can be read"))
        };
        Accounts::new(all.iter().map(account))
    }

    fn given(authorization: &str) -> Option<Credentials> {
        credentials(&Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: Version::Http11,
            headers: vec![("Authorization".to_owned(), authorization.to_owned())],
            body: None,
        })
    }

    fn basic(text: &str) -> Credentials {
        given(&format!("Basic {}", BASE64.encode(text))).expect("it has a colon")
    }

    fn account(accounts: &Accounts, text: &str) -> Option<usize> {
        accounts.verify(&basic(text)).expect("there is memory")
    }

    #[test]
    fn clear_passwords_may_contain_colons() {
        let all = accounts(&[("user", "p:w")]);
        assert_eq!(account(&all, "user:p:w"), Some(0));
        for wrong in ["user:p", "User:p:w", "user:p:w ", ":p:w", "user:", ":"] {
            assert_eq!(account(&all, wrong), None, "{wrong}");
            assert_eq!(all.verify_at_once(&basic(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn each_account_has_its_own_password() {
        let slow =
            SlowHash::make(crate::password::Algorithm::Argon2id, b"third", b"0123456789abcdef");
        let slow = slow.expect("it can be hashed").to_string();
        let all = accounts(&[
            ("a", "first"),
            ("b", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"),
            ("c", &slow),
        ]);
        assert_eq!(account(&all, "a:first"), Some(0));
        assert_eq!(account(&all, "b:thepassword"), Some(1));
        assert_eq!(account(&all, "c:third"), Some(2));
        assert_eq!(all.verify_at_once(&basic("c:third")), None);
        assert_eq!(all.verify_at_once(&basic("a:first")), Some(0));
        for wrong in ["a:thepassword", "b:first", "c:first", "d:first"] {
            assert_eq!(account(&all, wrong), None, "{wrong}");
        }
        assert!(all.duration().is_some());
    }

    #[test]
    fn malformed_credentials_are_none() {
        for wrong in ["", "Basic", "Basic ???", "Digest x", "Basic dXNlcg", "Bearer dXNlcjpwdw=="] {
            assert!(given(wrong).is_none(), "{wrong}");
        }
        assert!(given("bAsIc dXNlcjpwdw==").is_some_and(|it| it.name == b"user"));
    }
}
