//! Scenarios of updates of programs that depend on each other, and of disabled ones.

use insta::assert_snapshot;

use crate::conf::config::{Group, Process};
use crate::conf::dependency::parse;
use crate::conf::diff::diff;
use crate::core::jobs::{JobId, Task, Update};
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, program};
use crate::core::state::ProcessState;

/// One group for each program; priorities in the order of the list.
fn alone(programs: &[Process]) -> Vec<Group> {
    let priorities = 1..;
    let groups = programs.iter().zip(priorities);
    groups.map(|(it, priority)| group(&it.name.clone(), priority, vec![it.clone()])).collect()
}

fn needing(name: &str, on: &str) -> Process {
    Process { depends_on: parse(on).expect("a dependency"), ..program(name) }
}

fn following(name: &str, on: &str) -> Process {
    Process { depends_restart: true, ..needing(name, on) }
}

fn changed(process: &Process) -> Process {
    Process { command: "new".to_owned(), ..process.clone() }
}

fn update(sim: &mut Simulation, groups: &[Group], max_unavailable: Option<usize>) -> JobId {
    let active = sim.core.groups().iter().map(crate::core::Group::config);
    let update = Update::new(&sim.core, &diff(active, groups), max_unavailable);
    sim.submit("all", Task::Update(update)).expect("nothing else runs")
}

/// Terminates what is being stopped until nothing is, and returns the names in that order.
fn stop_order(sim: &mut Simulation) -> Vec<String> {
    let mut order = Vec::new();
    loop {
        let stopping = |it: &&crate::core::Process| it.state() == ProcessState::Stopping;
        let names: Vec<String> =
            sim.core.processes().filter(stopping).map(|it| it.name().to_owned()).collect();
        let [name] = names.as_slice() else {
            assert!(names.is_empty(), "{names:?} are stopped at the same time");
            return order;
        };
        sim.terminate(name, TERMINATED);
        order.push(name.clone());
    }
}

fn plone() -> [Process; 3] {
    [program("zeo"), needing("instance", "zeo"), needing("varnish", "instance")]
}

#[test]
fn what_depends_on_a_process_of_another_group_is_stopped_before() {
    let old = plone();
    let mut sim = Simulation::new(alone(&old));
    sim.advance(5);
    sim.log.clear();
    let job = update(&mut sim, &alone(&old.each_ref().map(changed)), None);
    assert_eq!(stop_order(&mut sim), ["varnish", "instance", "zeo"]);
    sim.advance(5);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    for name in ["zeo", "instance", "varnish"] {
        assert_eq!(sim.process(name).config().command, "new");
        assert_eq!(sim.state(name), ProcessState::Running, "{name}\n{}", sim.log);
    }
}

#[test]
fn what_is_removed_with_its_dependency_is_stopped_before() {
    let mut sim = Simulation::new(alone(&plone()));
    sim.advance(5);
    let job = update(&mut sim, &alone(&[program("other")]), None);
    assert_eq!(stop_order(&mut sim), ["varnish", "instance", "zeo"]);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    assert_eq!(sim.core.groups().len(), 1);
}

#[test]
fn what_follows_a_changed_dependency_is_stopped_before_and_started_after_it() {
    let old = [program("zeo"), following("instance", "zeo"), needing("lax", "zeo")];
    let mut sim = Simulation::new(alone(&old));
    sim.advance(5);
    sim.log.clear();
    let [zeo, instance, lax] = old;
    let job = update(&mut sim, &alone(&[changed(&zeo), instance, lax]), None);
    assert_eq!(stop_order(&mut sim), ["instance", "zeo"]);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    sim.advance(5);
    assert_snapshot!(sim.log, @r"
    5s kill pid 102 SIGTERM
    5s stopped: instance (terminated by SIGTERM)
    5s kill pid 101 SIGTERM
    5s stopped: zeo (terminated by SIGTERM)
    5s spawned: 'zeo' with pid 104
    5s job 1 (update of all, requested through test) finished
    6s success: zeo entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    6s spawned: 'instance' with pid 105
    7s success: instance entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn a_stop_by_an_operator_takes_a_follower_out() {
    let old = [program("zeo"), following("instance", "zeo")];
    let mut sim = Simulation::new(alone(&old));
    sim.advance(5);
    let [zeo, instance] = old;
    let job = update(&mut sim, &alone(&[changed(&zeo), instance]), None);
    sim.stop("instance");
    assert_eq!(stop_order(&mut sim), ["instance", "zeo"]);
    sim.advance(5);
    assert!(sim.is_finished(job));
    assert_eq!(sim.state("instance"), ProcessState::Stopped);
}

#[test]
fn a_disabled_program_that_runs_keeps_running_as_it_is() {
    for max_unavailable in [None, Some(1)] {
        let old = [program("a"), program("b"), program("c")];
        let groups = |all: &[Process]| vec![group("web", 1, all.to_vec())];
        let mut sim = Simulation::new(groups(&old));
        sim.advance(5);
        for name in ["a", "b", "c"] {
            sim.serving.insert(name.to_owned());
        }
        let mut disabled = sim.core.disabled().clone();
        disabled.insert("web", Some("b"));
        sim.core.set_disabled(disabled, sim.now);
        let new = groups(&old.each_ref().map(changed));
        let job = update(&mut sim, &new, max_unavailable);
        for _ in 0..10 {
            for name in ["a", "b", "c"] {
                if sim.state(name) == ProcessState::Stopping {
                    sim.terminate(name, TERMINATED);
                }
            }
            sim.advance(1);
        }
        assert!(sim.is_finished(job), "{}", sim.log);
        assert_eq!(
            sim.job(job).failures(),
            [
                "web: web:b keeps running with its old configuration: it is disabled; `supervisorctl \
              enable web:b` allows it to start"
            ]
        );
        let commands = ["a", "b", "c"].map(|name| sim.process(name).config().command.clone());
        assert_eq!(commands, ["new", "cmd", "new"], "{max_unavailable:?}\n{}", sim.log);
        for name in ["a", "b", "c"] {
            assert_eq!(sim.state(name), ProcessState::Running, "{name}\n{}", sim.log);
        }
        let again = update(&mut sim, &new, max_unavailable);
        assert_eq!(sim.job(again).failures().len(), 1, "it is still to be changed");
    }
}

#[test]
fn a_disabled_program_that_is_down_gets_its_new_configuration() {
    let old = program("a");
    let mut sim = Simulation::new(alone(std::slice::from_ref(&old)));
    sim.advance(5);
    sim.stop("a");
    sim.terminate("a", TERMINATED);
    sim.disable("a");
    let job = update(&mut sim, &alone(&[changed(&old)]), None);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    assert_eq!(sim.process("a").config().command, "new");
    assert_eq!(sim.state("a"), ProcessState::Stopped);
}

#[test]
fn a_disabled_dependant_is_not_restarted_with_its_dependency() {
    let mut sim = Simulation::new(alone(&[program("zeo"), following("instance", "zeo")]));
    sim.advance(5);
    sim.disable("instance");
    sim.terminate("zeo", KILLED);
    sim.advance(5);
    assert_eq!(sim.state("zeo"), ProcessState::Running);
    assert_eq!(sim.state("instance"), ProcessState::Running, "it is left as it is");
    let job = sim.stop("zeo");
    assert_eq!(stop_order(&mut sim), ["zeo"]);
    assert!(sim.is_finished(job));
    sim.start("zeo");
    sim.advance(5);
    assert_eq!(sim.log.matches("spawned: 'instance'").count(), 1, "{}", sim.log);
}

#[test]
fn a_dependant_that_is_disabled_while_it_stops_is_not_started_again() {
    let mut sim = Simulation::new(alone(&[program("zeo"), following("instance", "zeo")]));
    sim.advance(5);
    sim.terminate("zeo", KILLED);
    assert_eq!(sim.state("instance"), ProcessState::Stopping);
    sim.disable("instance");
    sim.terminate("instance", TERMINATED);
    sim.advance(60);
    assert_eq!(sim.state("instance"), ProcessState::Stopped);
    assert_eq!(sim.log.matches("spawned: 'instance'").count(), 1, "{}", sim.log);
}
