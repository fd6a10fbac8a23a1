//! Start, memory and shutdown, with more and more programs.

use std::time::{Duration, Instant};

use crate::bench::Goal::{AtMost, TimesBetter, TimesTheCost};
use crate::bench::{Bench, Contender, Figure, Goal, measure};
use crate::client::request;
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::figures::services;
use crate::kernel::{
    children, most_descriptors, private, processor_time, processor_time_of_tree, resident, until,
};

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    // Each program needs three descriptors, and the daemon some.
    let most = ((most_descriptors().min(65_536) - 500) / 3).min(10_000);
    let mut figures = vec![
        answering(0, &[TimesTheCost(3.0)]),
        answering(100, &[TimesBetter(30.0)]),
        answering(bench.amount(1000, 300), &[TimesBetter(200.0)]),
        empty(),
        program_size(),
    ];
    figures.extend(bench.curve(&[10, 100, 1000, most], 100).into_iter().map(running));
    figures.push(start_all(bench.amount(1000, 200)));
    figures
}

/// Until the daemon answers a call.
fn answering(count: usize, goals: &'static [Goal]) -> Figure {
    let measures = [measure("wall", "ms").goal(goals), measure("CPU", "ms")];
    let title = format!("start with {count} programs until it answers");
    Figure::new(title, &measures, move |bench, contender| {
        let began = Instant::now();
        let daemon = match contender {
            Contender::Reference if count == 0 => {
                Daemon::worker(bench, &["responder", "s.sock", "canned", "0"])
            }
            _ => Daemon::supervisord(bench, contender, &sleepers(count, ""))?,
        };
        drop(daemon.client());
        Some(vec![began.elapsed().as_secs_f64() * 1e3, daemon.processor_time() * 1e3])
    })
}

/// A daemon that has nothing to do.
fn empty() -> Figure {
    let measures =
        [measure("RSS", "MB").goal(&[AtMost(3.0)]), measure("private", "MB").goal(&[AtMost(1.0)])];
    Figure::new("memory without programs", &measures, |bench, contender| {
        let daemon = Daemon::supervisord(bench, contender, "")?;
        drop(daemon.client());
        std::thread::sleep(REST);
        Some(vec![resident(daemon.pid()), private(daemon.pid())])
    })
}

fn program_size() -> Figure {
    let measures = [measure("size", "MB").goal(&[AtMost(10.0)])];
    Figure::new("the program", &measures, |_, contender| {
        (contender == Contender::Supkit).then(|| vec![Bench::program_size()])
    })
}

/// After this time without work a daemon may have returned memory.
const REST: Duration = Duration::from_secs(2);

/// Until all programs run; then until all have ended.
fn running(count: usize) -> Figure {
    let of_1000 = |goals| if count == 1000 { goals } else { &[][..] };
    let shutdown: &[Goal] = if count == 1000 { &[TimesBetter(20.0)] } else { &[] };
    let measures = [
        measure("wall", "ms").goal(&[TimesTheCost(2.0)]),
        measure("CPU", "ms").goal(of_1000(&[TimesTheCost(2.5)])),
        measure("CPU with programs", "ms").goal(of_1000(&[TimesTheCost(1.8)])),
        measure("RSS", "MB").goal(of_1000(&[TimesBetter(7.0)])),
        measure("private memory", "MB").goal(of_1000(&[AtMost(3.0)])),
        measure("shutdown", "ms").goal(shutdown),
    ];
    let title = format!("{count} programs until all run");
    let figure = Figure::new(title, &measures, move |bench, contender| {
        let (began, mut daemon) = (Instant::now(), all_running(bench, contender, count)?);
        let wall = began.elapsed().as_secs_f64();
        let parts = parts(&daemon, contender);
        let sum = |of: fn(u32) -> f64| parts.iter().copied().map(of).sum::<f64>();
        let (cpu, of_tree) = (sum(processor_time), processor_time_of_tree(daemon.pid()));
        std::thread::sleep(REST);
        let (resident, private) = (sum(resident), sum(private));
        let shutdown = daemon.terminate().as_secs_f64();
        Some(vec![wall * 1e3, cpu * 1e3, of_tree * 1e3, resident, private, shutdown * 1e3])
    });
    figure.long_if(count > 1000)
}

/// The processes that supervise: runit and s6 have one for each service.
fn parts(daemon: &Daemon, contender: Contender) -> Vec<u32> {
    let has_helpers = matches!(contender, Contender::Runit | Contender::S6);
    let helpers = if has_helpers { children(daemon.pid()) } else { Vec::new() };
    [daemon.pid()].into_iter().chain(helpers).collect()
}

/// A daemon whose programs run.
fn all_running(bench: &Bench, contender: Contender, count: usize) -> Option<Daemon> {
    match contender {
        // It would take minutes.
        Contender::Supervisor if count > 1000 => None,
        Contender::Supkit | Contender::Supervisor => {
            let daemon = Daemon::supervisord(bench, contender, &sleepers(count, ""))?;
            daemon.wait_running(count);
            Some(daemon)
        }
        Contender::Reference => {
            let daemon = Daemon::worker(bench, &["spawner", &count.to_string(), "sleep"]);
            until("the reference", || daemon.at("up").exists());
            Some(daemon)
        }
        Contender::Runit | Contender::S6 => services::start(contender, count),
    }
}

/// One call that starts all programs.
fn start_all(count: usize) -> Figure {
    let measures = [measure("wall", "ms"), measure("CPU", "ms").goal(&[TimesBetter(20.0)])];
    let title = format!("startAllProcesses with {count} programs");
    Figure::new(title, &measures, move |bench, contender| {
        let programs = sleepers(count, "autostart=false\n");
        let daemon = Daemon::supervisord(bench, contender, &programs)?;
        let mut client = daemon.client();
        let (before, began) = (daemon.processor_time(), Instant::now());
        let reply = client.call(&request("supervisor.startAllProcesses", &[])).expect("a reply");
        let started = reply.windows(11).filter(|it| it == b"<name>group").count();
        assert_eq!(started, count, "started programs");
        let wall = began.elapsed().as_secs_f64();
        Some(vec![wall * 1e3, (daemon.processor_time() - before) * 1e3])
    })
}
