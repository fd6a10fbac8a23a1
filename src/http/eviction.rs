//! Which connection is closed when connections, memory or descriptors run out.

use std::time::Duration;

/// What a connection is doing, the most dispensable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A request is incomplete after the grace period.
    Slow,
    /// No request is being sent, or the reply is complete.
    Idle,
    /// The client has not read anything of its reply for the grace period.
    Unread,
    /// The reply has no end: a followed log, or events.
    Following,
    /// A request is being received, or its reply is being sent.
    Active,
    /// The request is being processed.
    Served,
}

/// How many connections are reserved for each server.
const RESERVED: usize = 50;
/// How many connections are accepted even if few descriptors are left; a program that is started
/// takes theirs if necessary.
const FEW: usize = 8;

/// A connection as far as it matters here; `K` identifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupant<K> {
    pub key: K,
    /// The number of its server.
    pub server: usize,
    /// Whether it is one of the owner of the unix socket.
    pub is_owner: bool,
    pub standing: Standing,
    pub since: Duration,
    pub memory: usize,
}

/// A connection that was accepted and needs a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    pub server: usize,
    pub is_owner: bool,
}

/// The places for connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub total: usize,
    pub servers: usize,
    /// Few descriptors are left: a connection needs the place of another one, unless there are
    /// only a few.
    pub is_scarce: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission<K> {
    Free,
    InPlaceOf(K),
    Refused,
}

/// Whether a connection gets a place. Each server keeps its reserve, whatever the others do. The
/// owner of the unix socket always gets one; only a request of the owner is never given up for
/// others.
pub fn admit<K: Copy + Ord>(
    occupants: &[Occupant<K>],
    newcomer: Newcomer,
    places: Places,
) -> Admission<K> {
    let reserve = RESERVED.min(places.total / (2 * places.servers.max(1)));
    let maximum = places.total - reserve * places.servers.saturating_sub(1);
    let count = |server: usize| occupants.iter().filter(|it| it.server == server).count();
    let own = count(newcomer.server);
    let is_scarce = places.is_scarce && occupants.len() >= FEW;
    if own < maximum && occupants.len() < places.total && !is_scarce {
        return Admission::Free;
    }
    let may_yield = |it: &&Occupant<K>| {
        let is_dispensable = it.standing < Standing::Served || !it.is_owner || newcomer.is_owner;
        let is_within_reserve =
            !newcomer.is_owner && it.server != newcomer.server && count(it.server) <= reserve;
        is_dispensable && !is_within_reserve && (own < maximum || it.server == newcomer.server)
    };
    match most_dispensable(occupants.iter().filter(may_yield)) {
        Some(key) => Admission::InPlaceOf(key),
        None => Admission::Refused,
    }
}

/// The connection that yields its memory, if one has more than `small` bytes.
pub fn yields_memory<K: Copy + Ord>(occupants: &[Occupant<K>], small: usize) -> Option<K> {
    most_dispensable(occupants.iter().filter(|it| it.memory > small))
}

/// The connection that yields its descriptor to a program.
pub fn yields_descriptor<K: Copy + Ord>(occupants: &[Occupant<K>]) -> Option<K> {
    most_dispensable(occupants.iter())
}

fn most_dispensable<'a, K: Copy + Ord + 'a>(
    occupants: impl Iterator<Item = &'a Occupant<K>>,
) -> Option<K> {
    occupants.min_by_key(|it| (it.is_owner, it.standing, it.since, it.key)).map(|it| it.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: usize = 0;
    const UNIX: usize = 1;
    const PLACES: Places = Places { total: 200, servers: 2, is_scarce: false };

    fn occupant(key: usize, server: usize, standing: Standing, secs: u64) -> Occupant<usize> {
        let since = Duration::from_secs(secs);
        Occupant { key, server, is_owner: false, standing, since, memory: key }
    }

    fn crowd(count: usize, server: usize, standing: Standing) -> Vec<Occupant<usize>> {
        (0..count).map(|key| occupant(key, server, standing, 1000 - key as u64)).collect()
    }

    fn newcomer(server: usize) -> Newcomer {
        Newcomer { server, is_owner: false }
    }

    #[test]
    fn a_server_cannot_use_the_reserve_of_another() {
        let crowd = crowd(150, TCP, Standing::Served);
        assert_eq!(admit(&crowd[..149], newcomer(TCP), PLACES), Admission::Free);
        assert_eq!(admit(&crowd, newcomer(TCP), PLACES), Admission::InPlaceOf(149));
        assert_eq!(admit(&crowd, newcomer(UNIX), PLACES), Admission::Free);
    }

    #[test]
    fn the_most_dispensable_of_the_same_server_yields_first() {
        let mut crowd = crowd(147, TCP, Standing::Served);
        crowd.push(occupant(900, UNIX, Standing::Slow, 0));
        crowd.push(occupant(901, TCP, Standing::Idle, 3));
        crowd.push(occupant(902, TCP, Standing::Slow, 9));
        crowd.push(occupant(903, TCP, Standing::Slow, 8));
        assert_eq!(admit(&crowd, newcomer(TCP), PLACES), Admission::InPlaceOf(903));
        crowd.truncate(149);
        crowd.push(occupant(904, TCP, Standing::Idle, 4));
        assert_eq!(admit(&crowd, newcomer(TCP), PLACES), Admission::Free);
        crowd.push(occupant(905, TCP, Standing::Following, 0));
        assert_eq!(admit(&crowd, newcomer(TCP), PLACES), Admission::InPlaceOf(901));
    }

    #[test]
    fn when_all_places_are_taken_a_server_above_its_reserve_yields() {
        let mut all = crowd(150, TCP, Standing::Idle);
        all.extend((200..250).map(|key| occupant(key, UNIX, Standing::Idle, 0)));
        assert_eq!(admit(&all, newcomer(UNIX), PLACES), Admission::InPlaceOf(200));
        let mut served = all.clone();
        served.iter_mut().filter(|it| it.server == UNIX).for_each(|it| {
            it.standing = Standing::Served;
        });
        assert_eq!(admit(&served, newcomer(UNIX), PLACES), Admission::InPlaceOf(149));
        assert_eq!(admit(&served, newcomer(TCP), PLACES), Admission::InPlaceOf(149));
    }

    #[test]
    fn the_owner_always_gets_in_and_yields_last() {
        let mut crowd = crowd(150, UNIX, Standing::Served);
        let owner = Newcomer { server: UNIX, is_owner: true };
        assert_eq!(admit(&crowd, owner, PLACES), Admission::InPlaceOf(149));
        for it in &mut crowd {
            it.is_owner = true;
        }
        assert_eq!(admit(&crowd, newcomer(UNIX), PLACES), Admission::Refused);
        assert_eq!(admit(&crowd, owner, PLACES), Admission::InPlaceOf(149));
        crowd[148].is_owner = false;
        crowd[149].standing = Standing::Idle;
        assert_eq!(admit(&crowd, owner, PLACES), Admission::InPlaceOf(148));
        crowd[148].is_owner = true;
        assert_eq!(admit(&crowd, newcomer(UNIX), PLACES), Admission::InPlaceOf(149));
    }

    #[test]
    fn without_descriptors_a_connection_needs_the_place_of_another() {
        let places = Places { is_scarce: true, ..PLACES };
        let crowd = crowd(FEW, TCP, Standing::Idle);
        assert_eq!(admit(&crowd[1..], newcomer(TCP), places), Admission::Free);
        assert_eq!(admit(&crowd, newcomer(TCP), places), Admission::InPlaceOf(FEW - 1));
        assert_eq!(yields_descriptor(&crowd), Some(FEW - 1));
        // As few as a server may keep.
        assert_eq!(admit(&crowd, newcomer(UNIX), places), Admission::Refused);
        let owner = Newcomer { server: UNIX, is_owner: true };
        assert_eq!(admit(&crowd, owner, places), Admission::InPlaceOf(FEW - 1));
    }

    #[test]
    fn small_connections_keep_their_memory() {
        let crowd = crowd(50, TCP, Standing::Served);
        assert_eq!(yields_memory(&crowd, 47), Some(49));
        assert_eq!(yields_memory(&crowd, 49), None);
    }
}
