//! Calls: one client and several, few programs and many.

use std::time::Instant;

use crate::bench::Goal::{TimesBetter, TimesTheCost};
use crate::bench::{Bench, Contender, Figure, Goal, measure};
use crate::client::{Client, request};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::OneProcessor;

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let count = bench.amount(2000, 500);
    // supkit serves at most 500 connections.
    let clients = bench.curve(&[1, 8, 100, 450], 100).into_iter();
    let mut figures: Vec<Figure> = clients.map(|clients| get_state(count, clients)).collect();
    let of = |programs| get_all(programs, (count * 10 / programs).clamp(20, count));
    figures.extend(bench.curve(&[10, 100, 1000], 100).into_iter().map(of));
    figures
}

fn get_state(count: usize, clients: usize) -> Figure {
    let goals: (&[Goal], &[Goal]) = match clients {
        1 => (&[TimesBetter(5.0), TimesTheCost(1.3)], &[TimesBetter(15.0), TimesTheCost(1.3)]),
        _ => (&[], &[]),
    };
    let title = format!("getState, {clients} client{}", if clients == 1 { "" } else { "s" });
    calls(title, goals, Calls { method: "getState", programs: 3, count, clients })
}

fn get_all(programs: usize, count: usize) -> Figure {
    let cpu: &[Goal] = match programs {
        100 => &[TimesTheCost(2.5), TimesBetter(35.0)],
        1000 => &[TimesTheCost(2.5), TimesBetter(250.0)],
        _ => &[TimesTheCost(2.5)],
    };
    let calls_ = Calls { method: "getAllProcessInfo", programs, count, clients: 1 };
    calls(format!("getAllProcessInfo of {programs} programs"), (&[], cpu), calls_)
}

#[derive(Clone, Copy)]
struct Calls {
    method: &'static str,
    programs: usize,
    /// How many in all.
    count: usize,
    clients: usize,
}

fn calls(title: String, goals: (&'static [Goal], &'static [Goal]), calls: Calls) -> Figure {
    let measures = [measure("wall", "µs").goal(goals.0), measure("CPU", "µs").goal(goals.1)];
    Figure::new(title, &measures, move |bench, contender| {
        let Calls { method, programs, count, clients } = calls;
        let _one = OneProcessor::enter();
        let daemon = serving(bench, contender, method, programs)?;
        let connect = |_| Client::connect(&daemon.at("s.sock")).expect("a connection");
        let mut clients: Vec<Client> = (0..clients).map(connect).collect();
        let call = request(&format!("supervisor.{method}"), &[]);
        let length = clients[0].call(&call).expect("a reply").len();
        let rounds = count.div_ceil(clients.len());
        let (before, began) = (daemon.processor_time(), Instant::now());
        for _ in 0..rounds {
            for client in &mut clients {
                client.send(&call).expect("the request is accepted");
            }
            for client in &mut clients {
                let reply = client.receive().expect("a reply");
                assert!(reply.ends_with(b"</methodResponse>\n"), "the reply is cut");
                // The uptime in it may become longer.
                let difference = reply.len().abs_diff(length);
                assert!(difference <= 4 * programs, "the reply is not complete");
            }
        }
        let wall = began.elapsed().as_secs_f64();
        let cpu = daemon.processor_time() - before;
        let all = (rounds * clients.len()) as f64;
        Some([wall, cpu].map(|seconds| seconds * 1e6 / all).to_vec())
    })
}

fn serving(bench: &Bench, contender: Contender, method: &str, programs: usize) -> Option<Daemon> {
    if contender == Contender::Reference {
        let kind = if method == "getState" { "canned" } else { "processes" };
        let daemon = Daemon::worker(bench, &["responder", "s.sock", kind, &programs.to_string()]);
        drop(daemon.client());
        return Some(daemon);
    }
    let daemon = Daemon::supervisord(bench, contender, &sleepers(programs, ""))?;
    daemon.wait_running(programs);
    drop(daemon.client());
    Some(daemon)
}
