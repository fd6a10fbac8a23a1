//! Stories of programs that depend on each other, and the rules under random commands.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::conf::config::{AutoRestart, Process};
use crate::conf::dependency::{Condition, Dependency, Requirement};
use crate::core::effect::WaitStatus;
use crate::core::jobs::{JobId, Scope, Task};
use crate::core::sim::{KILLED, Simulation, TERMINATED, group, program};
use crate::core::state::ProcessState;

/// A program with `depends_on`, where a name without a condition means `running`.
pub(super) fn dependent(name: &str, on: &[&str]) -> Process {
    let depends_on = on.iter().map(|word| {
        let (name, condition) = match word.split_once('!') {
            Some((name, _)) => (name, Condition::Completed),
            None => (*word, Condition::Running),
        };
        Dependency { name: name.to_owned(), condition }.into()
    });
    Process { depends_on: depends_on.collect(), ..program(name) }
}

/// One group for each program; priorities that would start the last one first.
pub(super) fn simulation(processes: Vec<Process>) -> Simulation {
    let priorities = (0..).map(|at: i64| 900 - at);
    let groups = processes.into_iter().zip(priorities);
    Simulation::new(
        groups.map(|(it, priority)| group(&it.name.clone(), priority, vec![it])).collect(),
    )
}

/// ZEO, an instance that needs it, and Varnish that needs the instance.
fn plone() -> Simulation {
    simulation(vec![
        Process { startsecs: 5, ..program("zeo") },
        Process { startsecs: 3, ..dependent("instance", &["zeo"]) },
        dependent("varnish", &["instance"]),
    ])
}

impl Simulation {
    pub(super) fn reason(&self, name: &str) -> String {
        self.core.waiting_reason(self.id(name), self.now.mono).unwrap_or_default()
    }

    fn stop_all(&mut self) -> JobId {
        let ids = self.core.by_priority();
        self.submit("all", Task::Stop { ids, wait: true }).expect("a plain stop is never refused")
    }
}

#[test]
fn programs_start_one_after_the_other_whatever_their_priorities() {
    let mut sim = plone();
    assert_eq!(sim.state("varnish"), ProcessState::Stopped);
    assert_eq!(sim.reason("varnish"), "waits for instance: STOPPED, waits for zeo");
    assert_eq!(sim.reason("instance"), "waits for zeo: STARTING");
    sim.advance(20);
    assert_snapshot!(sim.log, @r"
    0s instance waits for zeo: STARTING
    0s varnish waits for instance: STOPPED, waits for zeo
    0s spawned: 'zeo' with pid 101
    5s success: zeo entered RUNNING state, process has stayed up for > than 5 seconds (startsecs)
    5s spawned: 'instance' with pid 102
    8s success: instance entered RUNNING state, process has stayed up for > than 3 seconds (startsecs)
    8s spawned: 'varnish' with pid 103
    9s success: varnish entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

/// `zeo 5, instance 3`: names with seconds.
fn critical_path(sim: &Simulation) -> String {
    let path = sim.core.critical_path().into_iter();
    let steps: Vec<String> =
        path.map(|step| format!("{} {}", step.name, step.duration.as_secs())).collect();
    steps.join(", ")
}

#[test]
fn the_critical_path_is_the_chain_that_was_waited_for_longest() {
    let mut sim = simulation(vec![
        Process { startsecs: 5, ..program("zeo") },
        Process { startsecs: 2, ..program("cache") },
        Process { startsecs: 3, ..dependent("instance", &["zeo", "cache"]) },
        Process { startsecs: 100, ..program("alone") },
    ]);
    assert_eq!(critical_path(&sim), "");
    sim.advance(3);
    assert_eq!(critical_path(&sim), "cache 2");
    sim.advance(200);
    assert_eq!(critical_path(&sim), "zeo 5, instance 3");
    sim.stop("instance");
    sim.terminate("instance", TERMINATED);
    sim.start("instance");
    sim.advance(5);
    assert_eq!(critical_path(&sim), "instance 3", "it did not wait this time");
}

#[test]
fn a_dependency_that_fails_is_the_reason_and_its_repair_starts_the_rest() {
    let mut sim = simulation(vec![
        Process { startretries: 0, ..program("zeo") },
        dependent("instance", &["zeo"]),
    ]);
    sim.terminate("zeo", WaitStatus::Exited(1));
    assert_eq!(sim.state("zeo"), ProcessState::Fatal);
    assert_eq!(sim.reason("instance"), "waits for zeo: FATAL, Exited too quickly");
    sim.advance(3600);
    assert_eq!(sim.core.deadline(sim.now), None, "waiting needs no timer");
    sim.start("zeo");
    sim.advance(2);
    assert_eq!(sim.state("instance"), ProcessState::Running);
    assert_eq!(sim.reason("instance"), "");
}

#[test]
fn a_start_starts_what_the_program_depends_on_and_waits_for_it() {
    let manual = |process: Process| Process { autostart: false, ..process };
    let mut sim = simulation(vec![
        manual(program("zeo")),
        manual(dependent("instance", &["zeo"])),
        manual(dependent("varnish", &["instance"])),
    ]);
    let job = sim.start("varnish");
    assert_eq!(sim.state("zeo"), ProcessState::Starting);
    sim.advance(1);
    assert!(!sim.is_finished(job));
    sim.advance(2);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    assert_eq!(sim.state("varnish"), ProcessState::Running);
}

#[test]
fn a_start_fails_with_the_reason_when_a_dependency_fails() {
    let mut sim = simulation(vec![
        Process { startretries: 0, autostart: false, ..program("zeo") },
        Process { autostart: false, ..dependent("instance", &["zeo"]) },
        Process { autostart: false, ..dependent("varnish", &["instance"]) },
    ]);
    let job = sim.start("varnish");
    sim.terminate("zeo", WaitStatus::Exited(1));
    assert!(sim.is_finished(job));
    assert_eq!(sim.job(job).failures(), ["varnish waits for instance: STOPPED, waits for zeo"]);
    assert_eq!(sim.reason("instance"), "waits for zeo: FATAL, Exited too quickly");
}

#[test]
fn a_task_has_to_complete_as_expected() {
    let task = Process { startsecs: 0, ..program("initdb") };
    let mut sim = simulation(vec![task, dependent("app", &["initdb!"])]);
    sim.advance(60);
    assert_eq!(sim.reason("app"), "waits for initdb: RUNNING, not completed");
    sim.terminate("initdb", WaitStatus::Exited(0));
    assert_eq!(sim.state("app"), ProcessState::Starting);

    let task = Process { startsecs: 0, autorestart: AutoRestart::Never, ..program("initdb") };
    let mut sim = simulation(vec![task, dependent("app", &["initdb!"])]);
    sim.advance(1);
    sim.terminate("initdb", WaitStatus::Exited(3));
    sim.advance(60);
    assert_eq!(sim.reason("app"), "waits for initdb: EXITED, exit status 3");
    sim.start("app");
    sim.advance(1);
    sim.terminate("initdb", WaitStatus::Exited(0));
    assert_eq!(sim.state("app"), ProcessState::Starting);
}

#[test]
fn a_stop_of_all_stops_dependants_first_and_waits_for_them() {
    let mut sim = plone();
    sim.advance(20);
    sim.log.clear();
    let job = sim.stop_all();
    sim.advance(1);
    sim.terminate("varnish", TERMINATED);
    sim.advance(1);
    sim.terminate("instance", TERMINATED);
    assert!(!sim.is_finished(job));
    sim.terminate("zeo", TERMINATED);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    assert_snapshot!(sim.log, @r"
    20s kill pid 103 SIGTERM
    20s waiting for varnish to stop
    21s stopped: varnish (terminated by SIGTERM)
    21s kill pid 102 SIGTERM
    21s waiting for instance to stop
    22s stopped: instance (terminated by SIGTERM)
    22s kill pid 101 SIGTERM
    22s waiting for zeo to stop
    22s stopped: zeo (terminated by SIGTERM)
    ");
}

#[test]
fn a_shutdown_stops_dependants_first_whatever_their_priorities() {
    let mut sim = plone();
    sim.advance(20);
    sim.log.clear();
    sim.shutdown();
    for name in ["varnish", "instance", "zeo"] {
        sim.advance(1);
        sim.terminate(name, TERMINATED);
    }
    assert_snapshot!(sim.log, @r"
    20s kill pid 103 SIGTERM
    20s waiting for zeo, instance, varnish to die
    21s stopped: varnish (terminated by SIGTERM)
    21s kill pid 102 SIGTERM
    22s stopped: instance (terminated by SIGTERM)
    22s kill pid 101 SIGTERM
    23s waiting for zeo to die
    23s stopped: zeo (terminated by SIGTERM)
    23s exit restart=false
    ");
}

#[test]
fn a_stop_of_one_program_leaves_the_others() {
    let mut sim = plone();
    sim.advance(20);
    let job = sim.stop("zeo");
    sim.terminate("zeo", TERMINATED);
    assert!(sim.is_finished(job));
    sim.advance(60);
    assert_eq!(sim.state("instance"), ProcessState::Running);
}

#[test]
fn a_waiting_program_that_is_stopped_is_not_started() {
    let mut sim = plone();
    let job = sim.stop("instance");
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    assert_eq!(sim.reason("varnish"), "waits for instance: STOPPED");
    sim.advance(60);
    assert_eq!(sim.state("instance"), ProcessState::Stopped);
    assert_eq!(sim.state("varnish"), ProcessState::Stopped);
}

#[test]
fn a_dependency_that_dies_restarts_only_those_that_ask_for_it() {
    let mut sim = simulation(vec![
        program("zeo"),
        Process { depends_restart: true, ..dependent("strict", &["zeo"]) },
        dependent("lax", &["zeo"]),
    ]);
    sim.advance(5);
    sim.log.clear();
    sim.terminate("zeo", KILLED);
    assert_eq!(sim.state("strict"), ProcessState::Stopping);
    sim.advance(4);
    assert_eq!(sim.reason("strict"), "", "zeo is up again");
    sim.terminate("strict", TERMINATED);
    sim.advance(2);
    assert_eq!(sim.state("lax"), ProcessState::Running);
    assert_snapshot!(sim.log, @r"
     5s exited: zeo (terminated by SIGKILL; not expected)
     5s strict is restarted because zeo has terminated
     5s kill pid 103 SIGTERM
     5s spawned: 'zeo' with pid 104
     6s success: zeo entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
     9s stopped: strict (terminated by SIGTERM)
     9s spawned: 'strict' with pid 105
    10s success: strict entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn those_that_follow_a_dependency_are_stopped_before_it_and_started_with_it() {
    let mut sim = simulation(vec![
        program("zeo"),
        Process { depends_restart: true, ..dependent("instance", &["zeo"]) },
        Process { depends_restart: true, ..dependent("varnish", &["instance"]) },
        dependent("lax", &["zeo"]),
    ]);
    sim.advance(5);
    sim.log.clear();
    let job = sim.stop("zeo");
    for name in ["varnish", "instance", "zeo"] {
        assert!(!sim.is_finished(job));
        sim.advance(1);
        sim.terminate(name, TERMINATED);
    }
    assert!(sim.is_finished(job), "{}", sim.log);
    assert_eq!(sim.reason("varnish"), "waits for instance: STOPPED, waits for zeo");
    assert_eq!(sim.reason("instance"), "waits for zeo: STOPPED");
    sim.advance(60);
    sim.start("zeo");
    sim.advance(5);
    assert_snapshot!(sim.log, @r"
     5s kill pid 104 SIGTERM
     6s stopped: varnish (terminated by SIGTERM)
     6s kill pid 103 SIGTERM
     7s stopped: instance (terminated by SIGTERM)
     7s kill pid 101 SIGTERM
     8s stopped: zeo (terminated by SIGTERM)
    68s spawned: 'zeo' with pid 105
    69s success: zeo entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    69s spawned: 'instance' with pid 106
    70s success: instance entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    70s spawned: 'varnish' with pid 107
    71s success: varnish entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn a_stop_on_request_takes_a_follower_out() {
    let follower = Process { depends_restart: true, ..dependent("instance", &["zeo"]) };
    let mut sim = simulation(vec![program("zeo"), follower]);
    sim.advance(5);
    sim.stop("zeo");
    assert_eq!(sim.state("instance"), ProcessState::Stopping);
    sim.stop("instance");
    sim.terminate("instance", TERMINATED);
    sim.terminate("zeo", TERMINATED);
    sim.start("zeo");
    sim.advance(60);
    assert_eq!(sim.state("instance"), ProcessState::Stopped);
}

#[test]
fn a_restart_of_all_stops_in_reverse_and_starts_in_order() {
    let mut sim = plone();
    sim.advance(20);
    sim.log.clear();
    let job = sim.submit("all", Task::Restart(Scope::All)).expect("nothing else runs");
    for name in ["varnish", "instance", "zeo"] {
        sim.advance(1);
        sim.terminate(name, TERMINATED);
    }
    sim.advance(20);
    assert!(sim.is_finished(job) && sim.job(job).failures().is_empty());
    let order: Vec<&str> = sim.log.lines().filter(|line| line.contains("spawned")).collect();
    assert_snapshot!(order.join("\n"), @r"
    23s spawned: 'zeo' with pid 104
    28s spawned: 'instance' with pid 105
    31s spawned: 'varnish' with pid 106
    ");
}

#[test]
fn groups_of_two_versions_that_would_depend_on_each_other_do_not_block() {
    let mut sim = simulation(vec![program("a"), dependent("b", &["a"])]);
    sim.advance(5);
    let id = sim.id("a");
    sim.core.replace_process(id, std::sync::Arc::new(dependent("a", &["b"])), sim.now);
    sim.shutdown();
    for name in ["b", "a"] {
        sim.advance(1);
        sim.terminate(name, TERMINATED);
    }
    assert!(sim.log.contains("exit restart=false"), "{}", sim.log);
}

#[test]
fn a_dependency_that_is_not_active_is_awaited() {
    let mut sim = simulation(vec![dependent("instance", &["zeo"])]);
    assert_eq!(sim.reason("instance"), "waits for zeo: not active");
    sim.core.add_group(group("zeo", 1, vec![program("zeo")]), sim.now);
    sim.perform();
    sim.advance(1);
    assert_eq!(sim.state("instance"), ProcessState::Starting);
}

/// A stop waits for what depends on the process. That is not started again meanwhile, although what it depends
/// on still runs.
#[test]
fn a_dependant_that_is_restarted_is_not_started_before_the_stop_that_waits_for_it() {
    let follower = |name, on| Process { depends_restart: true, ..dependent(name, &[on]) };
    let mut sim = simulation(vec![program("zeo"), follower("web", "zeo"), follower("job", "web")]);
    sim.advance(5);
    sim.terminate("zeo", WaitStatus::Exited(1));
    assert_eq!(sim.state("web"), ProcessState::Stopping);
    sim.stop("zeo");
    sim.advance(1);
    sim.log.clear();
    sim.terminate("web", TERMINATED);
    sim.perform();
    assert_eq!(
        (sim.state("zeo"), sim.state("web")),
        (ProcessState::Stopping, ProcessState::Stopped)
    );
    assert!(!sim.log.contains("spawned"), "{}", sim.log);
    sim.terminate("zeo", TERMINATED);
    sim.terminate("job", TERMINATED);
    sim.advance(5);
    assert_eq!(sim.reason("web"), "waits for zeo: STOPPED");
}

#[derive(Clone, Debug)]
enum Command {
    Start(usize),
    Stop(usize),
    StopAll,
    RestartAll,
    Exit(usize, i32),
    Pass(u64),
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => (0..5usize).prop_map(Command::Start),
        3 => (0..5usize).prop_map(Command::Stop),
        1 => Just(Command::StopAll),
        1 => Just(Command::RestartAll),
        8 => ((0..5usize), (0..2i32)).prop_map(|(process, code)| Command::Exit(process, code)),
        4 => (0..8u64).prop_map(Command::Pass),
    ]
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Each program depends on some of the previous ones.
fn graph() -> impl Strategy<Value = Vec<(Vec<bool>, bool)>> {
    proptest::collection::vec((proptest::collection::vec(any::<bool>(), 4), any::<bool>()), 5)
}

fn graph_of(choice: &[(Vec<bool>, bool)]) -> Vec<Process> {
    let on = |at: usize| -> Vec<&str> {
        (0..at).filter(|before| choice[at].0[*before]).map(|before| NAMES[before]).collect()
    };
    (0..5)
        .map(|at| Process {
            depends_restart: choice[at].1,
            stopwaitsecs: 3,
            ..dependent(NAMES[at], &on(at))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A fork, for a request or a restart, happens only when everything that the program depends on is
    /// RUNNING; a shutdown signals a program only when everything that depends on it is down, and completes.
    #[test]
    fn random_commands_keep_the_order(
        choice in graph(),
        commands in proptest::collection::vec(command(), 1..40),
    ) {
        let processes = graph_of(&choice);
        let on: Vec<Vec<String>> = processes
            .iter()
            .map(|it| {
                let on = it.depends_on.iter().flat_map(Requirement::dependencies);
                on.map(|on| on.name.clone()).collect()
            })
            .collect();
        let mut sim = simulation(processes);
        sim.snapshot_interval = 13;
        for command in commands {
            let before: Vec<ProcessState> = NAMES.iter().map(|name| sim.state(name)).collect();
            match command {
                Command::Start(process) => {
                    sim.start(NAMES[process]);
                }
                Command::Stop(process) => {
                    sim.stop(NAMES[process]);
                }
                Command::StopAll => {
                    sim.stop_all();
                }
                Command::RestartAll => {
                    let _ = sim.submit("all", Task::Restart(Scope::All));
                }
                Command::Exit(process, code) => {
                    let id = sim.id(NAMES[process]);
                    if sim.alive.values().any(|it| *it == id) {
                        sim.terminate(NAMES[process], WaitStatus::Exited(code));
                    }
                }
                Command::Pass(seconds) => sim.advance(seconds),
            }
            sim.perform();
            for (at, name) in NAMES.iter().enumerate() {
                let is_new = sim.state(name) == ProcessState::Starting
                    && before[at] != ProcessState::Starting;
                let all_up = on[at].iter().all(|on| sim.state(on) == ProcessState::Running);
                let may_have_passed = matches!(command, Command::Pass(_));
                prop_assert!(!is_new || all_up || may_have_passed, "{name} started early\n{}", sim.log);
                let waits = sim.core.is_waiting(sim.id(name)) && sim.process(name).pid().is_none();
                prop_assert!(!waits || !sim.reason(name).is_empty(), "{name}\n{}", sim.log);
            }
        }
        let stopping = |sim: &Simulation| -> Vec<&str> {
            let state = |name: &&str| sim.state(name);
            NAMES.into_iter().filter(|it| state(it) == ProcessState::Stopping).collect()
        };
        // The stops of earlier commands end first.
        while let Some(name) = stopping(&sim).first() {
            sim.terminate(name, KILLED);
        }
        let mut known = Vec::new();
        sim.log.clear();
        sim.shutdown();
        for _ in 0..NAMES.len() {
            for name in stopping(&sim) {
                let depends = |at: &usize| on[*at].iter().any(|on| on == name);
                let mut dependants = (0..NAMES.len()).filter(depends);
                let all_down = dependants.all(|at| sim.state(NAMES[at]).is_stopped());
                prop_assert!(known.contains(&name) || all_down, "{name} is stopped too early\n{}", sim.log);
                known.push(name);
            }
            for name in stopping(&sim) {
                sim.terminate(name, KILLED);
            }
        }
        prop_assert!(sim.log.contains("exit restart=false"), "{}", sim.log);
        prop_assert!(sim.core.timers.is_empty());
    }
}
