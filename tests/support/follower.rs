//! A daemon with logs to follow, and a client that follows them.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::daemon::{Daemon, SERVER, Subject};
use super::sandbox::Sandbox;
use super::wait::{is_asleep, wait_until};

pub const PROGRAMS: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
    stdout_logfile={here}/web.log\nstderr_logfile={here}/web.err\n\
    [program:worker]\ncommand=/bin/cat\nstartsecs=0\nnumprocs=2\n\
    process_name=%(program_name)s-%(process_num)d\nstdout_logfile={here}/%(process_num)d.log\n\
    [program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=600\n";

pub fn conf() -> String {
    format!("{SERVER}{PROGRAMS}[supervisorctl]\nhistory_file={{here}}/history\n")
}

pub fn start_of<'a>(subject: Subject, sandbox: &'a Sandbox, conf: &str) -> Daemon<'a> {
    let daemon = Daemon::start(subject, sandbox, conf);
    daemon.wait_for_count("entered RUNNING state", 3);
    daemon
}

pub fn ctl_of(client: Subject, sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = client.program(sandbox, "supervisorctl");
    command.args(["-c", "d.conf"]).args(words);
    command
}

/// A `supervisorctl` that runs until it is stopped; its output is in a file.
pub struct Follower<'a> {
    client: Subject,
    sandbox: &'a Sandbox,
    child: Child,
}

impl<'a> Follower<'a> {
    pub fn start(client: Subject, sandbox: &'a Sandbox, words: &[&str]) -> Self {
        let out = std::fs::File::create(sandbox.path("followed")).expect("it can be written");
        let mut command = ctl_of(client, sandbox, words);
        let child = command.stdin(Stdio::null()).stdout(out).spawn().expect("it starts");
        Self { client, sandbox, child }
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        let shown = || self.sandbox.read("followed");
        wait_until(&format!("{text:?} is in {:?}", shown()), || shown().contains(text));
    }

    /// Presses Ctrl-C and gives all that was printed. Python may miss a signal that comes while it is
    /// about to wait; so the client is to wait already.
    pub fn interrupt(mut self) -> String {
        let pid = self.child.id() as i32;
        wait_until("the client waits for more", || is_asleep(pid));
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("it lives");
        let mut ended = None;
        wait_until(&format!("{:?} ends by Ctrl-C", self.client), || {
            ended = self.child.try_wait().expect("it is our child");
            ended.is_some()
        });
        assert_eq!(ended.and_then(|it| it.code()), Some(0), "{:?}", self.client);
        self.sandbox.read("followed")
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn append(sandbox: &Sandbox, name: &str, text: &str) {
    let mut file = OpenOptions::new().append(true).open(sandbox.path(name)).expect("it exists");
    file.write_all(text.as_bytes()).expect("it can be written");
}
