//! Any bytes on a connection, in pieces of a size that the first byte tells: no panic, bounded
//! buffers, and every request answered with bytes that begin a reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::http::auth::BasicAuth;
use supkit::http::route::Route;
use supkit::http::{Conn, Moment, Reply, form, origin};

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let now = Moment::default();
    let auth = BasicAuth::required("user", "password");
    let mut conn = Conn::new(now);
    for piece in bytes.chunks(usize::from(*size).max(1)) {
        if !conn.io_state().read {
            break;
        }
        conn.receive(piece, now);
        while let Some(request) = conn.request(now, |_| None) {
            let route = Route::of(&request);
            let _ = (route.accepts(&request.method), auth.reject(&request));
            let _ = (form::parse(request.query()), origin::is_cross_site(&request), origin::has_dns_host(&request));
            conn.reply(Reply::error(404, ""), now);
        }
        assert!(conn.output().is_empty() || conn.output().starts_with(b"HTTP/1."));
        let count = conn.output().len();
        conn.on_written(count, now);
    }
    conn.end_of_input();
});
