//! Programs that end, and the cost of doing nothing.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::{Bench, Contender, Figure, measure};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::{switches, until};
use crate::workers::monotonic;

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let seconds = bench.amount(10, 4) as u64;
    vec![after_kill(), crashing(200, seconds), idle(100, seconds)]
}

/// From SIGKILL until the new process executes.
fn after_kill() -> Figure {
    let measures = [measure("wall", "ms")];
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
        for round in 1..=5 {
            until("the program", || stamps(&file).len() == round);
            // It is RUNNING, and Supervisor's loop is at rest.
            std::thread::sleep(Duration::from_millis(1200));
            let (_, pid) = stamps(&file)[round - 1];
            let began = monotonic();
            kill(Pid::from_raw(pid), Signal::SIGKILL).expect("the program runs");
            until("the next", || stamps(&file).len() > round);
            times.push((stamps(&file)[round].0 - began) as f64 / 1e6);
        }
        times.sort_by(f64::total_cmp);
        Some(vec![times[times.len() / 2]])
    })
}

fn stamps(file: &Path) -> Vec<(u64, i32)> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let stamp = |line: &str| {
        let (time, pid) = line.split_once(' ')?;
        Some((time.parse().ok()?, pid.parse().ok()?))
    };
    // The last line may be incomplete.
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .filter_map(|line| stamp(line.trim()))
        .collect()
}

/// Programs that end at once and are restarted forever.
fn crashing(count: usize, seconds: u64) -> Figure {
    let title = format!("{count} programs that crash permanently");
    Figure::new(title, &[measure("CPU per restart", "µs")], move |bench, contender| {
        let sections = format!(
            "[program:c]\ncommand=/bin/false\nnumprocs={count}\nprocess_name=%(process_num)d\n\
             startsecs=0\nautorestart=true\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
        );
        let daemon = Daemon::supervisord(bench, contender, &sections)?;
        until("the first exits", || daemon.logged("exited: ") >= count);
        let (restarts, before) = (daemon.logged("spawned: "), daemon.processor_time());
        std::thread::sleep(Duration::from_secs(seconds));
        let restarts = daemon.logged("spawned: ") - restarts;
        let cpu = daemon.processor_time() - before;
        assert!(restarts > 0, "nothing was restarted");
        Some(vec![cpu * 1e6 / restarts as f64])
    })
}

fn idle(count: usize, seconds: u64) -> Figure {
    let measures = [measure("wake-ups", "1/s"), measure("CPU", "ms/s")];
    Figure::new(format!("{count} idle programs"), &measures, move |bench, contender| {
        let daemon = Daemon::supervisord(bench, contender, &sleepers(count, ""))?;
        daemon.wait_running(count);
        std::thread::sleep(Duration::from_secs(1));
        let (woken, before, began) =
            (switches(daemon.pid()), daemon.processor_time(), Instant::now());
        std::thread::sleep(Duration::from_secs(seconds));
        let passed = began.elapsed().as_secs_f64();
        let woken = (switches(daemon.pid()) - woken) / passed;
        Some(vec![woken, (daemon.processor_time() - before) * 1e3 / passed])
    })
}
