//! Calls: one client and several.

use std::time::Instant;

use crate::bench::{Bench, Contender, Figure, measure};
use crate::client::{Client, request};
use crate::conf::sleepers;
use crate::daemon::Daemon;
use crate::kernel::until;

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    let few = bench.amount(2000, 500);
    let mut figures = vec![
        calls("getState", 3, few, 1),
        calls("getState", 3, few, 8),
        calls("getAllProcessInfo", 10, few, 1),
        calls("getAllProcessInfo", 100, few / 4, 1),
    ];
    if !bench.is_quick {
        figures.push(calls("getState", 3, few, 100));
        figures.push(calls("getAllProcessInfo", 1000, 50, 1));
    }
    figures
}

fn calls(method: &'static str, programs: usize, count: usize, clients: usize) -> Figure {
    let of = if method == "getState" { String::new() } else { format!(" of {programs}") };
    let title = format!("{method}{of}, {clients} client{}", if clients == 1 { "" } else { "s" });
    let measures = [measure("wall", "µs"), measure("CPU", "µs")];
    Figure::new(title, &measures, move |bench, contender| {
        let daemon = serving(bench, contender, method, programs)?;
        let connect = || Client::connect(&daemon.at("s.sock"));
        // The reference serves one client after the other.
        let clients = if contender == Contender::Reference { 1 } else { clients };
        let mut clients: Vec<Client> = (0..clients).filter_map(|_| connect()).collect();
        let call = request(&format!("supervisor.{method}"));
        let length = clients[0].call(&call).expect("a reply").len();
        let (before, began) = (daemon.processor_time(), Instant::now());
        for at in 0..count {
            let at = at % clients.len();
            let reply = clients[at].call(&call).expect("a reply");
            assert!(reply.ends_with(b"</methodResponse>\n"), "the reply is cut");
            // The uptime in it may become longer.
            assert!(reply.len().abs_diff(length) <= 4 * programs, "the reply is not complete");
        }
        let wall = began.elapsed().as_secs_f64();
        let cpu = daemon.processor_time() - before;
        Some([wall, cpu].map(|seconds| seconds * 1e6 / count as f64).to_vec())
    })
}

fn serving(bench: &Bench, contender: Contender, method: &str, programs: usize) -> Option<Daemon> {
    if contender == Contender::Reference {
        let kind = if method == "getState" { "canned" } else { "processes" };
        let daemon = Daemon::worker(bench, &["responder", "s.sock", kind, &programs.to_string()]);
        until("the socket", || daemon.at("s.sock").exists());
        return Some(daemon);
    }
    let daemon = Daemon::supervisord(bench, contender, &sleepers(programs, ""))?;
    daemon.wait_running(programs);
    drop(daemon.client());
    Some(daemon)
}
