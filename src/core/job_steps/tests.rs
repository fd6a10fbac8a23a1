//! Scenarios of jobs whose client disconnected, that conflict with other jobs, or that fail.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::conf::config::{AutoRestart, Group, Process};
use crate::conf::diff::diff;
use crate::core::effect::WaitStatus;
use crate::core::jobs::{Conflict, GroupReport, JobId, Scope, Task, Update};
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, one, program};
use crate::core::state::ProcessState;

impl Simulation {
    /// What `update --minimal` does with a new configuration of the groups.
    fn update(&mut self, groups: &[Group]) -> Result<JobId, Conflict> {
        let active = self.core.groups().iter().map(crate::core::Group::config);
        let update = Update::new(&self.core, &diff(active, groups), None);
        self.submit("all", Task::Update(update))
    }

    fn restart(&mut self, name: &str) -> Result<JobId, Conflict> {
        let id = self.id(name);
        self.submit(name, Task::Restart(Scope::One(id)))
    }

    fn failures(&self, job: JobId) -> String {
        self.job(job).failures().join("; ")
    }

    fn reports(&self, job: JobId) -> &[GroupReport] {
        self.job(job).update().expect("it is an update").reports()
    }

    /// `group action: process action, ...`
    fn summary(&self, job: JobId) -> Vec<String> {
        let words = |report: &GroupReport| {
            let members: Vec<String> = report
                .members
                .iter()
                .map(|it| format!("{} {}", it.process, it.action.name()))
                .collect();
            format!("{} {}: {}", report.group, report.action.name(), members.join(", "))
        };
        self.reports(job).iter().map(words).collect()
    }
}

fn with_command(name: &str, command: &str) -> Process {
    Process { command: command.to_owned(), ..program(name) }
}

fn pair(command_of_a: &str) -> Vec<Group> {
    vec![group("g", 999, vec![with_command("a", command_of_a), program("b")])]
}

/// A client that waits is not part of a job, so here it has gone at once.
#[test]
fn an_update_is_finished_without_its_client() {
    let mut sim = Simulation::new(pair("old"));
    sim.advance(2);
    sim.log.clear();
    let job = sim.update(&pair("new")).expect("nothing else runs");
    assert_eq!(sim.state("a"), ProcessState::Stopping);
    assert_eq!(sim.job(job).waits_for(&sim.core), ["g:a"]);
    sim.advance(4);
    sim.terminate("a", TERMINATED);
    assert!(sim.is_finished(job));
    assert_eq!(sim.summary(job), ["g changed: a restarted"]);
    assert_snapshot!(sim.log, @r"
      2s kill pid 101 SIGTERM
      6s stopped: a (terminated by SIGTERM)
      6s spawned: 'a' with pid 103
      6s job 1 (update of all, requested through test) finished
    ");
    let again = sim.update(&pair("new")).expect("nothing else runs");
    assert_eq!(sim.summary(again), [""; 0], "the second update finds nothing to do");
}

#[test]
fn a_second_update_of_the_same_group_is_refused_and_named() {
    let mut sim = Simulation::new(pair("old"));
    sim.advance(2);
    let first = sim.update(&pair("new")).expect("nothing else runs");
    let conflict = sim.update(&pair("newer")).expect_err("the first one holds the group");
    assert_eq!(
        conflict.to_string(),
        "g is being changed by job 1 (update of all, requested through test)"
    );
    sim.terminate("a", TERMINATED);
    assert!(sim.is_finished(first));
    // No later step follows what an operator does minutes after the update.
    sim.advance(300);
    sim.log.clear();
    sim.stop("a");
    sim.terminate("a", TERMINATED);
    sim.advance(300);
    assert_snapshot!(sim.log, @r"
    302s kill pid 103 SIGTERM
    302s stopped: a (terminated by SIGTERM)
    ");
}

#[test]
fn an_update_of_another_group_runs_beside_the_first() {
    let groups = |a: &str, b: &str| {
        vec![group("a", 1, vec![with_command("a", a)]), group("b", 2, vec![with_command("b", b)])]
    };
    let mut sim = Simulation::new(groups("old", "old"));
    sim.advance(2);
    let first = sim.update(&groups("new", "old")).expect("nothing else runs");
    let active: Vec<Group> = sim.core.groups().iter().map(|it| it.config().clone()).collect();
    let new = [active[0].clone(), group("b", 2, vec![with_command("b", "new")])];
    let second = sim.update(&new).expect("it is about another group");
    sim.terminate("b", TERMINATED);
    assert!(sim.is_finished(second) && !sim.is_finished(first));
}

#[test]
fn a_group_is_removed_though_a_member_was_about_to_restart() {
    let short = Process { startsecs: 0, autorestart: AutoRestart::Always, ..program("short") };
    let mut sim = Simulation::new(vec![group("g", 999, vec![program("slow"), short])]);
    sim.advance(2);
    let job = sim.update(&[]).expect("nothing else runs");
    // Its stop takes longer than the second in which `short` would have been started again.
    sim.terminate("short", WaitStatus::Exited(0));
    sim.advance(3);
    sim.terminate("slow", TERMINATED);
    assert!(sim.is_finished(job));
    assert_eq!(sim.summary(job), ["g removed: "]);
    assert_eq!(sim.core.groups().len(), 0);
    assert!(sim.alive.is_empty(), "a process of a removed group runs");
}

#[test]
fn a_member_in_its_pause_before_a_restart_is_stopped_by_an_update() {
    let short = Process { startsecs: 0, autorestart: AutoRestart::Always, ..program("short") };
    let mut sim = Simulation::new(vec![group("g", 999, vec![program("slow"), short])]);
    sim.terminate("short", WaitStatus::Exited(0));
    assert_eq!(sim.state("short"), ProcessState::Exited);
    let job = sim.update(&[]).expect("nothing else runs");
    assert_eq!(sim.state("short"), ProcessState::Stopped);
    sim.advance(3);
    sim.terminate("slow", TERMINATED);
    assert!(sim.is_finished(job) && sim.alive.is_empty());
}

#[test]
fn a_removal_that_an_operator_prevents_is_reported() {
    let mut sim = Simulation::new(pair("old"));
    sim.advance(2);
    let job = sim.update(&[]).expect("nothing else runs");
    sim.terminate("b", TERMINATED);
    sim.start("b");
    sim.terminate("a", TERMINATED);
    assert!(sim.is_finished(job));
    assert_eq!(sim.failures(job), "g: g:b is STARTING: job 2 decided about it");
    assert_eq!(sim.core.groups().len(), 1, "the group is still there");
    assert!(sim.log.contains("job 1 (update of all, requested through test) failed: g: g:b is"));
}

#[test]
fn a_new_command_that_cannot_run_is_reported() {
    let mut sim = Simulation::new(pair("old"));
    sim.advance(2);
    let job = sim.update(&pair("nowhere")).expect("nothing else runs");
    sim.spawn_error = Some("can't find command 'nowhere'".to_owned());
    sim.terminate("a", TERMINATED);
    assert_eq!(sim.failures(job), "g: g:a was not started: can't find command 'nowhere'");
}

#[test]
fn a_stop_during_an_update_wins() {
    let mut sim = Simulation::new(pair("old"));
    sim.advance(2);
    let job = sim.update(&pair("new")).expect("nothing else runs");
    let id = sim.id("a");
    assert!(sim.core.is_to_be_restarted(id));
    sim.stop("a");
    assert!(!sim.core.is_to_be_restarted(id));
    sim.terminate("a", TERMINATED);
    sim.advance(10);
    assert_eq!(sim.state("a"), ProcessState::Stopped);
    assert_eq!(sim.failures(job), "g: g:a was not started: job 2 decided about it");
    assert_eq!(sim.summary(job), ["g changed: a changed"]);
}

#[test]
fn a_restart_starts_again_without_its_client() {
    let mut sim = one(program("web"));
    sim.advance(2);
    let job = sim.restart("web").expect("nothing else runs");
    sim.advance(3);
    assert!(sim.restart("web").is_err(), "it is being restarted");
    sim.terminate("web", TERMINATED);
    sim.advance(1);
    assert_eq!(sim.state("web"), ProcessState::Running);
    assert!(sim.is_finished(job) && sim.failures(job).is_empty());
}

#[test]
fn a_restart_leaves_a_program_that_cannot_run_stopped() {
    let mut sim = one(program("web"));
    sim.advance(2);
    sim.spawn_error = Some("can't find command 'cmd'".to_owned());
    let job = sim.restart("web").expect("nothing else runs");
    sim.terminate("web", TERMINATED);
    assert_eq!(sim.state("web"), ProcessState::Stopped);
    assert_eq!(sim.failures(job), "web has a command that cannot be run");
}

#[test]
fn a_stop_during_a_restart_wins() {
    let mut sim = one(program("web"));
    sim.advance(2);
    let job = sim.restart("web").expect("nothing else runs");
    sim.stop("web");
    sim.terminate("web", TERMINATED);
    sim.advance(5);
    assert_eq!(sim.state("web"), ProcessState::Stopped);
    assert_eq!(sim.failures(job), "web was taken over by job 2");
}

#[test]
fn a_restart_of_all_starts_also_what_was_stopped() {
    let mut sim = Simulation::new(vec![
        group("a", 1, vec![program("a")]),
        group("b", 2, vec![Process { autostart: false, ..program("b") }]),
    ]);
    sim.advance(2);
    let job = sim.submit("all", Task::Restart(Scope::All)).expect("nothing else runs");
    sim.terminate("a", TERMINATED);
    sim.advance(1);
    assert!(sim.is_finished(job));
    assert_eq!(sim.alive.len(), 2);
}

#[test]
fn a_stop_cancels_the_restart_of_a_program_that_ends_at_once() {
    let process = Process { startsecs: 0, autorestart: AutoRestart::Always, ..program("web") };
    let mut sim = one(process);
    sim.terminate("web", WaitStatus::Exited(0));
    assert_eq!(sim.state("web"), ProcessState::Exited);
    let job = sim.stop("web");
    assert!(sim.is_finished(job));
    sim.advance(60);
    assert_eq!(sim.state("web"), ProcessState::Stopped);
    assert!(sim.core.timers.is_empty() && sim.alive.is_empty());
}

#[test]
fn the_order_of_variables_is_no_change_of_a_member() {
    let with = |names: [&str; 2], command: &str| {
        let environment = names.map(|name| (name.to_owned(), "1".to_owned())).into();
        let a = Process { environment, ..program("a") };
        vec![group("g", 999, vec![a, with_command("b", command)])]
    };
    let mut sim = Simulation::new(with(["X", "Y"], "old"));
    sim.advance(2);
    let job = sim.update(&with(["Y", "X"], "new")).expect("nothing else runs");
    sim.terminate("b", TERMINATED);
    assert_eq!(sim.summary(job), ["g changed: b restarted"]);
    assert_eq!(sim.alive.len(), 2);
}

/// All of them are down before the first is started, as in a restart by supervisorctl.
#[test]
fn several_are_restarted_in_one_job() {
    let mut sim = Simulation::new(vec![group("g", 1, ["a", "b", "c"].map(program).into())]);
    sim.advance(2);
    sim.log.clear();
    let ids = ["a", "b"].map(|name| sim.id(name)).to_vec();
    let job = sim.submit("a b", Task::Restart(Scope::Many(ids.clone()))).expect("nothing runs");
    let progress = |sim: &Simulation| {
        let progress = sim.job(job).progress();
        format!("{} {}/{}", progress.part.name(), progress.done, progress.total)
    };
    assert_eq!(progress(&sim), "stopping 0/2");
    let conflict = sim.restart("b").expect_err("it is held");
    assert_eq!(conflict.held, "g:b");
    assert!(sim.restart("c").is_ok(), "it is not held");
    sim.terminate("a", TERMINATED);
    assert_eq!(progress(&sim), "stopping 1/2");
    sim.terminate("b", TERMINATED);
    assert_eq!(progress(&sim), "starting 0/2");
    sim.advance(3);
    assert!(sim.is_finished(job));
    assert_eq!(progress(&sim), "starting 2/2");
    assert_eq!(sim.failures(job), "");
}

#[test]
fn a_shutdown_is_a_job_and_cancels_the_others() {
    let mut sim = Simulation::new(pair("old"));
    sim.advance(2);
    let update = sim.update(&pair("new")).expect("nothing else runs");
    sim.shutdown();
    assert_eq!(sim.failures(update), "g: cancelled by job 2");
    let shutdown = sim.core.jobs().last().expect("there is one");
    assert_eq!(shutdown.describe(), "job 2 (shutdown of all, requested through test)");
    assert_eq!(shutdown.waits_for(&sim.core), ["a", "b"]);
    sim.terminate("a", TERMINATED);
    sim.terminate("b", TERMINATED);
    assert!(sim.log.ends_with("exit restart=false\n"));
}

#[test]
fn a_spawn_that_was_lost_does_not_hold_up_the_shutdown() {
    let mut sim = one(Process { autostart: false, ..program("web") });
    sim.spawn_error = Some("internal error".to_owned());
    sim.start("web");
    assert_eq!(sim.state("web"), ProcessState::Backoff);
    sim.shutdown();
    assert!(sim.log.ends_with("exit restart=false\n"), "{}", sim.log);
}

#[test]
fn only_the_last_hundred_jobs_are_remembered() {
    let mut sim = one(program("web"));
    for _ in 0..120 {
        sim.stop("web");
        if sim.state("web") == ProcessState::Stopping {
            sim.terminate("web", KILLED);
        }
        sim.core.expire(sim.now);
    }
    let ids: Vec<u64> = sim.core.jobs().map(|job| job.id().0).collect();
    assert_eq!(ids.len(), 100, "{ids:?}");
    assert_eq!(ids.last(), Some(&120));
}

/// Up to three groups of up to three programs, each with one of two commands and environments.
fn groups() -> impl Strategy<Value = Vec<Group>> {
    let process = (any::<bool>(), any::<bool>(), any::<bool>());
    let group_of = proptest::collection::vec(proptest::option::of(process), 3);
    let all = proptest::collection::vec(proptest::option::of(group_of), 3);
    all.prop_map(|all| {
        let groups = all.into_iter().enumerate().filter_map(|(at, members)| {
            let name = format!("g{at}");
            let members = members?.into_iter().enumerate();
            let members: Vec<Process> = members
                .filter_map(|(at, options)| {
                    options.map(|options| member(&format!("p{at}"), options))
                })
                .collect();
            (!members.is_empty()).then(|| group(&name, at as i64, members))
        });
        groups.collect()
    })
}

fn member(name: &str, (command, order, priority): (bool, bool, bool)) -> Process {
    let mut environment = vec![("X".to_owned(), "1".to_owned()), ("Y".to_owned(), "2".to_owned())];
    if order {
        environment.reverse();
    }
    let command = if command { "new" } else { "old" }.to_owned();
    let priority = if priority { 1 } else { 2 };
    Process { command, priority, environment, ..program(name) }
}

proptest! {
    /// The plan names exactly the processes whose pid changes, and afterwards there is none left.
    #[test]
    fn an_update_does_what_was_planned(old in groups(), new in groups()) {
        let mut sim = Simulation::new(old.clone());
        sim.advance(2);
        let pids = |sim: &Simulation| {
            let pid = |process: &crate::core::Process| (process.full_name(), process.pid());
            sim.core.processes().map(pid).collect::<std::collections::BTreeMap<_, _>>()
        };
        let before = pids(&sim);
        let changes = diff(old.iter(), &new);
        let mut planned = std::collections::BTreeSet::new();
        for change in &changes {
            use crate::conf::diff::GroupChange as C;
            let of = |group: &Group| -> Vec<String> {
                let names = group.processes.iter();
                names.map(|it| crate::core::group::full_name(&group.name, &it.name)).collect()
            };
            match change {
                C::Added(group) | C::Removed(group) => planned.extend(of(group)),
                C::Replaced { old, new, .. } => planned.extend(of(old).into_iter().chain(of(new))),
                C::Changed { new, members, .. } => planned.extend(members.iter().map(|member| {
                    crate::core::group::full_name(&new.name, &member.process().name)
                })),
            }
        }
        let job = sim.update(&new).expect("nothing else runs");
        while !sim.is_finished(job) {
            let stopping = sim.core.processes().find(|it| it.state() == ProcessState::Stopping);
            let id = stopping.expect("an update waits for stops only").id();
            sim.terminate_id(id, TERMINATED);
        }
        let after = pids(&sim);
        let changed: std::collections::BTreeSet<String> = before
            .keys()
            .chain(after.keys())
            .filter(|name| before.get(*name) != after.get(*name))
            .cloned()
            .collect();
        prop_assert_eq!(changed, planned);
        let active: Vec<Group> = sim.core.groups().iter().map(|it| it.config().clone()).collect();
        prop_assert!(diff(active.iter(), &new).is_empty());
        prop_assert_eq!(sim.failures(job), "");
    }
}
