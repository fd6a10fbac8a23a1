//! The password of an account, in the forms that a configuration may have it: clear, `{SHA}`,
//! `{ARGON2ID}` or `{SCRYPT}`. Parsing limits what a verification costs, because the daemon does
//! nothing else meanwhile.

mod slow_hash;

use std::fmt;

use sha1::{Digest, Sha1};
use subtle::{Choice, ConstantTimeEq};

pub use slow_hash::{Algorithm, NoMemory, SlowHash};

/// Supervisor's only hash: the prefix and 40 hex digits.
pub const SHA: &str = "{SHA}";

/// A password as it is configured. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    Clear(String),
    /// The hex digest after `{SHA}`.
    Sha1(String),
    Slow(SlowHash),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(...)")
    }
}

impl Password {
    /// The error names the problem, not the password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(digest) = text.strip_prefix(SHA) {
            return Ok(Self::Sha1(digest.to_owned()));
        }
        match Algorithm::of(text) {
            Some((algorithm, hash)) => SlowHash::parse(algorithm, hash).map(Self::Slow),
            None => Ok(Self::Clear(text.to_owned())),
        }
    }

    /// A password that was checked when the configuration was read.
    pub fn of(text: &str) -> Self {
        // No password has an empty digest.
        Self::parse(text).unwrap_or(Self::Sha1(String::new()))
    }

    /// Whether this is the password. The time does not depend on what is given.
    pub fn matches(&self, given: &[u8]) -> Result<Choice, NoMemory> {
        Ok(match self {
            Self::Clear(secret) => constant_time_eq(secret.as_bytes(), given),
            Self::Sha1(digest) => {
                constant_time_eq(digest.as_bytes(), hex(&Sha1::digest(given)).as_bytes())
            }
            Self::Slow(hash) => return hash.matches(given),
        })
    }

    /// The hash, if a verification takes long.
    pub fn slow(&self) -> Option<&SlowHash> {
        match self {
            Self::Slow(hash) => Some(hash),
            Self::Clear(_) | Self::Sha1(_) => None,
        }
    }
}

/// Compares digests, so that the time depends on neither content nor length.
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> Choice {
    let (one, other) = (Sha1::digest(one), Sha1::digest(other));
    one.as_slice().ct_eq(other.as_slice())
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `password`, of the tests of the reference implementation.
    const ARGON2ID: &str = "{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ\
                            $nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    /// `thepassword`, made by Python's `hashlib.scrypt`.
    const SCRYPT: &str = "{SCRYPT}$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
                          $EvlHvUE7YaXOM77E5Kdk5pqdBQ8BEJotvWXOARQBbc0";

    fn is(password: &str, given: &str) -> bool {
        let password = Password::parse(password).expect("it can be read");
        password.matches(given.as_bytes()).expect("there is memory").into()
    }

    #[test]
    fn a_password_may_be_clear_or_a_digest() {
        assert!(is("pw", "pw") && !is("pw", "pw ") && !is("pw", ""));
        let sha = "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d";
        assert!(is(sha, "thepassword"));
        assert!(!is(sha, "82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"));
    }

    #[test]
    fn a_hash_that_was_made_is_read_back() {
        for algorithm in Algorithm::ALL {
            let text = SlowHash::make(*algorithm, b"p\xc3\xa4ss:word", b"0123456789abcdef");
            let text = text.expect("it can be hashed").to_string();
            assert!(text.starts_with(algorithm.prefix()), "{text}");
            assert!(!is(&text, "pässword") && is(&text, "päss:word"), "{text}");
        }
    }

    #[test]
    fn the_hash_of_another_program_is_understood() {
        assert!(is(ARGON2ID, "password") && !is(ARGON2ID, "passwort"));
        assert!(is(SCRYPT, "thepassword") && !is(SCRYPT, "thepasswort"));
    }

    #[test]
    fn a_hash_that_cannot_be_read_or_costs_too_much_is_an_error() {
        let refused = |text: &str| Password::parse(text).expect_err(text);
        let salt = "MDEyMzQ1Njc4OWFiY2RlZg";
        let hash = "TBC2rUbbHM9vwk1hxAIyiSMJrB8zF0kJQzVgOXJV8oM";
        for (text, why) in [
            ("{ARGON2ID}".to_owned(), "not a hash"),
            ("{ARGON2ID}x".to_owned(), "not a hash"),
            (format!("{{ARGON2ID}}$argon2i$v=19$m=64,t=1,p=1${salt}${hash}"), "argon2i"),
            (format!("{{ARGON2ID}}$argon2id$v=19$m=64,t=1,p=1${salt}"), "no digest"),
            (format!("{{ARGON2ID}}$argon2id$v=7$m=64,t=1,p=1${salt}${hash}"), "version"),
            (format!("{{ARGON2ID}}$argon2id$v=19$m=1048576,t=1,p=1${salt}${hash}"), "65536 KiB"),
            (format!("{{ARGON2ID}}$argon2id$v=19$m=65536,t=9,p=1${salt}${hash}"), "takes too long"),
            (format!("{{SCRYPT}}$scrypt$ln=20,r=8,p=1${salt}${hash}"), "65536 KiB"),
            (format!("{{SCRYPT}}$scrypt$ln=14,r=8,p=64${salt}${hash}"), "takes too long"),
            (format!("{{SCRYPT}}$scrypt$ln=14${salt}${hash}"), "parameters"),
            (format!("{{SCRYPT}}$scrypt$ln=63,r=4000000000,p=4000000000${salt}${hash}"), "param"),
        ] {
            let message = refused(&text);
            assert!(message.contains(why), "{text}: {message}");
            assert!(!message.contains(hash), "{message}");
        }
    }
}
