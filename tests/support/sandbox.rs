//! A directory that a test has for itself, and the end of every process that was started in it.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Marks the processes of a sandbox: the variable is inherited by all descendants.
const MARK: &str = "SUPKIT_TEST_SANDBOX";

pub struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    /// In `/tmp`, so that socket paths stay short.
    pub fn new() -> Self {
        Self { dir: TempDir::with_prefix_in("sk", "/tmp").expect("a directory in /tmp") }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir().join(name)
    }

    /// Writes a file, `{here}` in its text standing for this directory.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("directories can be made");
        }
        let here = self.dir().to_str().expect("/tmp is UTF-8");
        fs::write(&path, text.replace("{here}", here)).expect("the file can be written");
        path
    }

    /// The same, and may be executed.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("mode can be set");
        path
    }

    /// What a file holds; empty if there is none.
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

    /// A command that runs here and is ended with the sandbox, together with all that it starts.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir()).env(MARK, self.dir()).env_remove("TMPDIR");
        command
    }

    /// The pids of everything that was started here and still runs.
    pub fn processes(&self) -> Vec<i32> {
        let mark = [MARK.as_bytes(), b"=", self.dir().as_os_str().as_bytes()].concat();
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark)
        })
        .collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Twice at least: a supervisor may have started something between look and kill.
        while let pids @ [_, ..] = self.processes().as_slice() {
            for pid in pids {
                let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            }
            std::thread::yield_now();
        }
    }
}

/// A TCP port that nobody has at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it has an address").port()
}
