//! A client and a server over a pair of byte queues with little room, as sockets have it.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use super::client::{self, TlsError, Trusted};
use super::server::Acceptor;
use super::test_pairs::{AUTHORITY, EXPIRED, FUTURE, LOCALHOST, OTHER, Pair, RSA, SELF_SIGNED};
use super::{Authorities, AuthoritiesError, Identity, Session};

/// One direction of a connection.
struct Pipe {
    bytes: VecDeque<u8>,
    room: usize,
    is_ended: bool,
}

impl Pipe {
    fn new(room: usize) -> Self {
        Self { bytes: VecDeque::new(), room, is_ended: false }
    }
}

/// One end of a connection.
struct End<'a> {
    input: &'a mut Pipe,
    output: &'a mut Pipe,
}

impl Read for End<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.bytes.is_empty() && !self.input.is_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.input.bytes.read(buffer)
    }
}

impl Write for End<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.output.room - self.output.bytes.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.output.bytes.extend(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Both sessions and what is between them.
struct Connection {
    client: Session,
    server: Session,
    up: Pipe,
    down: Pipe,
}

impl Connection {
    fn new(pair: &Pair, host: &str, trusted: &str, room: usize) -> Self {
        let trusted = Authorities::parse(trusted.as_bytes()).unwrap();
        let identity = Identity::parse(pair.certificate.as_bytes(), pair.key.as_bytes()).unwrap();
        Self {
            client: client::session(host, &Trusted::Authorities(trusted)).unwrap(),
            server: Acceptor::new(identity).unwrap().session().unwrap(),
            up: Pipe::new(room),
            down: Pipe::new(room),
        }
    }

    fn client(&mut self) -> (&mut Session, End<'_>) {
        (&mut self.client, End { input: &mut self.down, output: &mut self.up })
    }

    fn server(&mut self) -> (&mut Session, End<'_>) {
        (&mut self.server, End { input: &mut self.up, output: &mut self.down })
    }

    /// Until both sides know each other, or one refuses the other.
    fn handshake(&mut self) -> io::Result<()> {
        for _ in 0..1000 {
            let (client, mut socket) = self.client();
            client.flush(&mut socket)?;
            client.read(&mut socket, &mut [0; 10])?;
            let (server, mut socket) = self.server();
            server.flush(&mut socket)?;
            server.read(&mut socket, &mut [0; 10])?;
            if !self.client.is_handshaking() && !self.server.is_handshaking() {
                return Ok(());
            }
        }
        panic!("the handshake ends");
    }
}

fn outcome(pair: &Pair, host: &str, trusted: &str) -> Option<TlsError> {
    let mut connection = Connection::new(pair, host, trusted, 100_000);
    connection.handshake().err().map(|error| TlsError::inside(&error).expect("a TLS error"))
}

#[test]
fn a_server_with_a_trusted_certificate_for_its_name_is_accepted() {
    for host in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(outcome(&LOCALHOST, host, AUTHORITY), None, "{host}");
        assert_eq!(outcome(&RSA, host, AUTHORITY), None, "{host}");
    }
    assert_eq!(outcome(&OTHER, "a.elsewhere.example", AUTHORITY), None);
}

#[test]
fn a_server_whose_own_certificate_is_trusted_is_accepted_under_its_names() {
    assert_eq!(outcome(&SELF_SIGNED, "localhost", SELF_SIGNED.certificate), None);
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let refused = outcome(&SELF_SIGNED, "elsewhere.example", SELF_SIGNED.certificate);
    assert_eq!(refused, Some(TlsError::OtherName(names)));
    assert_eq!(outcome(&SELF_SIGNED, "localhost", AUTHORITY), Some(TlsError::UnknownIssuer));
    // To trust a certificate that is no authority does not make others trusted that it signed.
    let refused = outcome(&LOCALHOST, "localhost", SELF_SIGNED.certificate);
    assert_eq!(refused, Some(TlsError::UnknownIssuer));
}

#[test]
fn any_other_server_is_refused_with_the_reason() {
    let names = vec!["elsewhere.example".to_owned(), "*.elsewhere.example".to_owned()];
    assert_eq!(outcome(&OTHER, "localhost", AUTHORITY), Some(TlsError::OtherName(names)));
    assert_eq!(
        outcome(&EXPIRED, "localhost", AUTHORITY),
        Some(TlsError::Expired(Some(1_609_459_200)))
    );
    assert_eq!(
        outcome(&FUTURE, "localhost", AUTHORITY),
        Some(TlsError::NotYetValid(Some(4_891_363_200)))
    );
    let trusted = Authorities::parse(AUTHORITY.as_bytes()).unwrap();
    assert_eq!(
        client::session("a b", &Trusted::Authorities(trusted)).unwrap_err(),
        TlsError::BadName
    );
}

#[test]
fn a_file_without_certificates_is_an_error() {
    let parse = |pem: &str| Authorities::parse(pem.as_bytes()).map(|it| it.certificates.len());
    assert_eq!(parse(""), Err(AuthoritiesError::Empty));
    assert_eq!(parse(LOCALHOST.key), Err(AuthoritiesError::Empty));
    assert!(matches!(parse(&AUTHORITY[..200]), Err(AuthoritiesError::Invalid(_))));
    assert_eq!(parse(&format!("{AUTHORITY}{}", SELF_SIGNED.certificate)), Ok(2));
}

#[test]
fn bytes_arrive_whole_however_little_room_the_sockets_have() {
    let sent: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    for room in [7, 1000, 40_000] {
        let mut connection = Connection::new(&LOCALHOST, "localhost", AUTHORITY, room);
        connection.handshake().unwrap();
        let (mut at, mut got) = (0, Vec::new());
        while got.len() < sent.len() {
            let (server, mut socket) = connection.server();
            at += server.write(&mut socket, &sent[at..]).unwrap().unwrap_or(0);
            let (client, mut socket) = connection.client();
            let mut buffer = [0; 5000];
            if let Some(count) = client.read(&mut socket, &mut buffer).unwrap() {
                got.extend_from_slice(&buffer[..count]);
            }
        }
        assert!(got == sent, "{room}");
        assert_eq!(at, sent.len());
    }
}

#[test]
fn the_end_is_announced_and_a_disconnection_is_an_end_too() {
    let mut connection = Connection::new(&LOCALHOST, "localhost", AUTHORITY, 100_000);
    connection.handshake().unwrap();
    let (server, mut socket) = connection.server();
    server.end_output();
    assert!(server.flush(&mut socket).unwrap());
    let (client, mut socket) = connection.client();
    assert_eq!(client.read(&mut socket, &mut [0; 10]).unwrap(), Some(0));
    connection.up.is_ended = true;
    let (server, mut socket) = connection.server();
    assert_eq!(server.read(&mut socket, &mut [0; 10]).unwrap(), Some(0));
}

#[test]
fn input_that_the_caller_had_no_room_for_is_known() {
    let mut connection = Connection::new(&LOCALHOST, "localhost", AUTHORITY, 100_000);
    connection.handshake().unwrap();
    let (client, mut socket) = connection.client();
    client.write(&mut socket, b"abc").unwrap();
    let (server, mut socket) = connection.server();
    assert!(!server.has_input());
    assert_eq!(server.read(&mut socket, &mut [0; 1]).unwrap(), Some(1));
    assert!(server.has_input());
    assert_eq!(server.read(&mut socket, &mut [0; 9]).unwrap(), Some(2));
    assert!(!server.has_input());
}

#[test]
fn what_is_no_tls_is_an_error_and_answered_by_an_alert() {
    let mut connection = Connection::new(&LOCALHOST, "localhost", AUTHORITY, 100_000);
    connection.up.bytes.extend(b"\x16\x03\x01\x00\x05hello, this is no handshake");
    connection.down.bytes.extend(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    let (server, mut socket) = connection.server();
    let error = server.read(&mut socket, &mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let (client, mut socket) = connection.client();
    let error = client.read(&mut socket, &mut [0; 10]).unwrap_err();
    assert_eq!(TlsError::inside(&error), Some(TlsError::NoTls));
}
