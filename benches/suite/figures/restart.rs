//! Programs that end, and the cost of doing nothing.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::Goal::{TimesBetter, TimesTheCost};
use crate::bench::{Bench, Contender, Figure, measure};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::{switches, until};
use crate::workers::monotonic;

/// How often a program is killed.
pub(super) const ROUNDS: usize = 3;
/// After this time a program is RUNNING, and Supervisor's loop is at rest.
pub(super) const REST: Duration = Duration::from_millis(1200);

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let seconds = bench.amount(5, 3) as u64;
    vec![after_kill(), crashing(200, seconds), idle(100, seconds)]
}

/// From SIGKILL until the new process executes.
fn after_kill() -> Figure {
    let measures = [measure("wall", "ms").goal(&[TimesTheCost(1.6)])];
    Figure::new("SIGKILL until the next process executes", &measures, |bench, contender| {
        let worker = bench.worker.display();
        let sections = format!(
            "[program:s]\ncommand={worker} --as stamp {{dir}}/stamps\nstdout_logfile=NONE\n\
             stderr_logfile=NONE\nautorestart=true\nstartsecs=0\n"
        );
        let daemon = match contender {
            Contender::Reference => Daemon::worker(bench, &["spawner", "1", "stamps"]),
            _ => Daemon::supervisord(bench, contender, &sections)?,
        };
        let file = daemon.at("stamps");
        let mut times = Vec::new();
        for round in 1..=ROUNDS {
            until("the program", || stamps(&file).len() == round);
            std::thread::sleep(REST);
            let (_, pid) = stamps(&file)[round - 1];
            let began = monotonic();
            kill(Pid::from_raw(pid), Signal::SIGKILL).expect("the program runs");
            until("the next", || stamps(&file).len() > round);
            times.push((stamps(&file)[round].0 - began) as f64 / 1e6);
        }
        Some(vec![middle(times)])
    })
}

pub(super) fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The times and pids of the complete lines of a file.
pub(super) fn stamps(file: &Path) -> Vec<(u64, i32)> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let complete = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let stamp = |line: &str| {
        let (time, pid) = line.split_once(' ')?;
        Some((time.parse().ok()?, pid.parse().ok()?))
    };
    complete.filter_map(stamp).collect()
}

/// Programs that end at once and are restarted forever.
fn crashing(count: usize, seconds: u64) -> Figure {
    let title = format!("{count} programs that crash permanently");
    let measures = [measure("CPU per restart", "µs").goal(&[TimesBetter(15.0), TimesTheCost(3.0)])];
    Figure::new(title, &measures, move |bench, contender| {
        let sections = format!(
            "[program:c]\ncommand=/bin/false\nnumprocs={count}\nprocess_name=%(process_num)d\n\
             startsecs=0\nautorestart=true\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
        );
        let daemon = match contender {
            Contender::Reference => {
                Daemon::worker(bench, &["spawner", &count.to_string(), "false"])
            }
            _ => Daemon::supervisord(bench, contender, &sections)?,
        };
        let (mut log, mut spawned) = (daemon.log(), 0);
        let counter = daemon.at("restarts");
        let mut restarts = || {
            spawned += log.count_new("spawned: ");
            let counted = fs::read_to_string(&counter).ok().and_then(|text| text.parse().ok());
            counted.unwrap_or(spawned)
        };
        until("the first restarts", || restarts() > count);
        let (before, cpu) = (restarts(), daemon.processor_time());
        std::thread::sleep(Duration::from_secs(seconds));
        let (restarted, cpu) = (restarts() - before, daemon.processor_time() - cpu);
        assert!(restarted > 0, "nothing was restarted");
        Some(vec![cpu * 1e6 / restarted as f64])
    })
}

fn idle(count: usize, seconds: u64) -> Figure {
    let measures = [measure("wake-ups", "1/s"), measure("CPU", "ms/s")];
    Figure::new(format!("{count} idle programs"), &measures, move |bench, contender| {
        let daemon = Daemon::supervisord(bench, contender, &sleepers(count, ""))?;
        daemon.wait_running(count);
        // supkit returns memory when it has been idle for a second.
        std::thread::sleep(Duration::from_secs(3));
        let (woken, before, began) =
            (switches(daemon.pid()), daemon.processor_time(), Instant::now());
        std::thread::sleep(Duration::from_secs(seconds));
        let passed = began.elapsed().as_secs_f64();
        let woken = (switches(daemon.pid()) - woken) / passed;
        Some(vec![woken, (daemon.processor_time() - before) * 1e3 / passed])
    })
}
