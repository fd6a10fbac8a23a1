//! A daemon that is measured, in a directory of its own. It ends with its owner.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{Bench, Contender};
use super::client::{Client, request};
use super::conf;
use super::kernel::{self, until};

pub(crate) struct Daemon {
    child: Child,
    dir: tempfile::TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.terminate();
    }
}

impl Daemon {
    /// Starts supervisord with these sections; `None` for a contender without one. `{dir}` is its
    /// directory.
    pub(crate) fn supervisord(bench: &Bench, contender: Contender, sections: &str) -> Option<Self> {
        let program = bench.program(contender, "supervisord")?;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let sections = sections.replace("{dir}", &dir.path().to_string_lossy());
        let text = format!("{}{sections}", conf::head());
        fs::write(dir.path().join("s.conf"), text).expect("the configuration can be written");
        let conf = dir.path().join("s.conf");
        Some(Self::start(Command::new(program).arg("-c").arg(conf), dir))
    }

    /// Starts another program whose working directory is its directory.
    pub(crate) fn start(command: &mut Command, dir: tempfile::TempDir) -> Self {
        command.current_dir(dir.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, dir }
    }

    /// Starts this program in another part.
    pub(crate) fn worker(bench: &Bench, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self::start(Command::new(&bench.worker).arg("--as").args(arguments), dir)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn processor_time(&self) -> f64 {
        kernel::processor_time(self.pid())
    }

    /// Waits until it answers a call, and returns the connection.
    pub(crate) fn client(&self) -> Client {
        let socket = self.at("s.sock");
        let get_state = request("supervisor.getState");
        let mut found = None;
        until("an answer", || {
            found = Client::connect(&socket)
                .filter(|_| true)
                .and_then(|mut client| client.call(&get_state).is_some().then_some(client));
            found.is_some()
        });
        found.expect("a connection")
    }

    /// How often the activity log contains a text.
    pub(crate) fn logged(&self, text: &str) -> usize {
        fs::read_to_string(self.at("s.log")).map_or(0, |log| log.matches(text).count())
    }

    /// Waits until so many programs are RUNNING, according to the log.
    pub(crate) fn wait_running(&self, count: usize) {
        let path = self.at("s.log");
        let mut size = 0;
        until("the programs", || {
            let now = fs::metadata(&path).map_or(0, |it| it.len());
            now != std::mem::replace(&mut size, now)
                && self.logged("entered RUNNING state") >= count
        });
    }

    /// Ends it with SIGTERM; returns how long that took.
    pub(crate) fn terminate(&mut self) -> Duration {
        let began = Instant::now();
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap_or_default());
            let _ = kill(pid, Signal::SIGTERM);
            let _ = self.child.wait();
        }
        began.elapsed()
    }
}
