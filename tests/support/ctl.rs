//! Output and exit status of both `supervisorctl` programs.

use std::io::Write;
use std::process::Stdio;

use super::daemon::{Subject, conf};
use super::oracle;
use super::sandbox::Sandbox;

/// The result of one command, without parts that vary.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub command: String,
    pub out: String,
    pub err: String,
    pub status: i32,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}\n{}{}[{}]", self.command, self.out, self.err, self.status)
    }
}

/// Runs commands, separated by semicolons, and returns their results. A command that begins with `@`
/// writes the configuration of that name from `confs`.
pub fn transcript(
    client: Subject,
    sandbox: &Sandbox,
    confs: &[(&str, &str)],
    commands: &str,
) -> Vec<Answer> {
    let mut client = Client::start(client, sandbox);
    let mut answers = Vec::new();
    for command in commands.split(';').map(str::trim) {
        if let Some(name) = command.strip_prefix('@') {
            let (_, text) = confs.iter().find(|conf| conf.0 == name).expect("such a conf");
            sandbox.write("d.conf", &conf(text));
        } else {
            answers.push(client.ask(command));
        }
    }
    answers
}

/// Runs one of the clients repeatedly.
pub struct Client<'a> {
    sandbox: &'a Sandbox,
    original: Option<Original>,
}

impl<'a> Client<'a> {
    pub fn start(subject: Subject, sandbox: &'a Sandbox) -> Self {
        let original = (subject == Subject::Original).then(|| Original::start(sandbox));
        Self { sandbox, original }
    }

    pub fn ask(&mut self, command: &str) -> Answer {
        let args: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).collect();
        let mut answer = match &mut self.original {
            Some(original) => original.ask(&args),
            None => ours(self.sandbox, &args),
        };
        command.clone_into(&mut answer.command);
        normalised(answer, self.sandbox)
    }
}

fn with_conf<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["-c", "d.conf"], args].concat()
}

fn ours(sandbox: &Sandbox, args: &[&str]) -> Answer {
    let mut command = Subject::Ours.program(sandbox, "supervisorctl");
    let output = command.args(with_conf(args)).stdin(Stdio::null()).output().expect("it runs");
    Answer {
        command: String::new(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code().unwrap_or(-1),
    }
}

/// The original, loaded once: it reads command lines and writes results, as lines of JSON.
struct Original {
    child: std::process::Child,
    replies: std::io::BufReader<std::process::ChildStdout>,
}

const LOOP: &str = r"
import contextlib, io, json, sys
from supervisor import options, supervisorctl
answers = sys.stdout
for line in sys.stdin:
    out, err, status = io.StringIO(), io.StringIO(), 0
    options.Options.stdout, options.Options.stderr = out, err
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            supervisorctl.main(json.loads(line))
        except SystemExit as e:
            status = e.code or 0
    answers.write(json.dumps([out.getvalue(), err.getvalue(), status]) + '\n')
    answers.flush()
";

impl Original {
    fn start(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(oracle::bin("python"));
        command.args(["-c", LOOP]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        Self { child, replies: std::io::BufReader::new(stdout) }
    }

    fn ask(&mut self, args: &[&str]) -> Answer {
        let line = serde_json::json!(with_conf(args)).to_string() + "\n";
        let stdin = self.child.stdin.as_mut().expect("stdin is piped");
        stdin.write_all(line.as_bytes()).expect("python listens");
        let mut reply = String::new();
        std::io::BufRead::read_line(&mut self.replies, &mut reply).expect("python answers");
        let (out, err, status) = serde_json::from_str(&reply).expect("three values");
        Answer { command: String::new(), out, err, status }
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn normalised(answer: Answer, sandbox: &Sandbox) -> Answer {
    Answer { out: settled(&answer.out, sandbox), err: settled(&answer.err, sandbox), ..answer }
}

/// A text without pids, times, positions in source files and paths of the sandbox.
pub fn settled(text: &str, sandbox: &Sandbox) -> String {
    let here = sandbox.dir().to_str().expect("/tmp is UTF-8");
    let mut lines: Vec<_> =
        text.lines().map(|line| settled_line(&line.replace(here, "HERE"))).collect();
    // Processes that are stopped together exit in any order.
    for run in lines.chunk_by_mut(|a, b| a.ends_with(": stopped") && b.ends_with(": stopped")) {
        run.sort();
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A text of `supervisorctl` without pids, uptimes and dates.
pub fn without_times(text: &str) -> String {
    text.lines().map(without_time).collect::<Vec<_>>().join("\n")
}

fn without_time(line: &str) -> String {
    for (mark, masked) in [("RUNNING   ", "pid N, uptime T"), ("STOPPED   ", "DATE")] {
        if let Some((head, _)) = line.split_once(mark) {
            return format!("{head}{mark}{masked}");
        }
    }
    line.to_owned()
}

fn settled_line(line: &str) -> String {
    if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) && line != "0" {
        return "PID".to_owned();
    }
    if let Some((head, _)) = line.split_once(": file: ") {
        return head.to_owned();
    }
    if line.starts_with("For help, use ") {
        return "For help, ...".to_owned();
    }
    for state in ["RUNNING   ", "STOPPED   ", "EXITED    ", "BACKOFF   "] {
        if let Some((head, tail)) = line.split_once(state) {
            let shown = if tail == "Not started" { tail } else { "..." };
            return format!("{head}{state}{shown}");
        }
    }
    line.to_owned()
}
