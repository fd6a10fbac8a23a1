//! Any bytes on a connection, in pieces whose size is the first byte, with replies of three kinds: no
//! panic, bounded buffers, and output that begins with a reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::http::auth::{credentials, has_bearer_token};
use supkit::http::conn::HIGH_WATER;
use supkit::http::host::HostPolicy;
use supkit::http::origin::OriginPolicy;
use supkit::http::route::Route;
use supkit::http::{Conn, MAX_BODY, MAX_HEAD, Moment, Reply, Request, Verdict, form};

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let now = Moment::default();
    let mut conn = Conn::new(now, as_it_is);
    let mut count = 0;
    for piece in bytes.chunks(usize::from(*size).max(1)) {
        if conn.read_capacity() < piece.len() {
            break;
        }
        conn.receive(piece, now);
        while let Some(request) = conn.request(now, |_| Verdict::Accept) {
            assert!(request.body.as_ref().is_none_or(|body| body.len() <= MAX_BODY));
            check(&request);
            reply(&mut conn, count, now);
            count += 1;
        }
        assert!(!conn.may_have_request());
        assert!(conn.memory() <= 2 * (MAX_BODY + HIGH_WATER + MAX_HEAD));
        assert!(conn.output().is_empty() || conn.output().starts_with(b"HTTP/1."));
        let _ = conn.standing(now);
        let count = conn.output().len();
        conn.on_written(count, now);
    }
    conn.end_of_input();
});

fn as_it_is(_: &Request) -> fn(Reply) -> Reply {
    |reply| reply
}

fn check(request: &Request) {
    let hosts = HostPolicy::only(["host.example"].into_iter());
    let _ = Route::of(request).accepts(&request.method);
    let _ = (credentials(request), has_bearer_token(request, "token"));
    let _ = (form::parse(request.query()), hosts.reject(request, "option", "section"));
    for is_open in [false, true] {
        let origins = OriginPolicy { is_open, is_https: is_open, trusted: vec!["https://host.example".to_owned()] };
        let _ = origins.check(request, is_open);
    }
}

fn reply(conn: &mut Conn, number: usize, now: Moment) {
    match number % 3 {
        0 => conn.reply(Reply::error(404, ""), now),
        1 => {
            conn.reply(Reply::sized("text/xml", 4), now);
            conn.chunk(b"ab", now);
            conn.chunk(b"cd", now);
        }
        _ => {
            conn.reply(Reply::stream("text/plain"), now);
            conn.chunk(b"ab", now);
        }
    }
}
