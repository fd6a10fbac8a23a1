//! The children that the daemons supervise while they are measured, and the references.

use std::fs;
use std::io::{BufRead, Read as _, Write};
use std::path::Path;
use std::time::Duration;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_gettime};

use super::reference;

/// Runs the part that the arguments name.
pub(crate) fn run(arguments: &[String]) {
    // None of them outlives what has started it.
    set_pdeathsig(Signal::SIGKILL).expect("a signal at the end of the parent");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["lines", directory, name, count, size] => {
            lines(Path::new(directory), name, number(count), number(size));
        }
        ["stamp", file] => stamp(file),
        ["listener", file] => listener(|payload| count_events(file, payload)),
        ["stamping-listener", file] => listener(|_| append_time(file)),
        ["copy", streams, count, size] => {
            reference::copy(number(streams), number(count), number(size));
        }
        ["responder", socket, kind, count] => reference::respond(socket, kind, number(count)),
        ["spawner", count, mode] => reference::spawn(number(count), mode),
        ["sections", file, rest @ ..] => reference::read_sections(file, rest),
        other => panic!("no such part: {other:?}"),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// Nanoseconds on the clock that all processes share.
pub(crate) fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("a clock");
    u64::try_from(now.tv_sec()).unwrap_or(0) * 1_000_000_000
        + u64::try_from(now.tv_nsec()).unwrap_or(0)
}

/// One line of `size` bytes that begins with its number.
pub(crate) fn line(number: usize, size: usize) -> Vec<u8> {
    let mut line = format!("{number:09} ").into_bytes();
    line.resize(size - 1, b'x');
    line.push(b'\n');
    line
}

/// Writes numbered lines, each with one call, when the fifo `go` has been opened.
fn lines(directory: &Path, name: &str, count: usize, size: usize) {
    fs::write(directory.join(format!("ready.{name}")), "").expect("a file");
    drop(fs::File::open(directory.join("go")).expect("the fifo"));
    // Not `stdout`, which buffers lines.
    let mut out = fs::File::from(nix::unistd::dup(std::io::stdout()).expect("a descriptor"));
    for at in 0..count {
        out.write_all(&line(at, size)).expect("the line is accepted");
    }
    std::thread::sleep(Duration::from_secs(100_000));
}

/// Appends the time and its pid to a file, then sleeps.
fn stamp(file: &str) {
    append_time(file);
    std::thread::sleep(Duration::from_secs(100_000));
}

fn append_time(file: &str) {
    let now = monotonic();
    let mut out = fs::OpenOptions::new().append(true).create(true).open(file).expect("a file");
    let line = format!("{now} {}\n", std::process::id());
    out.write_all(line.as_bytes()).expect("the time is written");
}

/// Writes how many events and bytes have come, without the names of the process before them.
fn count_events(file: &str, payload: &[u8]) {
    let text = fs::read_to_string(file).unwrap_or_default();
    let (events, bytes) = text.split_once(' ').unwrap_or(("0", "0"));
    let names = payload.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (events, bytes) = (number(events) + 1, number(bytes) + payload.len() - names);
    fs::write(file, format!("{events} {bytes}")).expect("the counts are written");
}

/// An event listener that accepts every event.
fn listener(mut on_event: impl FnMut(&[u8])) {
    let mut input = std::io::BufReader::new(std::io::stdin());
    let mut out = fs::File::from(nix::unistd::dup(std::io::stdout()).expect("a descriptor"));
    let mut head = String::new();
    out.write_all(b"READY\n").expect("the daemon reads");
    while input.read_line(&mut head).expect("a header") > 0 {
        let length = head.trim().rsplit("len:").next().and_then(|it| it.parse().ok()).unwrap_or(0);
        let mut payload = vec![0; length];
        input.read_exact(&mut payload).expect("a payload");
        on_event(&payload);
        out.write_all(b"RESULT 2\nOKREADY\n").expect("the daemon reads");
        head.clear();
    }
}
