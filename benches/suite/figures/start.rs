//! Start, memory and shutdown, with more and more programs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::bench::{Bench, Contender, Figure, measure};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::{children, private, processor_time_of_tree, resident, until};

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let mut figures = vec![answering(0), answering(100)];
    let counts: &[usize] = if bench.is_quick { &[100] } else { &[10, 100, 1000, 10_000] };
    if !bench.is_quick {
        figures.push(answering(1000));
    }
    figures.push(memory(0));
    figures.extend(counts.iter().flat_map(|count| [running(*count), memory(*count)]));
    figures
}

/// Until the daemon answers a call.
fn answering(count: usize) -> Figure {
    let measures = [measure("wall", "ms"), measure("CPU", "ms")];
    let title = format!("start of {count} programs until it answers");
    Figure::new(title, &measures, move |bench, contender| {
        let began = Instant::now();
        let daemon = Daemon::supervisord(bench, contender, &sleepers(count, ""))?;
        drop(daemon.client());
        Some(vec![began.elapsed().as_secs_f64() * 1e3, daemon.processor_time() * 1e3])
    })
}

/// Until all programs run; then until all have ended.
fn running(count: usize) -> Figure {
    let measures = [
        measure("wall", "ms"),
        measure("CPU", "ms"),
        measure("CPU of tree", "ms"),
        measure("shutdown", "ms"),
    ];
    Figure::new(format!("{count} programs until all run"), &measures, move |bench, contender| {
        let (began, mut daemon) = (Instant::now(), all_running(bench, contender, count)?);
        let wall = began.elapsed().as_secs_f64();
        let cpu = daemon.processor_time();
        let of_tree = processor_time_of_tree(daemon.pid());
        let shutdown = daemon.terminate().as_secs_f64();
        Some([wall, cpu, of_tree, shutdown].map(|seconds| seconds * 1e3).to_vec())
    })
}

fn memory(count: usize) -> Figure {
    let measures = [measure("RSS", "MB"), measure("private", "MB")];
    Figure::new(format!("memory with {count} programs"), &measures, move |bench, contender| {
        if count == 0 && !matches!(contender, Contender::Supkit | Contender::Supervisor) {
            return None;
        }
        let daemon = all_running(bench, contender, count)?;
        Some(vec![resident(daemon.pid()), private(daemon.pid())])
    })
}

/// A daemon whose programs run.
fn all_running(bench: &Bench, contender: Contender, count: usize) -> Option<Daemon> {
    // Supervisor waits with select-like calls for more descriptors than it may open.
    if count > 1000 && contender == Contender::Supervisor {
        return None;
    }
    match contender {
        Contender::Supkit | Contender::Supervisor => {
            let daemon = Daemon::supervisord(bench, contender, &sleepers(count, ""))?;
            if count == 0 {
                drop(daemon.client());
            }
            daemon.wait_running(count);
            Some(daemon)
        }
        Contender::Reference => {
            let daemon = Daemon::worker(bench, &["spawner", &count.to_string(), "sleep"]);
            until("the reference", || daemon.at("up").exists());
            Some(daemon)
        }
        Contender::Runit => service_directory("runsvdir", count),
        Contender::S6 => service_directory("s6-svscan", count),
    }
}

/// One of the supervisors with a directory for each service, if it is installed. They have a process of
/// their own for each service, so their figures are those of the tree.
fn service_directory(program: &str, count: usize) -> Option<Daemon> {
    let program = find(program)?;
    if count > 1000 {
        return None;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    for number in 0..count {
        let service = dir.path().join(format!("p{number}"));
        fs::create_dir(&service).expect("a directory");
        fs::write(service.join("run"), "#!/bin/sh\nexec /bin/sleep 100000\n").expect("a script");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(service.join("run"), executable).expect("a mode");
    }
    let mut command = Command::new(program);
    command.arg(dir.path());
    let daemon = Daemon::start(&mut command, dir);
    until("the services", || {
        let services = children(daemon.pid());
        let runs = |service: &&u32| {
            let of_service = children(**service);
            of_service.iter().any(|pid| name(*pid) == "sleep")
        };
        services.iter().filter(runs).count() == count
    });
    Some(daemon)
}

fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

fn find(program: &str) -> Option<std::path::PathBuf> {
    let directories = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
    directories.iter().map(|it| Path::new(it).join(program)).find(|path| path.exists())
}
