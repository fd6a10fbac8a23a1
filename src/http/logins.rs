//! Decides on each login: right passwords are remembered, wrong ones are answered late, and slow
//! hashes are computed so rarely that the daemon keeps answering.

use std::collections::VecDeque;
use std::time::Duration;

use blake2::Blake2sMac256;
use blake2::digest::{KeyInit, Mac};

use super::auth::{Accounts, Credentials};
use super::login_delay::LoginDelays;

/// How many right passwords are remembered.
const REMEMBERED: usize = 256;
/// After a slow hash, the daemon does other things for this many times as long.
const REST: u32 = 3;

/// The logins of all servers; `K` is the address of a client.
pub struct Logins<K> {
    delays: LoginDelays<K>,
    known: Known,
    /// When the next slow hash may be computed.
    rested_at: Duration,
}

/// A login: with what, by whom and when.
pub struct Attempt<'a, K> {
    /// The number of the server, and its accounts.
    pub server: usize,
    pub accounts: &'a Accounts,
    pub given: &'a Credentials,
    /// `None` if the client is never delayed.
    pub address: Option<K>,
    pub now: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The account of this number.
    Account(usize),
    /// Wrong; to be answered at this time.
    Wrong(Duration),
    /// To be tried again at this time.
    AskAt(Duration),
    NoMemory,
}

impl<K: Ord + Clone> Logins<K> {
    /// `key` is secret and random.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            delays: LoginDelays::default(),
            known: Known { key, digests: VecDeque::new() },
            rested_at: Duration::ZERO,
        }
    }

    pub fn check(&mut self, attempt: &Attempt<'_, K>) -> Outcome {
        let Attempt { server, accounts, given, address, now } = attempt;
        let digest = self.known.digest(*server, given);
        if let Some(account) = self.known.account(&digest) {
            return Outcome::Account(account);
        }
        let held_until = address.as_ref().and_then(|it| self.delays.examined_at(it, *now));
        if let Some(at) = held_until {
            return Outcome::AskAt(at);
        }
        let at_once = accounts.verify_at_once(given);
        if let (None, Some(duration)) = (at_once, accounts.duration()) {
            if address.is_some() && *now < self.rested_at {
                return Outcome::AskAt(self.rested_at);
            }
            self.rested_at = *now + duration * (1 + REST);
        }
        let verified = match at_once {
            Some(account) => Ok(Some(account)),
            None => accounts.verify(given),
        };
        match verified {
            Err(_) => Outcome::NoMemory,
            Ok(Some(account)) => {
                self.known.insert(digest, account);
                Outcome::Account(account)
            }
            Ok(None) => {
                let address = address.as_ref();
                let until = address.map(|address| self.delays.on_failure(address, *now));
                Outcome::Wrong(until.unwrap_or(*now))
            }
        }
    }
}

/// Digests of right credentials under a key of this process, so that memory that leaks shows no
/// password.
struct Known {
    key: [u8; 32],
    /// Oldest first.
    digests: VecDeque<([u8; 32], usize)>,
}

impl Known {
    fn digest(&self, server: usize, given: &Credentials) -> [u8; 32] {
        let mut mac = Blake2sMac256::new((&self.key).into());
        for number in [server, given.name.len()] {
            mac.update(&(number as u64).to_le_bytes());
        }
        mac.update(&given.name);
        mac.update(&given.password);
        mac.finalize().into_bytes().into()
    }

    fn account(&self, digest: &[u8; 32]) -> Option<usize> {
        // An attacker does not know the key, so the time shows nothing.
        self.digests.iter().find(|(known, _)| known == digest).map(|(_, account)| *account)
    }

    fn insert(&mut self, digest: [u8; 32], account: usize) {
        if self.digests.len() == REMEMBERED {
            self.digests.pop_front();
        }
        self.digests.push_back((digest, account));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::{Algorithm, Password, SlowHash};

    fn slow() -> Accounts {
        let hash = SlowHash::make(Algorithm::Argon2id, b"right", b"0123456789abcdef");
        let hash = Password::parse(&hash.expect("it can be hashed").to_string());
        Accounts::new([
            ("slow".to_owned(), hash.expect("it can be read")),
            ("clear".to_owned(), Password::Clear("right".to_owned())),
        ])
    }

    fn check(logins: &mut Logins<u8>, accounts: &Accounts, text: &str, millis: u64) -> Outcome {
        let (name, password) = text.split_once(':').expect("a colon");
        let given = Credentials { name: name.into(), password: password.into() };
        let (address, now) = (Some(1), Duration::from_millis(millis));
        logins.check(&Attempt { server: 0, accounts, given: &given, address, now })
    }

    #[test]
    fn a_right_password_is_accepted_while_wrong_ones_are_held_back() {
        let accounts = Accounts::new([("a".to_owned(), Password::Clear("right".to_owned()))]);
        let mut logins = Logins::new([7; 32]);
        for _ in 0..17 {
            assert!(matches!(check(&mut logins, &accounts, "a:x", 1), Outcome::Wrong(_)));
        }
        assert_eq!(check(&mut logins, &accounts, "a:right", 1), Outcome::Account(0));
        assert!(matches!(check(&mut logins, &accounts, "a:x", 1), Outcome::Wrong(_)));
        // Now no password is examined, but those that were right before are known.
        assert!(matches!(check(&mut logins, &accounts, "a:x", 1), Outcome::AskAt(_)));
        assert_eq!(check(&mut logins, &accounts, "a:right", 1), Outcome::Account(0));
    }

    #[test]
    fn slow_hashes_are_computed_seldom() {
        let (accounts, mut logins) = (slow(), Logins::new([7; 32]));
        let rest = accounts.duration().expect("it is slow") * (1 + REST);
        assert_eq!(check(&mut logins, &accounts, "slow:right", 0), Outcome::Account(0));
        assert_eq!(check(&mut logins, &accounts, "slow:right", 1), Outcome::Account(0), "known");
        assert_eq!(check(&mut logins, &accounts, "slow:x", 1), Outcome::AskAt(rest));
        assert_eq!(check(&mut logins, &accounts, "nobody:x", 1), Outcome::AskAt(rest));
        assert_eq!(check(&mut logins, &accounts, "clear:right", 1), Outcome::Account(1));
        let later = u64::try_from(rest.as_millis()).expect("short") + 1;
        let now = Duration::from_millis(later);
        assert_eq!(check(&mut logins, &accounts, "slow:x", later), Outcome::Wrong(now));
    }

    #[test]
    fn remembered_passwords_are_bounded_and_belong_to_their_server() {
        let mut known = Known { key: [1; 32], digests: VecDeque::new() };
        let given = |name: &str| Credentials { name: name.into(), password: b"x".to_vec() };
        for number in 0..1000 {
            let digest = known.digest(0, &given(&number.to_string()));
            known.insert(digest, number);
        }
        assert_eq!(known.digests.len(), REMEMBERED);
        assert_eq!(known.account(&known.digest(0, &given("999"))), Some(999));
        assert_eq!(known.account(&known.digest(1, &given("999"))), None);
        assert_eq!(known.account(&known.digest(0, &given("0"))), None);
    }
}
