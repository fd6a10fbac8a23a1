//! Both clients with simulated servers: faults at every step, another version, answers that break off.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};

use crate::support::ctl::{Answer, Client};
use crate::support::daemon::SERVER;
use crate::support::{Sandbox, Subject};
use supkit::rpc::fault::{Code, Fault};
use supkit::rpc::value::Value;
use supkit::rpc::xml::{decode_call, encode_fault, encode_response};

/// How a server answers a method; any method, if the name is empty. The first that fits counts.
type Part = (&'static str, Reply);

#[derive(Clone, Debug)]
enum Reply {
    Value(Value),
    Fault(Fault),
    /// Bytes as they go over the wire.
    Raw(&'static str),
}

fn fault(method: &'static str, code: Code) -> Part {
    (method, Reply::Fault(Fault::new(code, "it's so")))
}

fn value(method: &'static str, value: Value) -> Part {
    (method, Reply::Value(value))
}

fn version(text: &str) -> Part {
    value("getVersion", Value::str(text))
}

fn bytes(reply: &Reply) -> Vec<u8> {
    let body = match reply {
        Reply::Value(value) => encode_response(value).into_bytes().unwrap(),
        Reply::Fault(fault) => encode_fault(fault),
        Reply::Raw(text) => return text.as_bytes().to_vec(),
    };
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend(body);
    bytes
}

/// The answers that all clients get at the moment.
type Stage = Arc<Mutex<Arc<[Part]>>>;

/// Serves a socket until the test ends.
fn serve(sandbox: &Sandbox) -> Stage {
    let listener = UnixListener::bind(sandbox.path("d.sock")).expect("the socket is free");
    let stage: Stage = Arc::new(Mutex::new(Arc::new([])));
    let seen = Arc::clone(&stage);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let play = Arc::clone(&seen.lock().expect("no thread panics with the lock"));
            std::thread::spawn(move || converse(&stream, &play));
        }
    });
    stage
}

/// Answers until the client disconnects, or an answer breaks off.
fn converse(stream: &UnixStream, play: &[Part]) {
    let mut reader = BufReader::new(stream);
    while let Some(method) = request(&mut reader) {
        let short = method.rsplit('.').next().unwrap_or_default();
        let part = play.iter().find(|part| part.0 == short || part.0.is_empty());
        let (_, reply) = part.unwrap_or_else(|| panic!("no answer is defined for {method}"));
        let mut to = stream;
        let sent = to.write_all(&bytes(reply));
        if sent.is_err() || matches!(reply, Reply::Raw(_)) {
            return;
        }
    }
}

/// The method that is called.
fn request(reader: &mut BufReader<&UnixStream>) -> Option<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    decode_call(&body).ok().map(|call| call.method)
}

/// The output of a client for each list of answers.
fn answers(client: Subject, plays: &[Vec<Part>], commands: &str) -> Vec<Answer> {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", SERVER);
    let stage = serve(&sandbox);
    let mut client = Client::start(client, &sandbox);
    let mut answers = Vec::new();
    for (number, play) in plays.iter().enumerate() {
        *stage.lock().expect("no thread panics with the lock") = play.clone().into();
        let commands = commands.split(';').map(|command| client.ask(command.trim()));
        answers.extend(
            commands.map(|answer| Answer {
                command: format!("{number}: {}", answer.command),
                ..answer
            }),
        );
    }
    answers
}

#[track_caller]
fn compare(plays: &[Vec<Part>], commands: &str) {
    let want = answers(Subject::Original, plays, commands);
    let got = answers(Subject::Ours, plays, commands);
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(&want) {
        assert_eq!(got, want, "{plays:#?}");
    }
}

const ALL: &str = "status; status x; avail; pid; pid x; pid all; version; start x; start x:*; start all; \
    stop x; stop x:*; stop all; signal HUP x; signal HUP x:*; signal HUP all; clear x; clear all; \
    restart x; tail x; tail x stderr; maintail; fg x; add x; remove x; reread; update; update x; \
    shutdown; reload";

const CODES: [Code; 17] = [
    Code::UnknownMethod,
    Code::IncorrectParameters,
    Code::BadArguments,
    Code::SignatureUnsupported,
    Code::ShutdownState,
    Code::BadName,
    Code::BadSignal,
    Code::NoFile,
    Code::NotExecutable,
    Code::Failed,
    Code::AbnormalTermination,
    Code::SpawnError,
    Code::AlreadyStarted,
    Code::NotRunning,
    Code::AlreadyAdded,
    Code::StillRunning,
    Code::CantReread,
];

#[test]
fn every_fault_of_every_method() {
    compare(&CODES.map(|code| vec![version("3.0"), fault("", code)]), ALL);
}

#[test]
fn a_server_that_is_no_supervisor() {
    let old = vec![version("2.0")];
    compare(&[old], "status; pid; version; start x; tail x; maintail; fg x; clear x");
    let codes = [Code::UnknownMethod, Code::ShutdownState, Code::Failed];
    compare(&codes.map(|code| vec![fault("", code)]), ALL);
    let refused = "HTTP/1.0 500 Internal Server Error\r\n\r\n";
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    compare(&["", refused, missing].map(|raw| vec![("", Reply::Raw(raw))]), ALL);
}

fn verdicts(codes: &[Code]) -> Value {
    let verdict = |code: &Code| {
        Value::Struct(vec![
            ("name".into(), Value::str(format!("p{}", code.number()))),
            ("group".into(), Value::str("g")),
            ("status".into(), Value::Int(code.number())),
            ("description".into(), Value::str("it is so")),
        ])
    };
    Value::Array(codes.iter().map(verdict).collect())
}

#[test]
fn verdicts_of_every_kind() {
    let commands =
        "start all; start g:*; stop all; stop g:*; signal HUP all; signal HUP g:*; clear all";
    let pairs = CODES
        .iter()
        .chain(&[Code::Success])
        .flat_map(|code| [[*code, Code::Success], [Code::NotRunning, *code]]);
    let plays: Vec<_> =
        pairs.map(|codes| vec![version("3.0"), value("", verdicts(&codes))]).collect();
    compare(&plays, commands);
}

#[test]
fn updates_that_fail_on_the_way() {
    let names = |names: &[&str]| Value::Array(names.iter().map(|name| Value::str(*name)).collect());
    let three = vec![names(&["new"]), names(&["other"]), names(&["gone", "away"])];
    let changes = value("reloadConfig", Value::Array(vec![Value::Array(three)]));
    let fine = |method| value(method, Value::Bool(true));
    let parts = |stopped: Part, removed: Part, added: Part| {
        vec![
            changes.clone(),
            stopped,
            removed,
            added,
            value("getAllProcessInfo", Value::Array(vec![])),
        ]
    };
    let stopped = value("stopProcessGroup", verdicts(&[Code::Success]));
    let failed = value("stopProcessGroup", verdicts(&[Code::Success, Code::Failed]));
    let (removed, added) = (fine("removeProcessGroup"), fine("addProcessGroup"));
    let still = fault("removeProcessGroup", Code::StillRunning);
    let plays = [
        parts(stopped.clone(), removed.clone(), added.clone()),
        parts(failed, removed.clone(), added.clone()),
        parts(stopped.clone(), still, added),
        parts(stopped, removed, fault("addProcessGroup", Code::BadName)),
    ];
    compare(&plays, "reread; update; update new; update new gone; update all nobody");
}
