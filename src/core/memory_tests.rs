//! Stories of programs that use too much memory.

use super::rolling_tests::instance;
use super::sim::{Simulation, group, one};
use crate::conf::config::Process;

#[test]
fn a_program_that_uses_too_much_memory_is_replaced_one_at_a_time() {
    let limited = |name| Process { memory_max_restart: 100 << 20, ..instance(name) };
    let mut sim = Simulation::new(vec![group("web", 1, vec![limited("a"), limited("b")])]);
    sim.serving.extend(["a".to_owned(), "b".to_owned()]);
    sim.pass(5);
    let pids: Vec<i32> = sim.alive.keys().map(|pid| pid.0).collect();
    sim.memory.extend([("a".to_owned(), 101 << 20), ("b".to_owned(), 150 << 20)]);
    sim.log.clear();
    for _ in 0..40 {
        sim.pass(1);
        if sim.process("a").pid().is_some_and(|pid| !pids.contains(&pid.0)) {
            sim.memory.remove("a");
        }
        assert!(sim.avoided.len() <= 1, "one at a time");
    }
    assert!(sim.log.contains("web:a is restarted: it uses 101.0 MB of memory, more than 100.0 MB"));
    assert!(!sim.log.contains("web:b is restarted"), "it has to wait for the next measurement");
    sim.pass(30);
    assert!(sim.log.contains("web:b is restarted: it uses 150.0 MB of memory"), "{}", sim.log);
    assert!(sim.avoided.is_empty());
}

#[test]
fn too_much_memory_is_a_reason_to_restart_what_cannot_be_drained() {
    let mut sim = one(Process { memory_max_restart: 1000, ..instance("web") });
    sim.serving.insert("web".to_owned());
    sim.pass(5);
    sim.memory.insert("web".to_owned(), 1001);
    sim.failing.insert("web: drain at Varnish".to_owned());
    sim.pass(30);
    sim.memory.clear();
    assert!(sim.log.contains("web could not be drained: refused"), "{}", sim.log);
    assert_eq!(sim.process("web").pid().map(|pid| pid.0), Some(102));
}
