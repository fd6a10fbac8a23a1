use super::*;
use crate::http::MAX_BODY;
use crate::http::eviction::Standing;
use proptest::prelude::*;

pub(super) fn at(secs: u64) -> Moment {
    Moment { mono: Duration::from_secs(secs), wall: 784_111_777 }
}

pub(super) fn authorize(_: &Request) -> Verdict {
    Verdict::Accept
}

/// Everything that the client receives.
pub(super) fn written(conn: &mut Conn) -> String {
    let text = String::from_utf8_lossy(conn.output()).into_owned();
    let count = conn.output().len();
    conn.on_written(count, at(0));
    text
}

pub(super) fn receive_all(bytes: &str) -> (Conn, Option<Request>) {
    let mut conn = Conn::new(at(0), |_| |reply| reply);
    conn.receive(bytes.as_bytes(), at(0));
    let request = conn.request(at(0), authorize);
    (conn, request)
}

/// The status line of the reply to `bytes` that are rejected before a request is returned.
fn rejected_with(bytes: &str) -> String {
    let (mut conn, request) = receive_all(bytes);
    assert_eq!(request, None, "{bytes}");
    written(&mut conn).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_connection_stays_open_after_a_reply() {
    let (mut conn, request) =
        receive_all("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
    let request = request.unwrap();
    assert_eq!((request.method.as_str(), request.path().as_str()), ("POST", "/RPC2"));
    assert_eq!(request.body.as_deref(), Some(b"body".as_slice()));
    conn.reply(Reply::new(200, "text/xml", "<a/>"), at(0));
    let text = written(&mut conn);
    assert_eq!(
        text,
        "HTTP/1.1 200 OK\r\nServer: supkit\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Content-Type: text/xml\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 4\r\n\r\n<a/>"
    );
    assert_eq!(
        conn.io_state(),
        IoState { read: true, write: false, shutdown: false, close: false }
    );
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let (mut conn, first) = receive_all("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    assert_eq!(first.unwrap().target, "/1");
    assert_eq!(conn.request(at(0), authorize), None);
    conn.reply(Reply::error(404, ""), at(0));
    assert_eq!(conn.request(at(0), authorize).unwrap().target, "/2");
}

#[test]
fn http_1_0_closes_unless_keep_alive_is_requested() {
    for (head, keeps) in [
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        ("GET / HTTP/1.1\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", false),
    ] {
        let (mut conn, _) = receive_all(head);
        conn.reply(Reply::error(404, ""), at(0));
        let text = written(&mut conn);
        assert!(text.starts_with(&head[6..14]), "{text}");
        assert_eq!(!conn.io_state().shutdown, keeps, "{head}");
    }
}

#[test]
fn a_body_may_come_in_chunks() {
    let (_, request) = receive_all(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
         4;x=y\r\nbody\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
    );
    assert_eq!(request.unwrap().body.unwrap(), b"body0123456789");
}

#[test]
fn expect_100_continue_is_answered() {
    let (mut conn, request) =
        receive_all("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    assert_eq!(request, None);
    assert_eq!(written(&mut conn), "HTTP/1.1 100 Continue\r\n\r\n");
    conn.receive(b"x", at(0));
    assert_eq!(conn.request(at(0), authorize).unwrap().body.unwrap(), b"x");
}

#[test]
fn an_invalid_request_is_answered_and_the_connection_closed() {
    let cases = [
        ("nonsense\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\n", "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n", "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n", "400"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n", "413"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "413"),
        ("POST / HTTP/1.1\r\nExpect: tea\r\n\r\n", "417"),
    ];
    for (bytes, status) in cases {
        assert!(rejected_with(bytes).starts_with(&format!("HTTP/1.1 {status}")), "{bytes}");
    }
    let long = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", MAX_BODY + 1);
    assert!(rejected_with(&long).contains("413"));
    assert!(rejected_with(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(MAX_HEAD))).contains("431"));
    assert!(
        rejected_with(&format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200))).contains("431")
    );
}

#[test]
fn an_unauthorized_request_is_rejected_before_the_body() {
    let mut conn = Conn::new(at(0), |_| |reply| reply);
    conn.receive(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", at(0));
    assert_eq!(conn.request(at(0), |_| Verdict::Reject(Reply::fatal(401, ""), None)), None);
    assert!(written(&mut conn).starts_with("HTTP/1.1 401 "));
    assert_eq!(conn.io_state(), IoState { read: true, write: false, shutdown: true, close: false });
    conn.receive(&[b'x'; 1000], at(1));
    assert_eq!(conn.input.len(), 0);
    conn.expire(at(10));
    assert!(conn.io_state().close);
}

#[test]
fn a_stream_is_chunked_for_http_1_1_and_bare_for_1_0() {
    for (version, want) in [("1.1", "2\r\nab\r\n"), ("1.0", "ab")] {
        let (mut conn, _) = receive_all(&format!("GET / HTTP/{version}\r\n\r\n"));
        conn.reply(Reply::stream("text/plain"), at(0));
        conn.chunk(b"ab", at(0));
        conn.chunk(b"", at(0));
        let text = written(&mut conn);
        assert_eq!(text.split_once("\r\n\r\n").unwrap().1, want);
        assert_eq!(text.contains("chunked"), version == "1.1");
    }
}

#[test]
fn a_body_of_known_length_may_follow_in_chunks_on_a_connection_that_stays_open() {
    for version in ["1.0\r\nConnection: keep-alive", "1.1"] {
        let (mut conn, _) = receive_all(&format!("GET / HTTP/{version}\r\n\r\n"));
        conn.reply(Reply::sized("text/xml", 3), at(0));
        conn.chunk(b"ab", at(0));
        assert!(!conn.is_complete());
        conn.chunk(b"c", at(0));
        assert!(conn.is_complete());
        let text = written(&mut conn);
        assert!(text.contains("Content-Length: 3\r\n") && text.ends_with("\r\n\r\nabc"), "{text}");
        assert!(!conn.io_state().shutdown && !conn.io_state().close);
        conn.receive(b"GET / HTTP/1.1\r\n\r\n", at(0));
        assert!(conn.request(at(0), authorize).is_some());
    }
    let (mut conn, _) = receive_all("HEAD / HTTP/1.1\r\n\r\n");
    conn.reply(Reply::sized("text/xml", 3), at(0));
    assert!(conn.is_complete());
    let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    conn.reply(Reply::sized("text/xml", 3), at(0));
    conn.chunk(b"abcd", at(0));
    assert!(conn.io_state().close, "more than was announced");
}

#[test]
fn a_client_that_does_not_read_gets_no_further_replies() {
    let request = "GET / HTTP/1.1\r\n\r\n";
    let mut conn = Conn::new(at(0), |_| |reply| reply);
    let mut taken = 0;
    while conn.read_capacity() > 0 {
        let piece = request.as_bytes().iter().cycle().take(request.len() * 50).copied();
        let piece: Vec<u8> =
            piece.take(conn.read_capacity() / request.len() * request.len()).collect();
        if piece.is_empty() {
            break;
        }
        conn.receive(&piece, at(0));
        while conn.request(at(0), authorize).is_some() {
            taken += 1;
            conn.reply(Reply::new(200, "text/plain", vec![b'x'; 1000]), at(0));
        }
        assert!(conn.memory() < 2 * HIGH_WATER + 2 * MAX_HEAD, "{}", conn.memory());
    }
    assert!(taken < 70, "{taken}");
    assert_eq!((conn.io_state().read, conn.may_have_request()), (false, false));
    written(&mut conn);
    assert!(!conn.io_state().read || conn.read_capacity() > 0);
    assert!(conn.request(at(0), authorize).is_some(), "it goes on when the client has read");
}

#[test]
fn a_head_request_gets_no_body() {
    let (mut conn, _) = receive_all("HEAD / HTTP/1.1\r\n\r\n");
    conn.reply(Reply::new(200, "text/plain", "body"), at(0));
    let text = written(&mut conn);
    assert!(text.contains("Content-Length: 4\r\n") && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn slow_clients_are_disconnected() {
    let mut silent = Conn::new(at(0), |_| |reply| reply);
    silent.expire(at(59));
    assert!(!silent.io_state().close);
    silent.expire(at(60));
    assert!(silent.io_state().close);

    let (mut slow, _) = receive_all("GET / HT");
    slow.receive(b"T", at(50));
    slow.expire(at(60));
    assert!(written(&mut slow).starts_with("HTTP/1.1 408 "));

    let (mut stalled, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    stalled.reply(Reply::stream("text/plain"), at(0));
    assert_eq!(stalled.stream_capacity(), HIGH_WATER - stalled.output().len());
    stalled.on_written(1, at(30));
    stalled.expire(at(89));
    assert!(!stalled.io_state().close);
    stalled.expire(at(90));
    assert!(stalled.io_state().close);

    let (mut patient, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(patient.deadline(), None);
    patient.reply(Reply::error(404, ""), at(5000));
    written(&mut patient);
    assert_eq!(patient.deadline(), Some(Duration::from_secs(5000) + IDLE_TIMEOUT));
}

#[test]
fn after_end_of_input_the_awaited_reply_is_sent() {
    let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(conn.standing(at(0)).0, Standing::Served);
    conn.end_of_input();
    let waiting = IoState { read: false, write: false, shutdown: false, close: false };
    assert_eq!(conn.io_state(), waiting);
    assert_eq!(conn.standing(at(0)).0, Standing::Idle, "it is among the first to be evicted");
    conn.reply(Reply::error(404, ""), at(0));
    assert_eq!(conn.request(at(0), authorize), None);
    assert!(written(&mut conn).starts_with("HTTP/1.1 404"));
    assert_eq!(conn.request(at(0), authorize), None);
    assert!(conn.io_state().close);
}

#[test]
fn after_end_of_input_requests_sent_in_advance_are_answered() {
    let (mut conn, _) = receive_all("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3");
    conn.end_of_input();
    conn.reply(Reply::error(404, ""), at(0));
    assert_eq!(conn.request(at(0), authorize).unwrap().target, "/2");
    conn.reply(Reply::error(404, ""), at(0));
    assert_eq!(conn.request(at(0), authorize), None);
    assert_eq!(written(&mut conn).matches("HTTP/1.1 404").count(), 2);
    assert_eq!(conn.request(at(0), authorize), None);
    assert!(conn.io_state().close, "the third is incomplete");
}

/// The last piece may be accepted by the socket at once, and no event follows.
#[test]
fn after_end_of_input_the_connection_ends_with_the_last_piece_of_a_reply() {
    let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    conn.end_of_input();
    conn.reply(Reply::sized("text/plain", 4), at(0));
    conn.chunk(b"12", at(0));
    written(&mut conn);
    assert!(!conn.io_state().close);
    conn.chunk(b"34", at(0));
    assert_eq!(written(&mut conn), "34");
    assert!(conn.io_state().close);
}

#[test]
fn after_end_of_input_pending_output_is_still_sent() {
    let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n");
    conn.end_of_input();
    assert!(conn.io_state().close, "no request, no reply");
    let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    conn.reply(Reply::error(404, ""), at(0));
    conn.end_of_input();
    assert!(!conn.io_state().close);
    written(&mut conn);
    conn.end_of_input();
    assert!(conn.io_state().close);
}

#[test]
fn a_header_value_cannot_inject_a_header() {
    let (mut conn, _) = receive_all("GET / HTTP/1.1\r\n\r\n");
    conn.reply(Reply::new(301, "text/plain", "").header("Location", "a\r\nSet-Cookie: b"), at(0));
    assert!(written(&mut conn).contains("Location: aSet-Cookie: b\r\n"));
}

proptest! {
    /// Arbitrary bytes in arbitrary pieces: no panic, a bounded input buffer, and the same requests
    /// as with one piece.
    #[test]
    fn piece_boundaries_do_not_change_the_requests(
        bytes in proptest::collection::vec(prop_oneof![
            Just(b"GET / HTTP/1.1\r\n".to_vec()),
            Just(b"POST /x HTTP/1.0\r\n".to_vec()),
            Just(b"Content-Length: 3\r\n".to_vec()),
            Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"3\r\nabc\r\n".to_vec()),
            Just(b"0\r\n\r\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..8),
        ], 0..12).prop_map(|parts| parts.concat()),
        size in 1_usize..20,
    ) {
        prop_assert_eq!(drive(&bytes, size), drive(&bytes, bytes.len().max(1)));
    }
}

/// All requests that are parsed from `bytes`, fed in pieces of `size`.
fn drive(bytes: &[u8], size: usize) -> Vec<Request> {
    let mut conn = Conn::new(at(0), |_| |reply| reply);
    let mut seen = Vec::new();
    for piece in bytes.chunks(size) {
        conn.receive(piece, at(0));
        while let Some(request) = conn.request(at(0), authorize) {
            seen.push(request);
            conn.reply(Reply::error(404, ""), at(0));
        }
        written(&mut conn);
    }
    seen
}

#[test]
fn the_reply_to_a_wrong_password_may_be_held_back() {
    let mut conn = Conn::new(at(0), |_| |reply| reply);
    conn.receive(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", at(0));
    let at_2 = Duration::from_secs(2);
    let reject = |_: &Request| Verdict::Reject(Reply::fatal(401, ""), Some(at_2));
    assert_eq!(conn.request(at(0), reject), None);
    assert_eq!((conn.deadline(), conn.read_capacity()), (Some(at_2), 0));
    // The client may close its side and wait.
    conn.end_of_input();
    conn.expire(at(1));
    assert_eq!(written(&mut conn), "");
    conn.expire(at(2));
    assert!(written(&mut conn).starts_with("HTTP/1.1 401 "));
    assert!(conn.io_state().shutdown);
}

#[test]
fn the_verdict_on_a_request_may_take_time() {
    let mut conn = Conn::new(at(0), |_| |reply| reply);
    conn.receive(b"GET / HTTP/1.1\r\n\r\n", at(0));
    let at_2 = Duration::from_secs(2);
    assert_eq!(conn.request(at(0), |_| Verdict::AskAt(at_2)), None);
    assert!(!conn.may_have_request());
    assert_eq!(conn.deadline(), Some(at_2));
    conn.receive(b"GET /2", at(1));
    assert_eq!(conn.request(at(1), |_| panic!("it is not asked before")), None);
    conn.expire(at(2));
    assert!(conn.may_have_request());
    assert_eq!(conn.request(at(2), authorize).unwrap().target, "/");
}
