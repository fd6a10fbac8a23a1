//! Events: their cost, and the time until a listener gets one.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::Goal::TimesBetter;
use crate::bench::{Bench, Figure, measure};
use crate::client::request;
use crate::daemon::Daemon;
use crate::figures::restart::{REST, ROUNDS, middle, stamps};
use crate::kernel::until;
use crate::workers::monotonic;

pub(crate) fn figures(bench: &Bench) -> Vec<Figure> {
    vec![payloads(bench.amount(3000, 1000)), after_exit()]
}

/// Events that a client sends to a listener.
fn payloads(count: usize) -> Figure {
    let measures = [measure("wall", "µs"), measure("CPU", "µs").goal(&[TimesBetter(5.0)])];
    Figure::new("an event of 1000 bytes", &measures, move |bench, contender| {
        let sections = format!(
            "[eventlistener:l]\ncommand={} --as listener {{dir}}/events\nevents=REMOTE_COMMUNICATION\n\
             buffer_size=1000000\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n",
            bench.worker.display()
        );
        let daemon = Daemon::supervisord(bench, contender, &sections)?;
        let mut client = daemon.client();
        daemon.wait_running(1);
        let payload = "x".repeat(1000);
        let call = request("supervisor.sendRemoteCommEvent", &["bench", &payload]);
        let (before, began) = (daemon.processor_time(), Instant::now());
        for _ in 0..count {
            let reply = client.call(&call).expect("a reply");
            assert!(reply.ends_with(b"</methodResponse>\n"), "the reply is cut");
        }
        let wanted = format!("{count} {}", count * payload.len());
        until("the events", || {
            std::fs::read_to_string(daemon.at("events")).is_ok_and(|text| text == wanted)
        });
        let wall = began.elapsed().as_secs_f64();
        let cpu = daemon.processor_time() - before;
        Some([wall, cpu].map(|seconds| seconds * 1e6 / count as f64).to_vec())
    })
}

/// From SIGKILL of a program until a listener has the event.
fn after_exit() -> Figure {
    let measures = [measure("wall", "ms")];
    Figure::new("SIGKILL until the event", &measures, |bench, contender| {
        let worker = bench.worker.display();
        let sections = format!(
            "[program:s]\ncommand={worker} --as stamp {{dir}}/stamps\nstdout_logfile=NONE\n\
             stderr_logfile=NONE\nautorestart=true\nstartsecs=0\n\
             [eventlistener:l]\ncommand={worker} --as stamping-listener {{dir}}/events\n\
             events=PROCESS_STATE_EXITED\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
        );
        let daemon = Daemon::supervisord(bench, contender, &sections)?;
        let (programs, events) = (daemon.at("stamps"), daemon.at("events"));
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            until("the program", || stamps(&programs).len() > round);
            std::thread::sleep(REST);
            let (_, pid) = stamps(&programs)[round];
            let began = monotonic();
            kill(Pid::from_raw(pid), Signal::SIGKILL).expect("the program runs");
            until("the event", || stamps(&events).len() > round);
            times.push((stamps(&events)[round].0 - began) as f64 / 1e6);
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(vec![middle(times)])
    })
}
