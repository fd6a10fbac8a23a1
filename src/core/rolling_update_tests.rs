//! Scenarios of an update that replaces instances one after the other.

use insta::assert_snapshot;

use super::jobs::{JobId, Task, Update};
use super::rolling_tests::{instance, serving};
use crate::conf::config::Process;
use crate::conf::diff::diff;
use crate::core::sim::{Simulation, group};

/// What `update --rolling` does with a new configuration of the groups.
fn update(sim: &mut Simulation, groups: &[crate::conf::config::Group]) -> JobId {
    let active = sim.core.groups().iter().map(crate::core::Group::config);
    let update = Update::new(&sim.core, &diff(active, groups), Some(1));
    sim.submit("all", Task::Update(update)).expect("nothing else runs")
}

fn with_command(name: &str, command: &str) -> Process {
    Process { command: command.to_owned(), ..instance(name) }
}

#[test]
fn an_update_replaces_changed_instances_one_after_the_other() {
    let mut sim = serving(&["a", "b", "gone"]);
    let new = group("web", 999, vec![with_command("a", "new"), with_command("b", "new")]);
    let job = update(&mut sim, std::slice::from_ref(&new));
    sim.pass(15);
    assert!(sim.is_finished(job));
    assert_eq!(sim.failures_of(job), "");
    let active: Vec<_> = sim.core.groups().iter().map(|it| it.config().clone()).collect();
    assert!(diff(active.iter(), &[new]).is_empty(), "nothing is left to do");
    assert_snapshot!(sim.log, @r"
      5s rolling restart: web:a is next
      5s a: drain at Varnish
      5s a: drain at HAProxy
      5s a: detach from HAProxy
      5s kill pid 101 SIGTERM
      5s waiting for a to stop
      5s stopped: a (terminated by SIGTERM)
      5s spawned: 'a' with pid 104
      5s ready: web:a
      5s a: enable at Varnish
      5s a: enable at HAProxy
      5s rolling restart: web:a is in service
      5s rolling restart: web:b is next
      5s b: drain at Varnish
      5s b: drain at HAProxy
      5s b: detach from HAProxy
      5s kill pid 102 SIGTERM
      5s waiting for b to stop
      5s stopped: b (terminated by SIGTERM)
      5s spawned: 'b' with pid 105
      6s ready: web:b
      6s b: enable at Varnish
      6s b: enable at HAProxy
      6s rolling restart: web:b is in service
      6s rolling restart: web:gone is next
      6s gone: drain at Varnish
      6s gone: drain at HAProxy
      6s success: a entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      6s gone: detach from HAProxy
      6s kill pid 103 SIGTERM
      6s waiting for gone to stop
      6s stopped: gone (terminated by SIGTERM)
      6s job 1 (update of all, requested through test) finished
      6s success: b entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn an_update_whose_first_instance_fails_changes_nothing_else() {
    let alone = |name: &str, command: &str| group(name, 1, vec![with_command(name, command)]);
    let mut sim = Simulation::new(vec![alone("a", "old"), alone("b", "old")]);
    sim.serving.extend(["a".to_owned(), "b".to_owned()]);
    sim.pass(5);
    let job = update(&mut sim, &[alone("a", "new"), alone("b", "new"), alone("c", "new")]);
    sim.serving.remove("a");
    sim.pass(320);
    assert!(sim.is_finished(job));
    let reports = sim.job(job).update().expect("it is an update").reports();
    let errors: Vec<_> = reports.iter().map(|it| it.error.clone().unwrap_or_default()).collect();
    assert_eq!(reports.len(), 3, "{reports:?}");
    let failed = reports.iter().position(|it| it.group == "a").expect("a report");
    assert!(errors[failed].starts_with("a did not become ready within 300 s"), "{errors:?}");
    let left = reports.iter().position(|it| it.group == "b").expect("a report");
    assert!(errors[left].starts_with("left as it is, because a did not become"), "{errors:?}");
    assert_eq!(sim.process("b").config().command, "old");
}

#[test]
fn a_cancelled_update_leaves_the_other_groups_as_they_are() {
    let with = |command: &str, name: &str| Process { command: command.into(), ..instance(name) };
    let groups = |command: &str| {
        let pair = vec![with(command, "a"), with(command, "b")];
        vec![group("web", 1, pair), group("other", 2, vec![with(command, "c")])]
    };
    let mut sim = Simulation::new(groups("old"));
    sim.serving.extend(["a", "b", "c"].map(str::to_owned));
    sim.advance(5);
    let active: Vec<_> =
        sim.core.groups().iter().map(crate::core::Group::config).cloned().collect();
    let update = Update::new(&sim.core, &diff(active.iter(), &groups("new")), Some(1));
    let job = sim.submit("all", Task::Update(update)).expect("nothing else runs");
    sim.core.cancel_job(job, "test", sim.now).expect("it is rolling");
    sim.pass(20);
    assert!(sim.is_finished(job));
    assert_eq!(
        sim.failures_of(job),
        "web: cancelled through test; not restarted: web:b; \
         other: left as it is, because cancelled through test"
    );
    assert!(sim.avoided.is_empty() && sim.alive.len() == 3);
}
