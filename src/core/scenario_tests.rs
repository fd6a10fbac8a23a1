//! Scenario tests on a simulated clock. Each test drives the core and compares the log of effects,
//! with the second in which each one occurred.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::effect::{Input, WaitStatus};
use super::sim::{KILLED, Simulation, TERMINATED, group, listener, one, program};
use super::state::{Mood, ProcessState};
use crate::conf::config::{AutoRestart, LogLevel, Process};
use crate::conf::events::EventType;
use crate::conf::signals::Signal;

#[test]
fn a_program_is_running_after_startsecs_and_restarts_when_it_is_killed() {
    let mut sim = one(program("web"));
    sim.advance(5);
    sim.terminate("web", KILLED);
    sim.advance(2);
    assert_snapshot!(sim.log, @r"
      0s spawned: 'web' with pid 101
      1s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      5s exited: web (terminated by SIGKILL; not expected)
      5s spawned: 'web' with pid 102
      6s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
    assert!(sim.core.timers.is_empty(), "a timer is still set");
}

#[test]
fn a_program_that_cannot_start_backs_off_longer_each_time_and_becomes_fatal() {
    let mut sim = one(Process { startretries: 2, ..program("web") });
    for wait in 1..=3 {
        sim.terminate("web", WaitStatus::Exited(1));
        sim.advance(wait);
    }
    assert_eq!(sim.state("web"), ProcessState::Fatal);
    assert_snapshot!(sim.log, @r"
      0s spawned: 'web' with pid 101
      0s exited: web (exit status 1; not expected)
      1s spawned: 'web' with pid 102
      1s exited: web (exit status 1; not expected)
      3s spawned: 'web' with pid 103
      3s exited: web (exit status 1; not expected)
      3s gave up: web entered FATAL state, too many start retries too quickly
    ");
}

#[test]
fn the_last_exit_outlives_the_next_start() {
    let mut sim = one(program("web"));
    assert_eq!(sim.process("web").last_exit(), None);
    sim.terminate("web", WaitStatus::Exited(3));
    let now = sim.now;
    sim.advance(5);
    assert_eq!(sim.state("web"), ProcessState::Running);
    let exit = sim.process("web").last_exit().expect("it exited");
    assert_eq!((exit.status, exit.is_expected), (WaitStatus::Exited(3), false));
    assert_eq!((exit.when, exit.description()), (now, "exit status 3".to_owned()));
    sim.stop("web");
    sim.terminate("web", TERMINATED);
    let exit = sim.process("web").last_exit().expect("it was stopped");
    assert_eq!((exit.status, exit.is_expected), (TERMINATED, true));
}

#[test]
fn a_reread_does_not_change_the_log_level() {
    for level in [LogLevel::Critical, LogLevel::Blather] {
        let mut sim = one(program("web"));
        let mut config = sim.core.config().clone();
        config.supervisord.loglevel = level;
        sim.core.replace_config(config);
        assert!(sim.core.is_logged(LogLevel::Info) && !sim.core.is_logged(LogLevel::Debug));
    }
}

#[test]
fn a_missing_command_is_fatal_after_its_retries() {
    let mut sim = one(Process { autostart: false, startretries: 2, ..program("web") });
    sim.spawn_error = Some("can't find command 'cmd'".into());
    sim.start("web");
    sim.advance(60);
    assert_snapshot!(sim.log, @r"
      0s spawnerr: can't find command 'cmd'
      1s spawnerr: can't find command 'cmd'
      3s spawnerr: can't find command 'cmd'
      3s gave up: web entered FATAL state, too many start retries too quickly
    ");
    assert_eq!(sim.state("web"), ProcessState::Fatal);
}

#[test]
fn a_child_that_ignores_its_stop_signal_is_killed_after_stopwaitsecs_repeatedly() {
    let mut sim = one(Process { killasgroup: true, ..program("web") });
    sim.advance(2);
    sim.stop("web");
    sim.advance(25);
    sim.terminate("web", KILLED);
    assert_snapshot!(sim.log, @r"
      0s spawned: 'web' with pid 101
      1s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      2s kill pid 101 SIGTERM
     12s killing 'web' (101) with SIGKILL
     12s kill group 101 SIGKILL
     22s killing 'web' (101) with SIGKILL
     22s kill group 101 SIGKILL
     27s stopped: web (terminated by SIGKILL)
    ");
}

#[test]
fn a_program_without_startsecs_that_exits_at_once_restarts_once_a_second() {
    let process = Process { startsecs: 0, autorestart: AutoRestart::Always, ..program("web") };
    let mut sim = one(process);
    for _ in 0..3 {
        sim.terminate("web", WaitStatus::Exited(0));
        sim.advance(1);
    }
    assert_eq!(sim.next_pid, 105, "one start per second");
}

#[test]
fn shutdown_stops_groups_one_by_one_from_the_highest_priority() {
    let mut sim = Simulation::new(vec![
        group("zeoserver", 100, vec![program("zeoserver")]),
        group("instance", 500, vec![program("instance")]),
        group("varnish", 1000, vec![program("varnish")]),
    ]);
    sim.advance(2);
    sim.log.clear();
    sim.signal(15);
    sim.advance(4);
    sim.terminate("varnish", WaitStatus::Exited(0));
    sim.terminate("instance", TERMINATED);
    sim.signal(1);
    sim.terminate("zeoserver", WaitStatus::Exited(0));
    assert_snapshot!(sim.log, @r"
      2s received SIGTERM indicating exit request
      2s kill pid 103 SIGTERM
      2s waiting for zeoserver, instance, varnish to die
      5s waiting for zeoserver, instance, varnish to die
      6s stopped: varnish (exit status 0)
      6s kill pid 102 SIGTERM
      6s stopped: instance (terminated by SIGTERM)
      6s kill pid 101 SIGTERM
      6s ignored SIGHUP indicating restart request (shutdown in progress)
      6s stopped: zeoserver (exit status 0)
      6s exit restart=false
    ");
    assert_eq!(sim.core.deadline(sim.now), None, "no timer is set after the shutdown");
}

#[test]
fn a_listener_gets_one_event_at_a_time_and_its_event_is_requeued_when_it_dies() {
    let mut sim = Simulation::new(vec![
        listener("ears", vec![EventType::ProcessState, EventType::Tick5]),
        group("web", 999, vec![Process { autostart: false, ..program("web") }]),
    ]);
    sim.advance(1);
    sim.log.clear();
    sim.write_stdout("ears", "READY\n");
    sim.write_stdout("ears", "RESULT 2\nOKREADY\n");
    sim.terminate("ears", KILLED);
    sim.advance(1);
    sim.write_stdout("ears", "READY\n");
    assert_snapshot!(sim.log, @r#"
      1s log "READY\n"
      1s stdin "ver:3.0 server:supervisor serial:0 pool:ears poolserial:0 eventname:PROCESS_STATE_STARTING len:58\nprocessname:ears groupname:ears from_state:STOPPED tries:0"
      1s log "RESULT 2\nOKREADY\n"
      1s stdin "ver:3.0 server:supervisor serial:1 pool:ears poolserial:1 eventname:PROCESS_STATE_RUNNING len:59\nprocessname:ears groupname:ears from_state:STARTING pid:101"
      1s exited: ears (terminated by SIGKILL; not expected)
      1s spawned: 'ears' with pid 102
      2s success: ears entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      2s log "READY\n"
      2s stdin "ver:3.0 server:supervisor serial:1 pool:ears poolserial:1 eventname:PROCESS_STATE_RUNNING len:59\nprocessname:ears groupname:ears from_state:STARTING pid:101"
    "#);
}

#[test]
fn ticks_are_sent_at_period_starts_and_only_to_subscribers() {
    let mut sim = Simulation::new(vec![listener("clock", vec![EventType::Tick60])]);
    sim.advance(2);
    sim.write_stdout("clock", "READY\n");
    sim.advance(20);
    let hours = listener("hours", vec![EventType::Tick3600]);
    sim.core.add_group(hours, sim.now);
    sim.perform();
    sim.advance(5);
    sim.write_stdout("hours", "READY\n");
    for _ in 0..2 {
        sim.write_stdout("clock", "RESULT 2\nOKREADY\n");
        sim.advance(60);
    }
    sim.advance(3600);
    let sent: Vec<&str> = sim.log.lines().filter(|line| line.contains("stdin")).collect();
    assert_snapshot!(sent.join("\n"), @r#"
     17s stdin "ver:3.0 server:supervisor serial:0 pool:clock poolserial:0 eventname:TICK_60 len:12\nwhen:1000020"
     77s stdin "ver:3.0 server:supervisor serial:1 pool:clock poolserial:1 eventname:TICK_60 len:12\nwhen:1000080"
    137s stdin "ver:3.0 server:supervisor serial:2 pool:clock poolserial:2 eventname:TICK_60 len:12\nwhen:1000140"
    797s stdin "ver:3.0 server:supervisor serial:14 pool:hours poolserial:0 eventname:TICK_3600 len:12\nwhen:1000800"
    "#);
    let mut silent = one(program("web"));
    silent.advance(2);
    assert_eq!(silent.core.deadline(silent.now), None);
}

#[test]
fn a_process_that_cannot_be_signalled_becomes_unknown() {
    let watcher = listener("watcher", vec![EventType::ProcessStateUnknown]);
    let mut sim = Simulation::new(vec![watcher, group("web", 999, vec![program("web")])]);
    sim.advance(2);
    sim.write_stdout("watcher", "READY\n");
    let id = sim.id("web");
    let error = "[Errno 1] Operation not permitted".to_owned();
    sim.stop("web");
    sim.core.take(Input::KillFailed { id, error }, sim.now);
    sim.perform();
    let sent = sim.log.lines().find(|line| line.contains("stdin")).unwrap_or_default();
    assert_snapshot!(sent, @r#"  2s stdin "ver:3.0 server:supervisor serial:0 pool:watcher poolserial:0 eventname:PROCESS_STATE_UNKNOWN len:49\nprocessname:web groupname:web from_state:STOPPING""#);
}

#[test]
fn a_thousand_idle_programs_cause_no_wakeup() {
    let groups =
        (0..1000).map(|n| format!("p{n}")).map(|n| group(&n, 999, vec![program(&n)])).collect();
    let mut sim = Simulation::new(groups);
    sim.snapshot_interval = 97;
    sim.advance(10);
    assert_eq!(sim.core.deadline(sim.now), None);
    sim.advance(86_400);
    assert!(sim.core.processes().all(|it| it.state() == ProcessState::Running));
}

#[test]
fn many_restarts_are_due_at_once_and_happen_a_few_at_a_time() {
    let names: Vec<String> = (0..10).map(|n| format!("p{n}")).collect();
    let groups = names.iter().map(|n| group(n, 999, vec![program(n)])).collect();
    let mut sim = Simulation::new(groups);
    sim.advance(5);
    let pids: Vec<_> = sim.alive.keys().copied().collect();
    for pid in pids {
        sim.alive.remove(&pid);
        sim.core.take(Input::Reaped { pid, status: KILLED, report: <_>::default() }, sim.now);
    }
    let mut restarted = Vec::new();
    while sim.core.is_due(sim.now) {
        sim.core.expire(sim.now);
        sim.perform();
        restarted.push(sim.alive.len());
    }
    assert_eq!(restarted, [4, 8, 10]);
}

#[derive(Clone, Debug)]
enum Command {
    Start(usize),
    Stop(usize),
    Signal(usize),
    Exit(usize, i32),
    Pass(u64),
    Shutdown,
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => (0..4usize).prop_map(Command::Start),
        4 => (0..4usize).prop_map(Command::Stop),
        1 => (0..4usize).prop_map(Command::Signal),
        8 => ((0..4usize), (0..2i32)).prop_map(|(process, code)| Command::Exit(process, code)),
        4 => (0..15u64).prop_map(Command::Pass),
        1 => Just(Command::Shutdown),
    ]
}

proptest! {
    /// The simulation asserts that no process ever has two children and that only the pid of a
    /// live child is signalled.
    #[test]
    fn random_commands_keep_the_invariants_and_shutdown_completes(commands in proptest::collection::vec(command(), 1..60)) {
        let names = ["a", "b", "c", "d"];
        let groups = names.iter().zip(1i64..).map(|(name, priority)| {
            group(name, priority, vec![Process { stopwaitsecs: 3, ..program(name) }])
        });
        let mut sim = Simulation::new(groups.collect());
        sim.snapshot_interval = 31;
        for command in commands {
            match command {
                Command::Start(process) => {
                    sim.start(names[process]);
                }
                Command::Stop(process) => {
                    sim.stop(names[process]);
                }
                Command::Signal(process) => {
                    let id = sim.id(names[process]);
                    let _ = sim.core.signal(id, Signal(10), "test", sim.now);
                }
                Command::Exit(process, code) => {
                    let id = sim.id(names[process]);
                    if sim.alive.values().any(|it| *it == id) {
                        sim.terminate(names[process], WaitStatus::Exited(code));
                    }
                }
                Command::Pass(seconds) => sim.advance(seconds),
                Command::Shutdown => sim.shutdown(),
            }
            sim.perform();
            for process in sim.core.processes() {
                let alive = sim.alive.values().any(|it| *it == process.id());
                prop_assert_eq!(alive, process.pid().is_some(), "{:?}", process.state());
                prop_assert_eq!(alive, process.state().is_signallable());
            }
        }
        sim.shutdown();
        for name in names.iter().rev() {
            let id = sim.id(name);
            if sim.alive.values().any(|it| *it == id) {
                sim.advance(4);
                sim.terminate(name, KILLED);
            }
        }
        prop_assert!(sim.log.contains("exit restart=false"), "{}", sim.log);
        prop_assert_eq!(sim.core.mood(), Mood::Shutdown);
        prop_assert!(sim.core.timers.is_empty());
    }
}
