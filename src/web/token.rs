//! The token in the forms of the pages, by which a request of another site is recognised. Each
//! account has its own, so that one account cannot forge the request of another.

use std::fmt::Write;

use blake2::Blake2sMac256;
use blake2::digest::{KeyInit, Mac};
use subtle::ConstantTimeEq;

/// The secret from which the tokens are made.
pub(super) struct Tokens(pub(super) String);

impl Tokens {
    /// The token of an account; `None` is a server without authentication.
    pub(super) fn of(&self, user: Option<&str>) -> String {
        let Some(user) = user else { return self.0.clone() };
        // The secret has 32 hex digits, the longest key of this function.
        let Ok(mut mac) = Blake2sMac256::new_from_slice(self.0.as_bytes()) else {
            return self.0.clone();
        };
        mac.update(user.as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let (half, _) = digest.split_at(16);
        half.iter().fold(String::new(), |mut token, byte| {
            let _ = write!(token, "{byte:02x}");
            token
        })
    }

    /// Compared in constant time, as a password.
    pub(super) fn is_of(&self, given: &str, user: Option<&str>) -> bool {
        given.as_bytes().ct_eq(self.of(user).as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_token() {
        let tokens = Tokens("0123456789abcdef0123456789abcdef".to_owned());
        let all = [tokens.of(None), tokens.of(Some("a")), tokens.of(Some("b"))];
        assert_eq!(all[0], tokens.0);
        assert!(all[1] != all[0] && all[1] != all[2] && all[1].len() == 32);
        assert!(tokens.is_of(&all[1], Some("a")) && !tokens.is_of(&all[1], Some("b")));
        assert!(!tokens.is_of(&all[0], Some("a")) && !tokens.is_of("", None));
    }
}
