use super::super::effect::WaitStatus;
use super::super::sim::{Simulation, one, program};
use super::*;

fn tree(cpu_millis: u64, memory: u64) -> TreeUsage {
    let cpu = Duration::from_millis(cpu_millis);
    TreeUsage { cpu, memory, descriptors: Some(7), processes: 1 }
}

/// The child that runs uses this now.
fn look(resources: &mut Resources, sim: &Simulation, usage: TreeUsage) {
    let trees = sim.alive.keys().map(|pid| (*pid, usage)).collect();
    resources.take(&sim.core, &Sample { trees, ..Sample::default() }, sim.now);
}

fn running() -> (Resources, Simulation) {
    let mut sim = one(program("web"));
    sim.advance(20);
    let mut resources = Resources::default();
    resources.begin(sim.now.mono);
    (resources, sim)
}

#[test]
fn the_processor_is_used_between_two_looks() {
    let (mut resources, mut sim) = running();
    look(&mut resources, &sim, tree(5_000, 1));
    let current = |resources: &Resources, sim: &Simulation| {
        resources.current(sim.process("web")).map(|it| it.cpu_percent.round() as u64)
    };
    // Since its start.
    assert_eq!(current(&resources, &sim), Some(25));
    sim.advance(2);
    look(&mut resources, &sim, tree(8_000, 1));
    assert_eq!(current(&resources, &sim), Some(150));
    assert_eq!(resources.cpu(sim.process("web")), Duration::from_secs(8));
    // A member of the tree has gone, and its time with it.
    sim.advance(2);
    look(&mut resources, &sim, tree(1_000, 1));
    assert_eq!(current(&resources, &sim), Some(0));
    assert_eq!(resources.cpu(sim.process("web")), Duration::from_secs(8));
}

#[test]
fn another_child_is_not_the_previous_one() {
    let (mut resources, mut sim) = running();
    look(&mut resources, &sim, tree(5_000, 1));
    sim.terminate("web", WaitStatus::Exited(3));
    assert_eq!(resources.current(sim.process("web")), None);
    sim.advance(4);
    assert!(sim.process("web").pid().is_some());
    assert_eq!(resources.current(sim.process("web")), None);
    look(&mut resources, &sim, tree(2_000, 9));
    let current = resources.current(sim.process("web")).unwrap();
    assert_eq!((current.memory, current.cpu_percent.round() as u64), (9, 50));
    assert_eq!(resources.cpu(sim.process("web")), Duration::from_secs(7));
    assert_eq!(sim.process("web").restarts(), 1);
}

#[test]
fn a_minute_has_the_average_and_marks() {
    let (mut resources, mut sim) = running();
    for second in [60, 120, 180_u64] {
        let deadline = resources.deadline().unwrap();
        sim.run_to(deadline);
        assert!(resources.is_due(sim.now.mono));
        if second == 120 {
            sim.terminate("web", WaitStatus::Exited(3));
            sim.run_to(deadline);
            sim.advance(0);
        }
        look(&mut resources, &sim, tree(6_000 * second / 60, 4096));
        assert!(!resources.is_due(sim.now.mono));
    }
    let (begin, minutes) = resources.minutes(sim.process("web"), 4, sim.now);
    assert_eq!(minutes.len(), 4);
    assert_eq!(begin.0.as_secs() % 60, sim.now.wall.0.as_secs().wrapping_sub(55) % 60);
    assert_eq!(minutes[0], Minute::default());
    assert!(minutes[1].has_started && !minutes[1].has_failed);
    assert!(minutes[2].has_failed);
    let figures = minutes[1].figures.unwrap();
    assert_eq!((figures.memory, figures.descriptors), (4096, Some(7)));
}

#[test]
fn a_day_of_a_thousand_programs_takes_less_than_eight_megabytes() {
    let track = |number: u64| {
        let mut ring = ring::Ring::default();
        let figures = MinuteFigures { cpu_percent: 1.0, memory: 1 << 20, descriptors: None };
        let minute = Minute { figures: Some(figures), ..Minute::default() };
        (0..2 * MINUTES as u64).for_each(|at| ring.put(at + number, minute));
        ring.memory() + size_of::<Track>() + "program-0000:program-0000".len()
    };
    let bytes: usize = (0..1000).map(track).sum();
    assert!(bytes < 8_000_000, "{bytes}");
}

#[test]
fn removed_programs_are_forgotten_after_a_day() {
    let (mut resources, mut sim) = running();
    let look_later = |resources: &mut Resources, sim: &mut Simulation, seconds: u64| {
        sim.advance(seconds);
        look(resources, sim, tree(1, 1));
    };
    look_later(&mut resources, &mut sim, 60);
    let id = sim.id("web");
    sim.stop("web");
    sim.terminate("web", WaitStatus::Exited(0));
    assert!(sim.core.remove_process(id, sim.now));
    look_later(&mut resources, &mut sim, 23 * 3600);
    assert_eq!(resources.tracks.len(), 1);
    look_later(&mut resources, &mut sim, 3600);
    assert_eq!(resources.tracks.len(), 0);
}
