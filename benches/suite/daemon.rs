//! A daemon that is measured, in a directory of its own. It ends with its owner.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::bench::{Bench, Contender};
use super::client::{Client, request};
use super::conf;
use super::kernel::{self, until};

pub(crate) struct Daemon {
    child: Child,
    dir: tempfile::TempDir,
    /// The signal that ends it and its programs.
    signal: Signal,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.terminate();
    }
}

/// A directory for a daemon. Writers of output start when `go` in it is opened.
pub(crate) fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    mkfifo(&dir.path().join("go"), Mode::from_bits_truncate(0o600)).expect("a fifo");
    dir
}

impl Daemon {
    /// Starts supervisord with these sections; `None` for a contender without one. `{dir}` is its
    /// directory.
    pub(crate) fn supervisord(bench: &Bench, contender: Contender, sections: &str) -> Option<Self> {
        let program = bench.program(contender, "supervisord")?;
        let dir = directory();
        let sections = sections.replace("{dir}", &dir.path().to_string_lossy());
        let conf = dir.path().join("s.conf");
        fs::write(&conf, conf::head(&sections) + &sections)
            .expect("the configuration can be written");
        Some(Self::start(Command::new(program).arg("-c").arg(conf), dir, Signal::SIGTERM))
    }

    /// Starts another program whose working directory is its directory.
    pub(crate) fn start(command: &mut Command, dir: tempfile::TempDir, signal: Signal) -> Self {
        command.current_dir(dir.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, dir, signal }
    }

    /// Starts this program in another part.
    pub(crate) fn worker(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = Command::new(&bench.worker);
        Self::start(command.arg("--as").args(arguments), directory(), Signal::SIGTERM)
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

    /// Starts the writers that have reported to be ready.
    pub(crate) fn go(&self) -> File {
        // For reading too, so that it never blocks.
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).open(self.at("go")).expect("the fifo")
    }

    /// Waits until it answers a call, and returns the connection.
    pub(crate) fn client(&self) -> Client {
        let socket = self.at("s.sock");
        let get_state = request("supervisor.getState", &[]);
        let mut found = None;
        until("an answer", || {
            found = Client::connect(&socket)
                .and_then(|mut client| client.call(&get_state).is_some().then_some(client));
            found.is_some()
        });
        found.expect("a connection")
    }

    /// Its activity log, from the beginning.
    pub(crate) fn log(&self) -> LogReader {
        LogReader { path: self.at("s.log"), file: None, text: String::new() }
    }

    /// Waits until so many programs are RUNNING, according to the log.
    pub(crate) fn wait_running(&self, count: usize) {
        let (mut log, mut running) = (self.log(), 0);
        until("the programs", || {
            running += log.count_new("entered RUNNING state");
            running >= count
        });
    }

    /// Ends it and its programs; returns how long that took.
    pub(crate) fn terminate(&mut self) -> Duration {
        let began = Instant::now();
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return began.elapsed();
        }
        let below = kernel::descendants(self.pid());
        let began = Instant::now();
        let _ = kill(raw(self.pid()), self.signal);
        if kernel::end_of(&mut self.child).is_none() {
            self.kill_all();
        }
        let took = began.elapsed();
        // runsvdir does not wait for its services.
        let alive = |pid: &u32| kill(raw(*pid), None).is_ok();
        while began.elapsed() < took + Duration::from_secs(20) && below.iter().any(alive) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.signal == Signal::SIGTERM { took } else { began.elapsed() }
    }

    fn kill_all(&mut self) {
        eprintln!("process {} does not end; it is killed with its programs", self.pid());
        for pid in kernel::descendants(self.pid()) {
            let _ = kill(raw(pid), Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("a process id"))
}

/// Counts what a log contains, without a second look at what it has read.
pub(crate) struct LogReader {
    path: PathBuf,
    file: Option<File>,
    /// What was read last, and an incomplete line.
    text: String,
}

impl LogReader {
    /// How many of the complete lines since the last call contain a text.
    pub(crate) fn count_new(&mut self, wanted: &str) -> usize {
        self.file = self.file.take().or_else(|| File::open(&self.path).ok());
        let Some(file) = &mut self.file else { return 0 };
        let _ = file.read_to_string(&mut self.text);
        let end = self.text.rfind('\n').map_or(0, |at| at + 1);
        let found = self.text[..end].lines().filter(|line| line.contains(wanted)).count();
        self.text.drain(..end);
        found
    }
}
