//! A program that the kernel kills because memory is short, for real: in a control group with a limit.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Enough for the daemon, not for the program.
const LIMIT: &str = "201326592";

/// A control group with a limit of memory.
struct Limited {
    path: PathBuf,
}

impl Limited {
    /// The error is why this machine has none.
    fn create() -> Result<Self, String> {
        let groups = fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
        let memory = |line: &str| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let root = match controllers {
                "" if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() => "/sys/fs/cgroup",
                _ if controllers.split(',').any(|it| it == "memory") => "/sys/fs/cgroup/memory",
                _ => return None,
            };
            let own = format!("{root}{}", path.trim_end_matches('/'));
            Some(if Path::new(&own).exists() { own } else { root.to_owned() })
        };
        let parent = groups.lines().find_map(memory).ok_or("there is no memory controller")?;
        let path = Path::new(&parent).join(format!("supkit-test-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let limited = Self { path };
        let limit = |name: &str| fs::write(limited.path.join(name), LIMIT);
        limit("memory.max").or_else(|_| limit("memory.limit_in_bytes")).map_err(|error| {
            format!("{} has no limit of memory: {error}", limited.path.display())
        })?;
        // Without these, memory is only swapped out where there is swap.
        let _ = limit("memory.memsw.limit_in_bytes");
        let _ = fs::write(limited.path.join("memory.swap.max"), "0");
        Ok(limited)
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        // It is in use until the last process has been reaped.
        for _ in 0..100 {
            if fs::remove_dir(&self.path).is_ok() {
                return;
            }
            std::thread::yield_now();
        }
    }
}

fn page(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it is sent");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    page
}

#[test]
fn a_program_that_the_kernel_kills_for_want_of_memory_is_explained() {
    let limited = match Limited::create() {
        Ok(limited) => limited,
        Err(why) => return eprintln!("not tested, because no memory limit can be set: {why}"),
    };
    let sandbox = Sandbox::new();
    let port = sandbox.port();
    sandbox.write("eat.py", "eaten = []\nwhile True:\n    eaten.append(b'x' * (8 << 20))\n");
    let text = format!(
        "{SERVER}[inet_http_server]\nport=127.0.0.1:{port}\n\
         [program:eater]\ncommand=python3 {{here}}/eat.py\noom_score_adj=1000\nstartsecs=0\n\
         autorestart=false\n"
    );
    sandbox.write("d.conf", &conf(&text));
    let mut command = sandbox.command("/bin/sh");
    command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(limited.path.join("cgroup.procs"));
    command.args([env!("CARGO_BIN_EXE_supkit"), "supervisord"]);
    let mut daemon = Daemon::launch_by(command, &sandbox, &[]);
    daemon.wait_for_log("exited: eater (terminated by SIGKILL");
    let mut ctl = Subject::Ours.program(&sandbox, "supervisorctl");
    ctl.args(["-c", "d.conf", "why", "eater"]).stdin(Stdio::null());
    let why = String::from_utf8_lossy(&ctl.output().expect("it runs").stdout).into_owned();
    let is_named = ["the kernel killed it because", "the kernel probably killed it because"]
        .iter()
        .any(|text| why.contains(&format!("{text} memory was short")));
    assert!(is_named, "{why}");
    assert!(why.contains("peak memory"), "{why}");
    wait_until("the page names it", || {
        page(port).contains("terminated by SIGKILL, because memory was short")
    });
    assert!(daemon.stop().success());
}
