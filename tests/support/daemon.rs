//! A supervisord in a sandbox: ours or the original, with the same interface.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::oracle;
use super::sandbox::Sandbox;
use super::wait::{comes_true, wait_until};

/// The implementation under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Ours,
    Original,
}

impl Subject {
    /// The command for one of Supervisor's programs.
    pub fn program(self, sandbox: &Sandbox, name: &str) -> std::process::Command {
        match self {
            Self::Original => sandbox.command(oracle::bin(name)),
            Self::Ours => {
                let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
                command.arg(name);
                command
            }
        }
    }
}

/// Runs the same with both at once: ours, then the original. Neither is left running when the other
/// fails, as it would be in a thread that is not joined.
pub fn both<T: Send>(run: impl Fn(Subject) -> T + Sync) -> [T; 2] {
    let run = &run;
    std::thread::scope(|scope| {
        [Subject::Ours, Subject::Original]
            .map(|subject| scope.spawn(move || run(subject)))
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// A daemon in the foreground. Its activity log is `d.log`, its output is in `out` and `err`.
pub struct Daemon<'a> {
    pub sandbox: &'a Sandbox,
    child: Child,
}

/// The `[supervisord]` section that the methods here require; more options may follow.
pub const HEAD: &str = "[supervisord]\nlogfile={here}/d.log\npidfile={here}/d.pid\n\
                        childlogdir={here}\nuser=root\n";

/// A server on a unix socket, and a client that uses it.
pub const SERVER: &str = "[unix_http_server]\nfile={here}/d.sock\n[supervisorctl]\n\
                          serverurl=unix://{here}/d.sock\n[rpcinterface:supervisor]\n\
                          supervisor.rpcinterface_factory = \
                          supervisor.rpcinterface:make_main_rpcinterface\n";

/// A configuration: [`HEAD`] and `rest`.
pub fn conf(rest: &str) -> String {
    let me = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    let head = HEAD.replace("root", &me.map_or("root".to_owned(), |user| user.name));
    format!("{head}{rest}")
}

impl<'a> Daemon<'a> {
    /// Starts with [`conf`] of `rest` and waits until the start is logged.
    pub fn start(subject: Subject, sandbox: &'a Sandbox, rest: &str) -> Self {
        Self::start_with(subject, sandbox, rest, &[])
    }

    pub fn start_with(subject: Subject, sandbox: &'a Sandbox, rest: &str, args: &[&str]) -> Self {
        let started = "supervisord started with pid";
        // There may be the log of an earlier daemon.
        let before = sandbox.read("d.log").matches(started).count();
        sandbox.write("d.conf", &conf(rest));
        let daemon = Self::launch(subject, sandbox, args);
        daemon.wait_for_count(started, before + 1);
        daemon
    }

    /// Starts with the existing `d.conf`, without waiting.
    pub fn launch(subject: Subject, sandbox: &'a Sandbox, args: &[&str]) -> Self {
        Self::launch_by(subject.program(sandbox, "supervisord"), sandbox, args)
    }

    /// The same with another command for `supervisord`.
    pub fn launch_by(
        mut supervisord: std::process::Command,
        sandbox: &'a Sandbox,
        args: &[&str],
    ) -> Self {
        let out = File::create(sandbox.path("out")).expect("out can be written");
        let err = File::create(sandbox.path("err")).expect("err can be written");
        let child = supervisord
            .args(["-n", "-c"])
            .arg(sandbox.path("d.conf"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .expect("supervisord starts");
        Self { sandbox, child }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid")
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("the daemon can be signalled");
    }

    pub fn log(&self) -> String {
        self.sandbox.read("d.log")
    }

    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        self.wait_for_count(text, 1);
    }

    /// Until the activity log has `text` at least `count` times.
    #[track_caller]
    pub fn wait_for_count(&self, text: &str, count: usize) {
        let found = comes_true(|| self.log().matches(text).count() >= count);
        assert!(
            found,
            "{text:?} is not {count} times in the log:\n{}\n{}",
            self.log(),
            self.sandbox.read("err")
        );
    }

    /// The last pid that a program was spawned with.
    #[track_caller]
    pub fn pid_of(&self, name: &str) -> i32 {
        let start = format!("spawned: '{name}' with pid ");
        self.wait_for_log(&start);
        let log = self.log();
        let line =
            log.lines().rev().find_map(|line| line.split_once(&start)).expect("it was logged");
        line.1.parse().expect("a pid follows")
    }

    /// Whether it has exited.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// Waits for the exit.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the daemon ends", || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        });
        status.unwrap_or(ExitStatus::from_raw(0))
    }

    /// Sends SIGTERM and waits for the exit.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.wait()
    }

    /// The activity log without times, pids and paths.
    pub fn story(&self) -> String {
        normalised(&self.log(), self.sandbox)
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines without times; pids are replaced by `N`, the sandbox by `HERE`.
pub fn normalised(log: &str, sandbox: &Sandbox) -> String {
    let here = sandbox.dir().to_str().expect("/tmp is UTF-8");
    let lines = log.lines().map(|line| {
        let is_dated = line.as_bytes().get(19) == Some(&b',');
        let line = if is_dated { &line[24..] } else { line };
        without_pids(&line.replace(here, "HERE"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Pids follow `pid ` or are alone in parentheses.
fn without_pids(line: &str) -> String {
    let mut result = String::new();
    let mut rest = line;
    while let Some(at) =
        ["pid ", " ("].iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min()
    {
        let (head, tail) = rest.split_at(at);
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        result.push_str(head);
        result.push_str(if digits > 0 { "N" } else { "" });
        rest = &tail[digits..];
    }
    result + rest
}
