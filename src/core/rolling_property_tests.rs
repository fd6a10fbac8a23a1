//! Rolling restarts under random events.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::rolling_tests::serving;
use crate::core::sim::{KILLED, Simulation};
use crate::core::state::ProcessState;

/// What happens to the instances from outside.
#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(u64),
    Kill(usize),
    Stop(usize),
    Start(usize),
    Serve(usize, bool),
    Fail(usize, bool),
    Hang(usize, bool),
    Busy(usize, u64),
    Roll(u8, usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let at = || 0..4_usize;
    let event = prop_oneof![
        6 => (1..40_u64).prop_map(Event::Pass),
        1 => at().prop_map(Event::Kill),
        1 => at().prop_map(Event::Stop),
        2 => at().prop_map(Event::Start),
        2 => (at(), any::<bool>()).prop_map(|(at, on)| Event::Serve(at, on)),
        1 => (at(), any::<bool>()).prop_map(|(at, on)| Event::Fail(at, on)),
        1 => (at(), any::<bool>()).prop_map(|(at, on)| Event::Hang(at, on)),
        1 => (at(), 0..200_u64).prop_map(|(at, number)| Event::Busy(at, number)),
        3 => (1..16_u8, 1..4_usize).prop_map(|(which, max)| Event::Roll(which, max)),
    ];
    proptest::collection::vec(event, 1..40)
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn toggle(set: &mut BTreeSet<String>, text: String, on: bool) {
    if on {
        set.insert(text);
    } else {
        set.remove(&text);
    }
}

fn apply(sim: &mut Simulation, event: Event) {
    match event {
        Event::Pass(tenths) => {
            for _ in 0..tenths {
                sim.advance_millis(100);
                sim.end_stopping();
            }
        }
        Event::Kill(at) => {
            if sim.process(NAMES[at]).pid().is_some() {
                sim.terminate(NAMES[at], KILLED);
            }
        }
        Event::Stop(at) => drop(sim.stop(NAMES[at])),
        Event::Start(at) => drop(sim.start(NAMES[at])),
        Event::Serve(at, on) => toggle(&mut sim.serving, NAMES[at].to_owned(), on),
        Event::Fail(at, on) => {
            toggle(&mut sim.failing, format!("{}: drain at HAProxy", NAMES[at]), on);
        }
        Event::Hang(at, on) => {
            toggle(&mut sim.hanging, format!("{}: enable at Varnish", NAMES[at]), on);
        }
        Event::Busy(at, number) => drop(sim.connections.insert(NAMES[at].to_owned(), number)),
        Event::Roll(which, max) => {
            let names: Vec<&str> =
                (0..4).filter(|at| which >> at & 1 == 1).map(|at| NAMES[at]).collect();
            let _ = sim.roll(&names, max);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever happens, no rolling restart has more processes out of service than it may, and in the
    /// end what serves is in service.
    #[test]
    fn never_more_are_out_of_service_than_may_be(events in events()) {
        let mut sim = serving(&NAMES);
        sim.snapshot_interval = 50;
        for event in events {
            apply(&mut sim, event);
            for job in sim.core.jobs().filter(|it| it.finished().is_none()) {
                let Some(rolling) = job.rolling() else { continue };
                let out = rolling.active.keys().count();
                prop_assert!(out <= rolling.max_unavailable, "{event:?}: {}", sim.log);
            }
        }
        sim.hanging.clear();
        sim.failing.clear();
        sim.connections.clear();
        sim.serving.extend(NAMES.map(str::to_owned));
        for _ in 0..200 {
            sim.advance_millis(2000);
            sim.end_stopping();
        }
        prop_assert!(sim.core.jobs().all(|job| job.finished().is_some()), "a job does not end");
        for name in NAMES.iter().filter(|name| sim.state(name) == ProcessState::Running) {
            prop_assert!(!sim.core.is_drained(sim.id(name)), "{name} is out of service: {}", sim.log);
        }
    }
}
