//! The children that the daemons supervise while they are measured, and the references.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::kernel::until;
use super::reference;

/// Runs the part that the arguments name.
pub(crate) fn run(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["lines", directory, count, size] => {
            lines(Path::new(directory), number(count), number(size));
        }
        ["stamp", file] => stamp(file),
        ["listener", file] => listener(file),
        ["copy", directory, count, size] => reference::copy(directory, count, size),
        ["responder", socket, kind, count] => reference::respond(socket, kind, number(count)),
        ["spawner", count, mode] => reference::spawn(number(count), mode),
        ["sections", file] => reference::read_sections(file),
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

/// Writes numbered lines, each with one call, after the file `go` has appeared.
fn lines(directory: &Path, count: usize, size: usize) {
    fs::write(directory.join("ready"), "").expect("a file");
    until("the start", || directory.join("go").exists());
    // Not `stdout`, which buffers lines.
    let mut out = fs::File::from(nix::unistd::dup(std::io::stdout()).expect("a descriptor"));
    for at in 0..count {
        out.write_all(&line(at, size)).expect("the line is accepted");
    }
    std::thread::sleep(Duration::from_secs(100_000));
}

/// Appends the time and its pid to a file, then sleeps.
fn stamp(file: &str) {
    let now = monotonic();
    let mut out = fs::OpenOptions::new().append(true).create(true).open(file).expect("a file");
    writeln!(out, "{now} {}", std::process::id()).expect("the time is written");
    std::thread::sleep(Duration::from_secs(100_000));
}

/// An event listener that accepts every event, and writes how many events and bytes it has got.
fn listener(file: &str) {
    let mut input = std::io::BufReader::new(std::io::stdin());
    let mut out = fs::File::from(nix::unistd::dup(std::io::stdout()).expect("a descriptor"));
    let (mut events, mut bytes, mut head) = (0_usize, 0_usize, String::new());
    loop {
        out.write_all(b"READY\n").expect("the daemon reads");
        head.clear();
        if input.read_line(&mut head).expect("a header") == 0 {
            return;
        }
        let length = head.trim().rsplit("len:").next().and_then(|it| it.parse().ok()).unwrap_or(0);
        let mut payload = vec![0; length];
        std::io::Read::read_exact(&mut input, &mut payload).expect("a payload");
        events += 1;
        let body = payload.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes += payload.len() - body;
        fs::write(file, format!("{events} {bytes}")).expect("the counts are written");
        out.write_all(b"RESULT 2\nOK").expect("the daemon reads");
    }
}
