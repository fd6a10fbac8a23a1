//! Slows down who guesses passwords: after several failed logins from one address, the replies to
//! further ones are held back. A right password is never delayed by wrong ones before it, unless many
//! wrong ones of the same address are being held back at this moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How many failed logins are answered at once.
const FREE: u32 = 10;
/// A failed login is forgotten after this time.
const FORGET: Duration = Duration::from_secs(6);
/// The delay of the first reply that is held back; it doubles with each failed login.
const FIRST_DELAY: Duration = Duration::from_millis(125);
/// How often the delay doubles, up to two seconds.
const DOUBLINGS: u32 = 4;
/// How many replies to one address are held back at a time; then no further password is examined.
const MAX_HELD: usize = 8;
/// How many addresses are remembered.
const MAX_ADDRESSES: usize = 4096;

/// The failed logins of all addresses; `K` identifies one.
#[derive(Debug)]
pub struct LoginDelays<K> {
    addresses: BTreeMap<K, Failures>,
    /// The addresses by the time when they are forgotten.
    by_end: BTreeSet<(Duration, K)>,
}

/// The recent failed logins of one address.
#[derive(Debug, Default)]
struct Failures {
    /// When all of them are forgotten. Each failed login moves it back.
    end: Duration,
    /// When the replies that are held back are sent.
    held: VecDeque<Duration>,
}

impl<K> Default for LoginDelays<K> {
    fn default() -> Self {
        Self { addresses: BTreeMap::new(), by_end: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> LoginDelays<K> {
    /// When the next password of an address may be examined, if not now.
    pub fn examined_at(&self, address: &K, now: Duration) -> Option<Duration> {
        let held = &self.addresses.get(address)?.held;
        let mut waiting = held.iter().filter(|until| **until > now);
        let first = waiting.next()?;
        (waiting.count() + 1 >= MAX_HELD).then_some(*first)
    }

    /// Counts a failed login; returns when it is to be answered.
    pub fn on_failure(&mut self, address: &K, now: Duration) -> Duration {
        let mut failures = self.take(address, now);
        let latest = now + FORGET * (FREE + DOUBLINGS + 1);
        failures.end = (failures.end.max(now) + FORGET).min(latest);
        failures.held.retain(|until| *until > now);
        let until = now + delay(failures.count(now));
        if until > now && failures.held.len() < MAX_HELD {
            failures.held.push_back(until);
        }
        self.insert(address.clone(), failures, now);
        until
    }

    fn take(&mut self, address: &K, now: Duration) -> Failures {
        let Some(failures) = self.addresses.remove(address) else { return Failures::default() };
        self.by_end.remove(&(failures.end, address.clone()));
        if failures.end <= now { Failures::default() } else { failures }
    }

    /// Forgets who is forgiven, and the next to be so if there are too many.
    fn insert(&mut self, address: K, failures: Failures, now: Duration) {
        while let Some((end, first)) = self.by_end.first().cloned() {
            if end > now && self.by_end.len() < MAX_ADDRESSES {
                break;
            }
            self.by_end.remove(&(end, first.clone()));
            self.addresses.remove(&first);
        }
        self.by_end.insert((failures.end, address.clone()));
        self.addresses.insert(address, failures);
    }
}

impl Failures {
    /// How many failed logins are not forgotten.
    fn count(&self, now: Duration) -> u32 {
        let left = self.end.saturating_sub(now).as_millis().div_ceil(FORGET.as_millis());
        u32::try_from(left).unwrap_or(u32::MAX)
    }
}

/// How long the reply to the last of so many failed logins is held back.
fn delay(failures: u32) -> Duration {
    match failures.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_DELAY * 2_u32.pow(doublings.min(DOUBLINGS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_delay_grows_up_to_two_seconds_and_is_forgotten() {
        let mut delays = LoginDelays::default();
        let mut failure =
            |now: Duration| (delays.on_failure(&"a", now).saturating_sub(now)).as_millis();
        let first: Vec<u128> = (0..17).map(|_| failure(secs(100))).collect();
        assert_eq!(first[..10], [0; 10]);
        assert_eq!(first[10..], [125, 250, 500, 1000, 2000, 2000, 2000]);
        assert_eq!(failure(secs(112)), 1000, "two were forgotten, one came");
        assert_eq!(failure(secs(200)), 0, "all were forgotten");
    }

    #[test]
    fn others_are_not_delayed() {
        let mut delays = LoginDelays::default();
        for _ in 0..100 {
            delays.on_failure(&"a", secs(1));
        }
        assert_eq!(delays.on_failure(&"b", secs(1)), secs(1));
        assert_eq!(delays.examined_at(&"b", secs(1)), None);
    }

    #[test]
    fn passwords_are_examined_unless_many_replies_are_held_back() {
        let mut delays = LoginDelays::default();
        for _ in 0..17 {
            delays.on_failure(&"a", secs(1));
        }
        assert_eq!(delays.examined_at(&"a", secs(1)), None, "seven are held back");
        delays.on_failure(&"a", secs(1));
        assert_eq!(delays.examined_at(&"a", secs(1)), Some(secs(1) + FIRST_DELAY));
        assert_eq!(delays.examined_at(&"a", secs(2)), None);
    }

    #[test]
    fn the_table_is_bounded_however_many_addresses_there_are() {
        let mut delays = LoginDelays::default();
        for _ in 0..20 {
            delays.on_failure(&u128::MAX, secs(1));
        }
        for address in 0..100_000_u128 {
            delays.on_failure(&address, secs(1));
        }
        assert_eq!((delays.addresses.len(), delays.by_end.len()), (MAX_ADDRESSES, MAX_ADDRESSES));
        let held: usize = delays.addresses.values().map(|it| it.held.len()).sum();
        assert!(held <= MAX_ADDRESSES * MAX_HELD);
        assert!(
            delays.examined_at(&u128::MAX, secs(1)).is_some(),
            "the worst is remembered longest"
        );
        delays.on_failure(&0, secs(1000));
        assert_eq!((delays.addresses.len(), delays.by_end.len()), (1, 1));
    }
}
