//! Large configurations, whose programs are not started.

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::bench::Goal::{TimesBetter, TimesTheCost};
use crate::bench::{Bench, Contender, Figure, Goal, measure};
use crate::client::request;
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::figures::ctl;
use crate::kernel::{self, resident};

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    bench.curve(&[10, 100, 1000, 5000, 10_000], 1000).into_iter().map(sections).collect()
}

fn sections(count: usize) -> Figure {
    let is_large = matches!(count, 1000 | 5000);
    let goals = |goals: &'static [Goal]| if is_large { goals } else { &[] };
    let memory: &[Goal] = if count == 5000 { &[TimesBetter(4.0)] } else { &[] };
    let measures = [
        measure("start", "ms").goal(goals(&[TimesBetter(40.0)])),
        measure("reread", "ms").goal(goals(&[TimesTheCost(20.0), TimesBetter(60.0)])),
        measure("reread, CPU", "ms"),
        measure("status", "ms"),
        measure("update of one", "ms"),
        measure("RSS", "MB").goal(memory),
    ];
    let title = format!("configuration of {count} programs");
    let figure = Figure::new(title, &measures, move |bench, contender| {
        let text = sleepers(count, "autostart=false\n");
        if contender == Contender::Reference {
            return Some(one_pass(bench, &text));
        }
        let began = Instant::now();
        let daemon = Daemon::supervisord(bench, contender, &text)?;
        let mut client = daemon.client();
        let start = began.elapsed().as_secs_f64() * 1e3;
        let (before, began) = (daemon.processor_time(), Instant::now());
        let reply = client.call(&request("supervisor.reloadConfig", &[])).expect("a reply");
        assert!(!reply.windows(5).any(|it| it == b"fault"), "reloadConfig failed");
        let reread = began.elapsed().as_secs_f64() * 1e3;
        let reread_cpu = (daemon.processor_time() - before) * 1e3;
        let resident = resident(daemon.pid());
        let (status, _) = ctl::run(bench, contender, &daemon, &["status"], count)?;
        change_one(&daemon);
        let (update, _) = ctl::run(bench, contender, &daemon, &["update"], 2)?;
        Some(vec![start, reread, reread_cpu, status, update, resident])
    });
    figure.long_if(count > 1000)
}

fn change_one(daemon: &Daemon) {
    let file = daemon.at("s.conf");
    let text = fs::read_to_string(&file).expect("the configuration");
    let changed = text.replacen("[program:p3]\n", "[program:p3]\nstartretries=7\n", 1);
    assert_ne!(text, changed);
    fs::write(&file, changed).expect("the configuration can be written");
}

/// The program that only reads the file; its start is part of its time.
fn one_pass(bench: &Bench, text: &str) -> Vec<f64> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("s.conf");
    fs::write(&file, text).expect("the configuration can be written");
    let (before, began) = (kernel::processor_time_of_children(), Instant::now());
    let (status, ..) =
        kernel::run(Command::new(&bench.worker).args(["--as", "sections"]).arg(&file));
    assert!(status.success(), "the reference failed");
    let wall = began.elapsed().as_secs_f64() * 1e3;
    let cpu = (kernel::processor_time_of_children() - before) * 1e3;
    vec![wall, wall, cpu, f64::NAN, f64::NAN, f64::NAN]
}
