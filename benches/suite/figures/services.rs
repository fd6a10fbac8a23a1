//! The supervisors that have a directory for each service.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::bench::Contender;
use crate::daemon::{Daemon, directory};
use crate::kernel::{children, until_every};

/// Their limit of services that is not an option.
const MOST: usize = 1000;

/// One of them with sleeping services, if it is installed.
pub(super) fn start(contender: Contender, count: usize) -> Option<Daemon> {
    let (program, signal) = match contender {
        Contender::Runit => (find("runsvdir")?, Signal::SIGHUP),
        Contender::S6 => (find("s6-svscan")?, Signal::SIGTERM),
        _ => return None,
    };
    if count == 0 || count > MOST {
        return None;
    }
    let dir = directory();
    let services = dir.path().join("services");
    for number in 0..count {
        write_service(&services.join(format!("p{number}")));
    }
    let mut command = Command::new(program);
    if contender == Contender::S6 {
        command.args(["-c", "2000"]);
    }
    let daemon = Daemon::start(command.arg(services), dir, signal);
    wait_running(&daemon, count);
    Some(daemon)
}

fn write_service(service: &Path) {
    fs::create_dir_all(service).expect("a directory");
    fs::write(service.join("run"), "#!/bin/sh\nexec /bin/sleep 100000\n").expect("a script");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(service.join("run"), executable).expect("a mode");
}

fn wait_running(daemon: &Daemon, count: usize) {
    let mut running = Vec::new();
    until_every(Duration::from_millis(2), "the services", || {
        for service in children(daemon.pid()) {
            let runs = || children(service).iter().any(|pid| name(*pid) == "sleep");
            if !running.contains(&service) && runs() {
                running.push(service);
            }
        }
        running.len() == count
    });
}

fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

fn find(program: &str) -> Option<PathBuf> {
    let directories = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
    directories.iter().map(|it| Path::new(it).join(program)).find(|path| path.exists())
}
