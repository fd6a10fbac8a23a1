//! supervisorctl as a command.

use std::process::Command;
use std::time::Instant;

use crate::bench::Goal::TimesBetter;
use crate::bench::{Bench, Contender, Figure, measure};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::{self, processor_time_of_children};

const PROGRAMS: usize = 100;

pub(crate) fn figures(_: &Bench) -> Vec<Figure> {
    let measures = [measure("wall", "ms"), measure("CPU", "ms").goal(&[TimesBetter(50.0)])];
    let status = Figure::new("status of 100 programs", &measures, |bench, contender| {
        let daemon = Daemon::supervisord(bench, contender, &sleepers(PROGRAMS, ""))?;
        daemon.wait_running(PROGRAMS);
        drop(daemon.client());
        let (wall, cpu) = run(bench, contender, &daemon, &["status"], PROGRAMS)?;
        Some(vec![wall, cpu])
    });
    let measures = [measure("wall", "ms").goal(&[TimesBetter(10.0)]), measure("CPU", "ms")];
    let start = Figure::new("start all of 100 programs", &measures, |bench, contender| {
        let stopped = sleepers(PROGRAMS, "autostart=false\n");
        let daemon = Daemon::supervisord(bench, contender, &stopped)?;
        drop(daemon.client());
        let (wall, cpu) = run(bench, contender, &daemon, &["start", "all"], PROGRAMS)?;
        Some(vec![wall, cpu])
    });
    vec![status, start]
}

/// Wall and processor time of a supervisorctl that prints so many lines, in milliseconds.
pub(super) fn run(
    bench: &Bench,
    contender: Contender,
    daemon: &Daemon,
    action: &[&str],
    lines: usize,
) -> Option<(f64, f64)> {
    let program = bench.program(contender, "supervisorctl")?;
    let (before, began) = (processor_time_of_children(), Instant::now());
    let mut command = Command::new(program);
    let (_, out, err) = kernel::run(command.arg("-c").arg(daemon.at("s.conf")).args(action));
    let wall = began.elapsed().as_secs_f64();
    let cpu = processor_time_of_children() - before;
    assert_eq!(out.lines().count(), lines, "lines of {action:?}: {err}");
    Some((wall * 1e3, cpu * 1e3))
}
