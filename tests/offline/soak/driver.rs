//! The driver: the daemon, what was requested and is not answered yet, and what must be so then.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supkit::rpc::value::Value;

use super::client::{self, Call, Reply};
use super::logs::Logs;
use super::model::Model;
use super::programs::{Configuration, write_scripts};
use crate::support::follower::ctl_of;
use crate::support::rng::Rng;
use crate::support::{Daemon, Sandbox, Subject, printed, wait_until};

/// Faults that mean that the request itself was wrong: an unknown method, wrong parameters.
const NEVER: [i64; 3] = [1, 2, 4];
const SHUTDOWN_STATE: i64 = 6;
const CANT_REREAD: i64 = 92;

/// What was requested and is not answered yet.
enum Pending {
    Call(Call),
    Ctl { child: Child, words: String },
}

pub(super) struct Driver<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) daemon: Daemon<'a>,
    pub(super) rng: Rng,
    seed: u64,
    /// The configuration in the file.
    pub(super) configuration: Configuration,
    pub(super) model: Model,
    pub(super) logs: Logs,
    pending: Vec<Pending>,
    /// Clients that receive what comes and never read it.
    pub(super) followers: Vec<UnixStream>,
    /// Processes that are stopped by SIGSTOP until the end of the step.
    pub(super) frozen: BTreeSet<i32>,
    /// The socket before the restart of the daemon that this step has requested.
    restarting: Option<(u64, i64, i64)>,
    /// Whether logs of programs are truncated in this step.
    pub(super) is_clearing: bool,
    /// Whether the present step has one action only.
    pub(super) is_alone: bool,
    /// All that was done so far, for the report of a failure.
    pub(super) story: Vec<String>,
}

impl<'a> Driver<'a> {
    pub(super) fn start(sandbox: &'a Sandbox, seed: u64) -> Self {
        write_scripts(sandbox);
        let configuration = Configuration::default();
        sandbox.write("d.conf", &configuration.text());
        Self {
            sandbox,
            daemon: launch(sandbox),
            rng: Rng::new(seed),
            seed,
            configuration,
            model: Model::default(),
            logs: Logs::default(),
            pending: Vec::new(),
            followers: Vec::new(),
            frozen: BTreeSet::new(),
            restarting: None,
            is_clearing: false,
            is_alone: false,
            story: Vec::new(),
        }
    }

    /// Sends a call; its reply is examined at the end of the step.
    pub(super) fn call(&mut self, method: &str, params: &[Value]) {
        match Call::send(self.sandbox, method, params) {
            Ok(call) => {
                self.story.push(format!("      {}", call.text));
                self.pending.push(Pending::Call(call));
            }
            Err(error) => assert!(self.is_restarting(), "{method} cannot be sent: {error}"),
        }
    }

    /// Sends a call whose client ends before the reply.
    pub(super) fn abandoned_call(&mut self, method: &str, params: &[Value]) {
        let sent = Call::send(self.sandbox, method, params);
        assert!(self.is_restarting() || sent.is_ok(), "{method} cannot be sent");
        if let Ok(call) = sent {
            self.story.push(format!("      {}, abandoned", call.text));
        }
    }

    /// A connection for anything else; `None` while the daemon restarts.
    pub(super) fn connect(&mut self) -> Option<UnixStream> {
        let connected = client::connect(self.sandbox);
        assert!(self.is_restarting() || connected.is_ok(), "no connection: {connected:?}");
        connected.ok()
    }

    /// Starts supervisorctl.
    pub(super) fn spawn_ctl(&mut self, words: &[&str]) -> Child {
        self.story.push(format!("      supervisorctl {}", words.join(" ")));
        let mut command = ctl_of(Subject::Ours, self.sandbox, words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("supervisorctl starts")
    }

    /// Runs supervisorctl; its output is examined at the end of the step.
    pub(super) fn ctl(&mut self, words: &[&str]) {
        let child = self.spawn_ctl(words);
        self.pending.push(Pending::Ctl { child, words: words.join(" ") });
    }

    pub(super) fn signal_daemon(&self, signal: Signal) {
        self.daemon.signal(signal);
    }

    /// Replaces the file as an editor does, so that the daemon never reads half of it.
    pub(super) fn write_configuration(&self, text: &str) {
        let new = self.sandbox.write("d.conf.new", text);
        fs::rename(new, self.sandbox.path("d.conf")).expect("it can be renamed");
    }

    /// Which socket the daemon listens on: one that has restarted has made another one.
    fn socket(&self) -> Option<(u64, i64, i64)> {
        let found = fs::symlink_metadata(self.sandbox.path("d.sock")).ok()?;
        Some((found.ino(), found.ctime(), found.ctime_nsec()))
    }

    pub(super) fn is_restarting(&self) -> bool {
        self.restarting.is_some()
    }

    /// A restart is about to be requested; from now on until the end of the step connections may end. At most
    /// one in a step, because a second one may come after the end of the first.
    pub(super) fn expect_restart(&mut self) {
        let socket = self.socket();
        assert!(socket.is_some() && self.restarting.is_none(), "it listens");
        self.restarting = socket;
    }

    /// Waits for all replies, and for the end of a restart.
    pub(super) fn settle(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Call(call) => {
                    let text = call.text.clone();
                    let reply = call.reply();
                    self.examine(&text, &reply);
                }
                Pending::Ctl { child, words } => {
                    let output = child.wait_with_output().expect("it is our child");
                    let shown = printed(&output);
                    self.story.push(format!("      {words}: {}", shown.trim_end()));
                    let is_clean = !shown.contains("panicked") && output.status.code().is_some();
                    assert!(is_clean, "supervisorctl {words}: {} {shown}", output.status);
                }
            }
        }
        for pid in std::mem::take(&mut self.frozen) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
        }
        if let Some(before) = self.restarting {
            wait_until("the daemon has restarted", || {
                self.socket().is_some_and(|socket| socket != before)
            });
            wait_until("it answers again", || self.infos().is_some());
            self.restarting = None;
        }
        if std::mem::take(&mut self.is_clearing) {
            self.logs.restart(self.sandbox);
        }
    }

    fn examine(&mut self, text: &str, reply: &Reply) {
        if let Reply::Fault(fault) = reply {
            self.story.push(format!("      {text}: {}", fault.string));
        }
        if let Reply::Lost(why) = reply {
            self.story.push(format!("      {text}: {why}"));
        }
        let is_right = match reply {
            Reply::Value(_) => true,
            Reply::Fault(fault) => {
                !NEVER.contains(&fault.code)
                    && fault.code != CANT_REREAD
                    && (fault.code != SHUTDOWN_STATE || self.is_restarting())
            }
            Reply::Lost(_) => self.is_restarting(),
        };
        assert!(is_right, "{text} is answered by {reply:?}");
    }

    /// Sends a call and returns its reply; nothing else is under way.
    pub(super) fn ask(&mut self, method: &str, params: &[Value]) -> Reply {
        let call = Call::send(self.sandbox, method, params).expect("the daemon listens");
        self.story.push(format!("      {}", call.text));
        call.reply()
    }

    /// Starts the daemon again after it has ended.
    pub(super) fn launch(&mut self) {
        self.daemon = launch(self.sandbox);
    }
}

/// Starts a daemon and waits until it answers.
fn launch(sandbox: &Sandbox) -> Daemon<'_> {
    let daemon = Daemon::launch(Subject::Ours, sandbox, &["-s"]);
    wait_until("the daemon answers", || {
        let call = Call::send(sandbox, "supervisor.getPID", &[]);
        call.is_ok_and(|call| matches!(call.reply(), Reply::Value(_)))
    });
    daemon
}

/// The story of a failure is printed, and its files are kept.
impl Drop for Driver<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}", self.seed));
        let _ = fs::remove_dir_all(&kept);
        let _ = fs::create_dir_all(&kept);
        for name in self.sandbox.names() {
            let path = self.sandbox.path(&name);
            if fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) {
                let _ = fs::copy(path, kept.join(name));
            }
        }
        let _ = fs::write(kept.join("story"), self.story.join("\n"));
        let last = self.story.len().saturating_sub(40);
        let _ = writeln!(
            std::io::stderr(),
            "soak: failed with seed {}; the last actions:\n{}\nall of them and the logs are in {}\n\
             the same actions again: make soak SEED={}",
            self.seed,
            self.story[last..].join("\n"),
            kept.display(),
            self.seed
        );
    }
}
