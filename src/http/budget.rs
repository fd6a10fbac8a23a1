//! The memory that the bodies and replies of all connections share.

/// How much of the limit one reply may need.
const SHARE: usize = 4;

/// The bytes that all connections may hold, and those that they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: usize,
    used: usize,
}

impl Budget {
    pub fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The maximum size of one reply.
    pub fn max_reply(&self) -> usize {
        self.limit / SHARE
    }

    /// Accounts that a connection holds `now` bytes instead of those of `charged`.
    pub fn charge(&mut self, charged: &mut usize, now: usize) {
        self.used = self.used.saturating_sub(*charged).saturating_add(now);
        *charged = now;
    }

    pub fn is_exceeded(&self) -> bool {
        self.used > self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charges_of_all_connections_are_added() {
        let mut budget = Budget::new(100);
        let (mut one, mut other) = (0, 0);
        budget.charge(&mut one, 60);
        budget.charge(&mut other, 40);
        assert!(!budget.is_exceeded());
        budget.charge(&mut one, 61);
        assert!(budget.is_exceeded());
        budget.charge(&mut other, 0);
        assert_eq!((budget, one, other), (Budget { limit: 100, used: 61 }, 61, 0));
    }
}
