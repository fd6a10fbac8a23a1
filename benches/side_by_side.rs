//! Speed and weight beside Supervisor 4.3.0, on the same machine in the same minutes. Every figure is
//! taken in turn from one and the other, so what slows the machine slows both; read the ratio.
//!
//! `make bench` runs it. `PROGRAMS` (100) says how many programs the daemons hold.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures time and prints a table"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use supkit::ctl::client::Client;
use supkit::rpc::value::Value;

const ROUNDS: usize = 5;
const CALLS: u32 = 200;
const FLOOD_BYTES: u64 = 200_000_000;
const PATIENCE: Duration = Duration::from_secs(120);

/// One of the two that are compared.
struct Peer {
    name: &'static str,
    supervisord: PathBuf,
    supervisorctl: PathBuf,
}

/// A daemon that ends with its owner.
struct Daemon {
    child: Child,
    dir: tempfile::TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let mut client = self.client();
        if client.call("supervisor.shutdown", &[]).is_ok() {
            let _ = self.child.wait();
        } else {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Daemon {
    fn socket(&self) -> PathBuf {
        self.dir.path().join("s.sock")
    }

    fn client(&self) -> Client {
        Client::open(&format!("unix://{}", self.socket().display()), None, None)
            .timeout(Some(PATIENCE))
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Starts a daemon in the foreground and waits until it answers.
    fn start(peer: &Peer, programs: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let conf = dir.path().join("s.conf");
        let text = format!(
            "[unix_http_server]\nfile=%(here)s/s.sock\n\
             [rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisord]\nnodaemon=true\nsilent=true\nlogfile=%(here)s/s.log\n\
             pidfile=%(here)s/s.pid\nchildlogdir=%(here)s\n\
             [supervisorctl]\nserverurl=unix://%(here)s/s.sock\n{programs}"
        );
        fs::write(&conf, text).expect("the configuration can be written");
        let child = Command::new(&peer.supervisord)
            .arg("-c")
            .arg(&conf)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", peer.supervisord.display()));
        let daemon = Self { child, dir };
        until(|| UnixStream::connect(daemon.socket()).is_ok());
        until(|| daemon.client().call("supervisor.getState", &[]).is_ok());
        daemon
    }

    fn running(&self) -> usize {
        let Ok(Value::Array(all)) = self.client().call("supervisor.getAllProcessInfo", &[]) else {
            return 0;
        };
        all.iter()
            .filter(|it| it.get("statename").and_then(Value::as_str) == Some("RUNNING"))
            .count()
    }
}

/// Waits for a condition without a pause of fixed length: the check itself is the pace.
fn until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited too long");
        std::thread::yield_now();
    }
}

fn programs(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            "[program:p{n}]\ncommand=/bin/sleep 100000\nstartsecs=0\nstdout_logfile=NONE\n\
             stderr_logfile=NONE\n"
        );
    }
    text
}

/// Resident memory in kB, as the kernel accounts it.
fn resident(pid: u32) -> f64 {
    let file = fs::File::open(format!("/proc/{pid}/status")).expect("the process is there");
    BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(f64::NAN)
}

/// Processor time of a process in seconds.
fn processor_time(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let ticks: f64 = stat
        .rsplit(')')
        .next()
        .into_iter()
        .flat_map(|rest| rest.split_whitespace().skip(11).take(2))
        .filter_map(|word| word.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn cold_start(peer: &Peer) -> f64 {
    let started = Instant::now();
    let daemon = Daemon::start(peer, "");
    let took = started.elapsed().as_secs_f64();
    drop(daemon);
    took * 1e3
}

fn start_all(peer: &Peer, count: usize) -> f64 {
    let started = Instant::now();
    let daemon = Daemon::start(peer, &programs(count));
    until(|| daemon.running() == count);
    started.elapsed().as_secs_f64() * 1e3
}

fn memory(peer: &Peer, count: usize) -> f64 {
    let daemon = Daemon::start(peer, &programs(count));
    until(|| daemon.running() == count);
    resident(daemon.pid()) / 1024.0
}

fn calls(peer: &Peer, count: usize) -> f64 {
    let daemon = Daemon::start(peer, &programs(count));
    until(|| daemon.running() == count);
    let mut client = daemon.client();
    let started = Instant::now();
    for _ in 0..CALLS {
        client.call("supervisor.getAllProcessInfo", &[]).expect("an answer");
    }
    started.elapsed().as_secs_f64() * 1e3 / f64::from(CALLS)
}

fn status(peer: &Peer) -> f64 {
    let daemon = Daemon::start(peer, &programs(3));
    until(|| daemon.running() == 3);
    let conf = daemon.dir.path().join("s.conf");
    let started = Instant::now();
    let out = Command::new(&peer.supervisorctl).arg("-c").arg(&conf).arg("status").output();
    assert!(out.is_ok_and(|out| out.status.success()), "status failed");
    started.elapsed().as_secs_f64() * 1e3
}

/// Processor time of the daemon for swallowing a flood of output into a rotated log.
fn flood(peer: &Peer) -> f64 {
    let command = format!("/bin/sh -c 'head -c {FLOOD_BYTES} /dev/zero; exec sleep 100000'");
    let program = format!(
        "[program:flood]\ncommand={command}\nstartsecs=0\nautostart=false\n\
         stdout_logfile=%(here)s/flood.log\nstdout_logfile_maxbytes=50MB\n"
    );
    let daemon = Daemon::start(peer, &program);
    let before = processor_time(daemon.pid());
    daemon.client().call("supervisor.startProcess", &[Value::str("flood")]).expect("it starts");
    let logged = || -> u64 {
        let files = fs::read_dir(daemon.dir.path()).into_iter().flatten().flatten();
        files
            .filter(|file| file.file_name().to_string_lossy().starts_with("flood.log"))
            .filter_map(|file| file.metadata().ok())
            .map(|meta| meta.len())
            .sum()
    };
    until(|| logged() >= FLOOD_BYTES);
    processor_time(daemon.pid()) - before
}

struct Row {
    what: String,
    unit: &'static str,
    ours: f64,
    theirs: f64,
}

/// Measures one and the other in turn and takes the medians.
fn compare(
    peers: &[Peer; 2],
    what: &str,
    unit: &'static str,
    measure: impl Fn(&Peer) -> f64,
) -> Row {
    let mut figures = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (peer, figures) in peers.iter().zip(&mut figures) {
            figures.push(measure(peer));
        }
    }
    let [ours, theirs] = figures.map(|mut figures| {
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    });
    Row { what: what.to_owned(), unit, ours, theirs }
}

fn main() {
    let peers = [ours(), theirs()];
    let count = std::env::var("PROGRAMS").ok().and_then(|it| it.parse().ok()).unwrap_or(100);
    println!("{:<44} {:>12} {:>16} {:>8}", "", peers[0].name, peers[1].name, "ratio");
    let show = |row: Row| {
        let (what, ratio) = (format!("{}, {}", row.what, row.unit), row.theirs / row.ours);
        println!("{what:<44} {:>12.2} {:>16.2} {ratio:>7.1}x", row.ours, row.theirs);
    };
    show(compare(&peers, "start, no program", "ms", cold_start));
    show(compare(&peers, &format!("start of {count} programs"), "ms", |it| start_all(it, count)));
    show(compare(&peers, &format!("memory, {count} programs"), "MB", |it| memory(it, count)));
    show(compare(&peers, &format!("getAllProcessInfo of {count}"), "ms", |it| calls(it, count)));
    show(compare(&peers, "supervisorctl status", "ms", status));
    show(compare(&peers, "200 MB of output, processor time", "s", flood));
}

/// Our binary under the two names that it is called by.
fn ours() -> Peer {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-bin");
    fs::create_dir_all(&dir).expect("a directory for the links");
    let link = |name: &str| {
        let path = dir.join(name);
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_supkit"), &path).expect("a link");
        path
    };
    Peer { name: "supkit", supervisord: link("supervisord"), supervisorctl: link("supervisorctl") }
}

fn theirs() -> Peer {
    let venv = std::env::var_os("SUPKIT_ORACLE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/oracle"),
        PathBuf::from,
    );
    let bin = venv.join("bin");
    Peer {
        name: "Supervisor 4.3.0",
        supervisord: bin.join("supervisord"),
        supervisorctl: bin.join("supervisorctl"),
    }
}
