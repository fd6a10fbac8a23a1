//! supervisorctl as a command.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::{Bench, Contender, Figure, measure};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::processor_time_of_children;

const PROGRAMS: usize = 100;

pub(crate) fn figures(_: &Bench) -> Vec<Figure> {
    let measures = [measure("wall", "ms"), measure("CPU", "ms")];
    let status = Figure::new("status of 100", &measures, |bench, contender| {
        let daemon = Daemon::supervisord(bench, contender, &sleepers(PROGRAMS, ""))?;
        daemon.wait_running(PROGRAMS);
        drop(daemon.client());
        run(bench, contender, &daemon, &["status"])
    });
    let start = Figure::new("start all of 100", &measures, |bench, contender| {
        let stopped = sleepers(PROGRAMS, "autostart=false\n");
        let daemon = Daemon::supervisord(bench, contender, &stopped)?;
        drop(daemon.client());
        run(bench, contender, &daemon, &["start", "all"])
    });
    vec![status, start]
}

fn run(bench: &Bench, contender: Contender, daemon: &Daemon, action: &[&str]) -> Option<Vec<f64>> {
    let program = bench.program(contender, "supervisorctl")?;
    let (before, began) = (processor_time_of_children(), Instant::now());
    let mut command = Command::new(program);
    command.arg("-c").arg(daemon.at("s.conf")).args(action).stdin(Stdio::null());
    let output = command.output().expect("supervisorctl runs");
    let wall = began.elapsed().as_secs_f64();
    let cpu = processor_time_of_children() - before;
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    assert_eq!(lines, PROGRAMS, "{}", String::from_utf8_lossy(&output.stderr));
    Some(vec![wall * 1e3, cpu * 1e3])
}
