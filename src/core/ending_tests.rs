//! Scenarios of programs whose end ends the daemon, and of delays before restarts.

use std::time::Duration;

use crate::conf::config::{AutoRestart, Config, Process};
use crate::core::effect::WaitStatus;
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, one, program};
use crate::core::state::ProcessState;

fn pair(first: Process) -> Simulation {
    Simulation::new(vec![group("main", 1, vec![first]), group("side", 2, vec![program("side")])])
}

fn essential() -> Process {
    Process { essential: true, autorestart: AutoRestart::Never, ..program("main") }
}

/// Terminates what is being stopped, and returns whether the daemon has exited.
fn has_exited(sim: &mut Simulation, names: &[&str]) -> bool {
    for name in names {
        assert_eq!(sim.state(name), ProcessState::Stopping, "{name}\n{}", sim.log);
        sim.terminate(name, TERMINATED);
    }
    sim.log.contains("exit restart=false")
}

fn when_done(mut sim: Simulation) -> Simulation {
    let mut config: Config = sim.core.config().clone();
    config.supervisord.exit_when_done = true;
    sim.core.replace_config(config);
    sim
}

#[test]
fn the_end_of_an_essential_program_ends_the_daemon_with_its_status() {
    for (status, want) in [
        (WaitStatus::Exited(7), 7),
        (WaitStatus::Exited(0), 0),
        (WaitStatus::Signaled { signal: 11, core_dumped: true }, 139),
    ] {
        let mut sim = pair(essential());
        sim.advance(2);
        sim.terminate("main", status);
        assert!(has_exited(&mut sim, &["side"]));
        assert_eq!(sim.core.exit_status(), want);
    }
    let mut sim = pair(Process { startretries: 0, ..essential() });
    sim.terminate("main", WaitStatus::Exited(0));
    assert_eq!(sim.state("main"), ProcessState::Fatal);
    assert!(has_exited(&mut sim, &["side"]));
    assert_eq!(sim.core.exit_status(), 1, "it did not stay up");
}

#[test]
fn an_essential_program_that_is_restarted_or_stopped_ends_nothing() {
    let mut sim = pair(Process { autorestart: AutoRestart::Always, ..essential() });
    sim.advance(2);
    sim.terminate("main", KILLED);
    sim.advance(2);
    assert_eq!(sim.state("main"), ProcessState::Running);
    sim.stop("main");
    sim.terminate("main", TERMINATED);
    sim.advance(60);
    assert_eq!(sim.state("side"), ProcessState::Running);
    sim.shutdown();
    assert!(has_exited(&mut sim, &["side"]));
    assert_eq!(sim.core.exit_status(), 0, "a shutdown on request is a success");
}

#[test]
fn the_daemon_exits_when_all_programs_have_ended() {
    let task = |name| Process { startsecs: 0, autorestart: AutoRestart::Never, ..program(name) };
    let groups = vec![group("g", 1, vec![task("a"), task("b"), task("c")])];
    let mut sim = when_done(Simulation::new(groups));
    sim.advance(1);
    sim.terminate("a", WaitStatus::Exited(0));
    sim.terminate("b", WaitStatus::Exited(4));
    assert!(!sim.log.contains("exit restart"), "{}", sim.log);
    sim.terminate("c", WaitStatus::Exited(0));
    assert!(has_exited(&mut sim, &[]));
    assert_eq!(sim.core.exit_status(), 4);
}

#[test]
fn a_program_that_was_stopped_leaves_the_daemon_for_the_next_start() {
    let mut sim = when_done(one(program("web")));
    sim.advance(2);
    sim.stop("web");
    sim.terminate("web", TERMINATED);
    sim.advance(60);
    assert!(!sim.log.contains("exit restart"), "{}", sim.log);
}

/// The seconds between failed starts.
fn pauses(process: Process, count: usize) -> Vec<u64> {
    let mut sim = one(process);
    let mut pauses = Vec::new();
    for _ in 0..count {
        let before = sim.second();
        sim.terminate("web", WaitStatus::Exited(1));
        assert_ne!(sim.state("web"), ProcessState::Fatal);
        while sim.state("web") == ProcessState::Backoff {
            sim.advance(1);
        }
        pauses.push(sim.second() - before);
    }
    pauses
}

#[test]
fn retries_may_be_endless_and_their_delay_chosen() {
    let endless = || Process { startretries: -1, startsecs: 100, ..program("web") };
    let seconds = |it| Some(Duration::from_secs(it));
    assert_eq!(pauses(endless(), 6), [1, 2, 3, 4, 5, 6], "as Supervisor's");
    let fixed = Process { restartdelay: seconds(7), ..endless() };
    assert_eq!(pauses(fixed, 3), [7, 7, 7]);
    let growing = Process { restartdelaymax: seconds(20), restartdelay: seconds(3), ..endless() };
    assert_eq!(pauses(growing, 5), [3, 6, 12, 20, 20]);
    let bounded = Process { restartdelaymax: seconds(2), ..endless() };
    assert_eq!(pauses(bounded, 4), [1, 2, 2, 2]);
    let many = Process { restartdelay: seconds(1), restartdelaymax: seconds(5), ..endless() };
    assert_eq!(pauses(many, 40).last(), Some(&5));
}

#[test]
fn a_delay_applies_after_an_exit_too() {
    let web = Process {
        restartdelay: Some(Duration::from_secs(30)),
        autorestart: AutoRestart::Always,
        ..program("web")
    };
    let mut sim = one(web);
    sim.advance(10);
    sim.terminate("web", WaitStatus::Exited(0));
    sim.advance(29);
    assert_eq!(sim.state("web"), ProcessState::Exited);
    sim.advance(1);
    assert_eq!(sim.state("web"), ProcessState::Starting);
}
