//! Stories about processes that another supervisor has started.

use std::time::Duration;

use super::*;
use crate::conf::config::{AutoRestart, Process};
use crate::core::Supervisor;
use crate::core::effect::{Effect, Input, Pid, WaitStatus};
use crate::core::exit_report::ExitReport;
use crate::core::sim::{self, group, listener, program};
use crate::core::snapshot;
use crate::core::state::{ListenerState, ProcessState};
use crate::core::time::{Mono, Now, Wall};

fn now() -> Now {
    at(0)
}

/// So many seconds after the takeover.
fn at(seconds: u64) -> Now {
    let after = Duration::from_secs(seconds);
    Now {
        mono: Mono(Duration::from_secs(500) + after),
        wall: Wall(Duration::from_secs(1_000_000) + after),
    }
}

/// Started 100 seconds ago.
fn reported(name: &str, state: ProcessState, pid: i32) -> Reported {
    Reported {
        group: name.to_owned(),
        name: name.to_owned(),
        state,
        pid: (pid != 0).then_some(Pid(pid)),
        start: 999_900,
        stop: 0,
        now: 1_000_000,
        exitstatus: 0,
        spawnerr: String::new(),
        stdout_logfile: String::new(),
        stderr_logfile: String::new(),
    }
}

fn taken_over(processes: Vec<Process>, all: &[Reported]) -> Supervisor {
    let groups = processes.into_iter().map(|it| group(&it.name.clone(), 999, vec![it])).collect();
    let core = Supervisor::taken_over(sim::config(groups), all, now());
    // It is handed over in this form.
    snapshot::load(&snapshot::save(&core).unwrap()).unwrap()
}

fn effects(core: &mut Supervisor) -> Vec<Effect> {
    std::iter::from_fn(|| core.next_effect())
        .filter(|effect| !matches!(effect, Effect::Log { .. }))
        .collect()
}

fn process<'a>(core: &'a Supervisor, name: &str) -> &'a crate::core::Process {
    core.process(core.find(name, name).unwrap()).unwrap()
}

#[test]
fn every_state_continues() {
    let states = [
        (ProcessState::Running, 11),
        (ProcessState::Starting, 12),
        (ProcessState::Stopping, 13),
        (ProcessState::Stopped, 0),
        (ProcessState::Exited, 0),
        (ProcessState::Fatal, 0),
        (ProcessState::Backoff, 0),
        (ProcessState::Unknown, 0),
    ];
    let name = |state: ProcessState| state.name().to_lowercase();
    let all: Vec<Reported> =
        states.iter().map(|(state, pid)| reported(&name(*state), *state, *pid)).collect();
    let core = taken_over(states.iter().map(|it| program(&name(it.0))).collect(), &all);
    for (state, pid) in states {
        let process = process(&core, &name(state));
        assert_eq!(process.state(), state);
        assert_eq!(process.pid(), (pid != 0).then_some(Pid(pid)));
        assert_eq!(process.started().unwrap().wall.secs(), 999_900);
        assert_eq!(process.started().unwrap().mono, Mono(Duration::from_secs(400)));
    }
    assert!(!core.has_effects());
    assert_eq!(core.serial(), 0);
}

#[test]
fn a_process_that_runs_is_restarted_when_it_ends() {
    let mut core = taken_over(vec![program("web")], &[reported("web", ProcessState::Running, 11)]);
    let (status, report) = (WaitStatus::Exited(3), ExitReport::default());
    core.take(Input::Reaped { pid: Pid(11), status, report }, at(1));
    effects(&mut core);
    core.expire(at(2));
    let id = process(&core, "web").id();
    assert!(effects(&mut core).contains(&Effect::Spawn { id }));
}

#[test]
fn a_process_that_is_starting_becomes_running_after_startsecs() {
    let starting = Reported { start: 999_995, ..reported("web", ProcessState::Starting, 11) };
    let program = Process { startsecs: 10, ..program("web") };
    let mut core = taken_over(vec![program], &[starting]);
    core.expire(at(4));
    assert_eq!(process(&core, "web").state(), ProcessState::Starting);
    core.expire(at(5));
    assert_eq!(process(&core, "web").state(), ProcessState::Running);
}

#[test]
fn a_process_that_does_not_stop_is_killed() {
    let program = Process { stopwaitsecs: 10, ..program("web") };
    let mut core = taken_over(vec![program], &[reported("web", ProcessState::Stopping, 11)]);
    core.expire(at(9));
    assert_eq!(effects(&mut core), []);
    core.expire(at(10));
    assert!(matches!(effects(&mut core)[..], [Effect::Kill { pid: Pid(11), .. }]));
}

#[test]
fn a_failed_start_is_repeated_at_once() {
    let mut core = taken_over(vec![program("web")], &[reported("web", ProcessState::Backoff, 0)]);
    core.expire(at(0));
    let id = process(&core, "web").id();
    assert_eq!(effects(&mut core), [Effect::Spawn { id }]);
}

#[test]
fn only_what_has_just_exited_is_restarted() {
    let exited = |stop| Reported { stop, ..reported("web", ProcessState::Exited, 0) };
    for (stop, is_restarted) in [(999_999, true), (999_900, false)] {
        let program = Process { autorestart: AutoRestart::Always, ..program("web") };
        let mut core = taken_over(vec![program], &[exited(stop)]);
        core.expire(at(5));
        assert_eq!(!effects(&mut core).is_empty(), is_restarted, "{stop}");
        assert_eq!(process(&core, "web").exitstatus(), is_restarted_status(is_restarted));
    }
}

/// A start resets it.
fn is_restarted_status(is_restarted: bool) -> Option<i64> {
    (!is_restarted).then_some(0)
}

#[test]
fn an_end_by_exit_is_known_and_one_by_a_signal_is_not() {
    let exited = |exitstatus| Reported {
        stop: 999_950,
        exitstatus,
        spawnerr: "Bad exit code 3".to_owned(),
        ..reported("web", ProcessState::Exited, 0)
    };
    let core = taken_over(vec![program("web")], &[exited(3)]);
    let exit = process(&core, "web").last_exit().unwrap();
    assert_eq!((exit.status, exit.is_expected), (WaitStatus::Exited(3), false));
    assert_eq!(process(&core, "web").spawnerr(), Some("Bad exit code 3"));
    let core = taken_over(vec![program("web")], &[exited(-1)]);
    assert_eq!(process(&core, "web").exitstatus(), Some(-1));
    assert_eq!(process(&core, "web").last_exit(), None);
}

#[test]
fn groups_that_are_not_active_stay_so() {
    let core = taken_over(
        vec![program("web"), program("new")],
        &[reported("web", ProcessState::Running, 11)],
    );
    assert!(core.group("new").is_none());
    assert_eq!(core.config().groups.len(), 2);
}

#[test]
fn nothing_is_read_from_a_listener_whose_progress_is_not_known() {
    let config = sim::config(vec![listener("watch", Vec::new())]);
    let running = reported("watch", ProcessState::Running, 11);
    let core = Supervisor::taken_over(config, &[running], now());
    assert_eq!(process(&core, "watch").listener(), Some(ListenerState::Unknown));
}

#[test]
fn a_process_belongs_to_the_child_that_it_comes_from() {
    let kin = |(pid, parent, group)| Kin { pid, parent, group };
    let all =
        [(1, 0, 1), (9, 1, 9), (20, 9, 20), (21, 20, 20), (22, 21, 22), (23, 1, 20), (30, 1, 30)];
    let all = all.map(kin);
    let owner = |pid| super::owner(pid, &[20], &all);
    assert_eq!([20, 21, 22, 23].map(owner), [Some(20); 4]);
    assert_eq!([1, 9, 30, 99].map(owner), [None; 4]);
}
