//! How dispensable a connection is. When connections or memory run out, the most dispensable one is
//! closed first, and among equals the one that has been so for longest.

use super::{Conn, Phase, Remaining};
use crate::http::eviction::Standing;
use crate::http::{GRACE, Moment};
use std::time::Duration;

impl Conn {
    /// What the connection is doing, and since when. Bytes of an incomplete request do not count as
    /// progress, or a slow client would outlast all others.
    pub fn standing(&self, now: Moment) -> (Standing, Duration) {
        let is_late = now.mono.saturating_sub(self.since) >= GRACE;
        let has_output = !self.output().is_empty();
        let standing = match &self.phase {
            Phase::Lingering | Phase::Closed => Standing::Idle,
            // A wrong password.
            Phase::Rejected(..) => Standing::Slow,
            _ if has_output && is_late => Standing::Unread,
            Phase::Streaming(_, Remaining::Unknown) => Standing::Following,
            _ if has_output => Standing::Active,
            Phase::Closing => Standing::Idle,
            Phase::Head if self.input.is_empty() => Standing::Idle,
            Phase::Head | Phase::Body(..) if is_late => Standing::Slow,
            Phase::Head | Phase::Body(..) | Phase::Streaming(..) => Standing::Active,
            // The client may be gone.
            Phase::AwaitingReply(_) if self.has_input_ended => Standing::Idle,
            Phase::AwaitingReply(_) => Standing::Served,
        };
        (standing, self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, authorize, receive_all, written};
    use super::*;
    use crate::http::Reply;

    fn standing(conn: &Conn, secs: u64) -> Standing {
        conn.standing(at(secs)).0
    }

    #[test]
    fn half_a_request_is_dispensable_after_the_grace_period() {
        let (mut slow, _) = receive_all("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx");
        assert_eq!(standing(&slow, 4), Standing::Active);
        slow.receive(b"x", at(4));
        assert_eq!(slow.standing(at(5)), (Standing::Slow, Duration::ZERO));
    }

    #[test]
    fn blank_lines_are_not_the_start_of_a_request() {
        let mut conn = Conn::new(at(0), |_| |reply| reply);
        for secs in 0..50 {
            conn.receive(b"\r\n\n", at(secs));
        }
        assert_eq!(conn.memory(), 0);
        assert_eq!(conn.standing(at(50)), (Standing::Idle, Duration::ZERO));
        conn.expire(at(60));
        assert!(conn.io_state().close);
    }

    #[test]
    fn a_client_that_does_not_read_is_dispensable_before_one_that_follows() {
        let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
        conn.reply(Reply::stream("text/plain"), at(0));
        assert_eq!(standing(&conn, 4), Standing::Following);
        assert_eq!(standing(&conn, 5), Standing::Unread);
        written(&mut conn);
        assert_eq!(standing(&conn, 500), Standing::Following);
    }

    #[test]
    fn a_request_that_is_processed_is_served_without_limit() {
        let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
        assert_eq!(standing(&conn, 500), Standing::Served);
        conn.reply(Reply::error(404, ""), at(500));
        written(&mut conn);
        assert_eq!(standing(&conn, 600), Standing::Idle);
        assert_eq!(conn.request(at(600), authorize), None);
    }
}
