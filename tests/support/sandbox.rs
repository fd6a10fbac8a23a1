//! A temporary directory for one test. Processes that were started in it are killed when it is dropped.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::port::Port;

/// Marks the processes of a sandbox: the variable is inherited by all descendants.
const MARK: &str = "SUPKIT_TEST_SANDBOX";

/// The time limit of a test. Its processes are killed then, so that a test that waits for them
/// continues and fails.
const DEADLINE: Duration = Duration::from_secs(240);

/// The time limit for killed processes to exit.
const LAST_MOMENT: Duration = Duration::from_secs(30);

pub struct Sandbox {
    dir: TempDir,
    ports: Mutex<Vec<Port>>,
    /// Dropping it cancels the time limit.
    _watch: Sender<()>,
}

impl Sandbox {
    /// In `/tmp`, so that socket paths stay short.
    pub fn new() -> Self {
        Self::with_time_limit(DEADLINE)
    }

    /// For a test that takes longer than others.
    pub fn with_time_limit(limit: Duration) -> Self {
        restore_signals();
        let dir = TempDir::with_prefix_in("sk", "/tmp").expect("a directory in /tmp");
        let watch = watch(dir.path().to_owned(), limit);
        Self { dir, ports: Mutex::default(), _watch: watch }
    }

    /// A TCP port that is reserved until the sandbox is dropped.
    pub fn port(&self) -> u16 {
        let port = Port::reserve();
        let number = port.number();
        self.ports.lock().expect("no test panics here").push(port);
        number
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir().join(name)
    }

    /// Writes a file; `{here}` in the text is replaced by this directory.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("directories can be made");
        }
        let here = self.dir().to_str().expect("/tmp is UTF-8");
        fs::write(&path, text.replace("{here}", here)).expect("the file can be written");
        path
    }

    /// Writes an executable file.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("mode can be set");
        path
    }

    /// The content of a file; empty if it does not exist.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir()).expect("the sandbox is there");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.flatten().map(name).collect();
        names.sort();
        names
    }

    /// A command in this directory. Its processes are killed when the sandbox is dropped.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir()).env(MARK, self.dir()).env_remove("TMPDIR");
        command
    }

    /// The pids of all running processes that were started here.
    pub fn processes(&self) -> Vec<i32> {
        processes_of(self.dir())
    }
}

/// A test run in the background or by nohup inherits ignored signals, and the programs under test would
/// inherit them: Python keeps an ignored SIGINT ignored.
fn restore_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM] {
            #[allow(unsafe_code, reason = "nix has no safe function for it")]
            // SAFETY: no handler is installed; the default of the kernel is.
            unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }
                .expect("the signal exists");
        }
    });
}

/// The processes with the mark of the sandbox in this directory.
fn processes_of(dir: &Path) -> Vec<i32> {
    let mark = [MARK.as_bytes(), b"=", dir.as_os_str().as_bytes()].concat();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark)
    })
    .collect()
}

/// Kills repeatedly: a supervisor may start another process in between.
fn kill_all(dir: &Path) {
    let end = Instant::now() + LAST_MOMENT;
    while let pids @ [_, ..] = processes_of(dir).as_slice() {
        for pid in pids {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        if Instant::now() > end {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Kills the processes of a sandbox at the time limit, unless it was dropped before.
fn watch(dir: PathBuf, limit: Duration) -> Sender<()> {
    let (sender, receiver) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if receiver.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            kill_all(&dir);
        }
    });
    sender
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        kill_all(self.dir());
    }
}
