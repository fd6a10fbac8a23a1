//! Explains why a program is not running: state, exit and last log lines.

use std::fmt::Write as _;
use std::path::Path;

use crate::conf::python::path;
use crate::ctl::client::Client;
use crate::os::files::{self, FileKind};
use crate::rpc::value::Value;

use super::super::deployment::{Deployment, ProcessInfo, last_exit};

/// The bytes read from a log, and the lines shown.
const TAIL: i64 = 8192;
/// The bytes read from a file in which the last lines are.
const TAIL_BYTES: u64 = 64 * 1024;
const LINES: usize = 15;

/// A report of a few lines.
pub(super) fn report(deployment: &Deployment, client: &mut Client, info: &ProcessInfo) -> String {
    let mut text = match &info.not_ready {
        Some(why) => format!("\n{} is not ready: {}", info.full_name(), normal_paths(why)),
        None => format!("\n{} does not run: {}", info.full_name(), info.state),
    };
    // Writing to a String cannot fail.
    if !info.spawnerr.is_empty() {
        let _ = write!(text, ", {}", normal_paths(&info.spawnerr));
    }
    if info.waits() {
        let _ = write!(text, ", {}", normal_paths(&info.description));
    }
    let exit = last_exit(client, info);
    let exit = exit.as_ref().and_then(|exit| exit.get("description")?.as_str());
    if let Some(exit) = exit {
        let _ = write!(text, "\n  ended with: {exit}");
    }
    if let Some(process) = deployment.process(&info.group, &info.name) {
        let _ = write!(text, "\n  command: {}", normal_paths(&process.command));
    }
    for (stream, method) in [
        ("output", "supervisor.tailProcessStdoutLog"),
        ("errors", "supervisor.tailProcessStderrLog"),
    ] {
        let lines = last_lines(&tail(client, method, info));
        if !lines.is_empty() {
            let _ = write!(text, "\n  last {stream}:{lines}");
        }
    }
    if let Some(hint) = hint(&text) {
        let _ = write!(text, "\n  help: {hint}");
    }
    text
}

fn tail(client: &mut Client, method: &str, info: &ProcessInfo) -> String {
    let name = info.rpc_name();
    match client.call(method, &[name, Value::Int(0), Value::Int(TAIL)]) {
        Ok(Value::Array(items)) => {
            items.first().and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// The last lines of a log file.
pub(super) fn last_lines_of(path: &str) -> String {
    let file = Path::new(path);
    let FileKind::Regular { size } = files::kind(file) else { return String::new() };
    let start = size.saturating_sub(TAIL_BYTES);
    let text = files::read_from(file, start, None).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = last_lines(&text);
    if lines.is_empty() { String::new() } else { format!("  last lines of {path}:{lines}") }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let start = lines.len().saturating_sub(LINES);
    lines[start..].iter().fold(String::new(), |text, line| text + "\n    " + line)
}

/// A text in which `/site/etc/../bin/instance` is `/site/bin/instance`.
pub(super) fn normal_paths(text: &str) -> String {
    let is_end = |letter: char| letter.is_whitespace() || "'\"=,;:".contains(letter);
    let words = text.split_inclusive(is_end).map(|word| {
        let path = word.trim_end_matches(is_end);
        if path.starts_with('/') && path.contains("/../") {
            path::normpath(path) + &word[path.len()..]
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

/// A remedy for known messages in the log.
fn hint(text: &str) -> Option<&'static str> {
    let hints = [
        (
            "Address already in use",
            "another program listens on its port; `supkit check` finds conflicts in the project",
        ),
        ("can't find command", "build the project first (bin/buildout), or correct the command"),
        ("not executable", "chmod +x the command"),
        ("no permission to run", "allow the user that runs it to read and execute the command"),
        (
            "Cannot read -f file",
            "varnishd drops root privileges; its user must be able to enter the directory",
        ),
        ("timed out waiting for connection", "its ZEO server does not respond; check that it runs"),
        ("Could not lock", "another process has the storage open; stop it first"),
    ];
    hints.iter().find(|(words, _)| text.contains(words)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_shown() {
        let text = (1..=40).fold(String::new(), |text, n| format!("{text}line {n}\n\n"));
        let shown = last_lines(&text);
        assert!(shown.starts_with("\n    line 26"), "{shown}");
        assert!(shown.ends_with("line 40"));
        assert_eq!(last_lines("\n \n"), "");
    }

    #[test]
    fn paths_are_shown_without_detours() {
        let text = "can't find command '/site/etc/../bin/a b' --conf=/site/etc/../x.conf a/../b";
        let shown = "can't find command '/site/bin/a b' --conf=/site/x.conf a/../b";
        assert_eq!(normal_paths(text), shown);
    }

    #[test]
    fn known_messages_get_a_hint() {
        assert!(hint("OSError: [Errno 98] Address already in use").is_some());
        assert!(hint("all is well").is_none());
    }
}
