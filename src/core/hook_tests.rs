//! Stories of the commands that run beside programs.

use super::effect::WaitStatus;
use super::sim::{KILLED, Simulation, TERMINATED, one, program};
use super::state::ProcessState;
use crate::conf::config::Process;

const SUCCESS: WaitStatus = WaitStatus::Exited(0);

fn with(change: impl FnOnce(&mut Process)) -> Simulation {
    let mut process = Process { startretries: 1, ..program("x") };
    change(&mut process);
    one(process)
}

#[test]
fn a_program_is_forked_when_its_prestart_has_succeeded() {
    let mut sim = with(|it| it.prestart = Some("before".into()));
    assert_eq!((sim.state("x"), sim.process("x").pid()), (ProcessState::Starting, None));
    sim.advance(5);
    sim.end_hook(SUCCESS);
    sim.advance(1);
    insta::assert_snapshot!(sim.log, @"
    0s run prestart
    5s spawned: 'x' with pid 102
    6s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
}

#[test]
fn a_prestart_that_fails_is_a_failed_start() {
    let mut sim = with(|it| it.prestart = Some("before".into()));
    sim.end_hook(WaitStatus::Exited(3));
    assert_eq!(sim.state("x"), ProcessState::Backoff);
    assert_eq!(sim.process("x").spawnerr(), Some("prestart failed: exit status 3"));
    sim.advance(61);
    sim.end_hook(KILLED);
    assert_eq!(sim.state("x"), ProcessState::Fatal);
    insta::assert_snapshot!(sim.log, @"
     0s run prestart
     0s spawnerr: prestart failed: exit status 3
     1s run prestart
    61s killing prestart of x (pid 102)
    61s kill hook 102
    61s spawnerr: prestart failed: it did not end within 60 seconds
    61s gave up: x entered FATAL state, too many start retries too quickly
    ");
}

#[test]
fn a_stop_ends_a_prestart() {
    let mut sim = with(|it| it.prestart = Some("before".into()));
    let job = sim.stop("x");
    assert_eq!(sim.state("x"), ProcessState::Stopping);
    sim.advance(10);
    sim.end_hook(KILLED);
    assert!(sim.is_finished(job) && sim.state("x") == ProcessState::Stopped);
    insta::assert_snapshot!(sim.log, @"
     0s run prestart
     0s kill group 101 SIGTERM
    10s killing 'x' (101) with SIGKILL
    10s kill group 101 SIGKILL
    10s stopped: x (terminated by SIGKILL)
    ");
}

#[test]
fn a_stop_command_replaces_the_stop_signal() {
    let mut sim = with(|it| it.stop_command = Some("quit".into()));
    sim.advance(1);
    sim.stop("x");
    sim.advance(3);
    sim.end_hook(SUCCESS);
    assert_eq!(sim.state("x"), ProcessState::Stopping);
    sim.advance(10);
    sim.terminate("x", KILLED);
    insta::assert_snapshot!(sim.log, @"
     0s spawned: 'x' with pid 101
     1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
     1s run stop_command pid 101
    14s killing 'x' (101) with SIGKILL
    14s kill pid 101 SIGKILL
    14s stopped: x (terminated by SIGKILL)
    ");
}

#[test]
fn the_stop_signal_follows_a_stop_command_that_fails() {
    let mut sim = with(|it| it.stop_command = Some("quit".into()));
    sim.advance(1);
    sim.stop("x");
    sim.advance(60);
    sim.end_hook(KILLED);
    sim.terminate("x", TERMINATED);
    insta::assert_snapshot!(sim.log, @"
     0s spawned: 'x' with pid 101
     1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
     1s run stop_command pid 101
    61s killing stop_command of x (pid 102)
    61s kill hook 102
    61s x: stop_command failed: it did not end within 60 seconds
    61s kill pid 101 SIGTERM
    61s stopped: x (terminated by SIGTERM)
    ");
}

#[test]
fn a_poststop_runs_after_each_end_and_a_start_waits_for_it() {
    let mut sim = with(|it| {
        it.poststop = Some("after".into());
        it.stop_command = Some("quit".into());
    });
    sim.advance(1);
    sim.terminate("x", WaitStatus::Exited(7));
    // The restart is due, and waits.
    sim.advance(5);
    assert_eq!((sim.state("x"), sim.alive.len()), (ProcessState::Starting, 0));
    sim.end_hook(WaitStatus::Exited(1));
    sim.advance(1);
    assert_eq!(sim.state("x"), ProcessState::Running);
    // It ends while its stop command runs: the next hook waits for that.
    sim.stop("x");
    sim.terminate("x", SUCCESS);
    assert_eq!(sim.state("x"), ProcessState::Stopped);
    sim.end_hook(SUCCESS);
    let start = sim.start("x");
    sim.stop("x");
    assert!(sim.is_finished(start), "the start is cancelled");
    insta::assert_snapshot!(sim.log, @"
    0s spawned: 'x' with pid 101
    1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    1s exited: x (exit status 7; not expected)
    1s run poststop pid 101 exit status 7
    6s x: poststop failed: exit status 1
    6s spawned: 'x' with pid 103
    7s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    7s run stop_command pid 103
    7s stopped: x (exit status 0)
    7s run poststop pid 103 exit status 0
    ");
}

#[test]
fn the_end_of_the_daemon_waits_for_hooks() {
    let mut sim = with(|it| it.poststop = Some("after".into()));
    sim.advance(1);
    sim.shutdown();
    sim.terminate("x", TERMINATED);
    assert!(!sim.log.contains("exit restart"));
    sim.advance(60);
    sim.end_hook(KILLED);
    insta::assert_snapshot!(sim.log, @"
     0s spawned: 'x' with pid 101
     1s success: x entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
     1s kill pid 101 SIGTERM
     1s waiting for x to die
     1s stopped: x (terminated by SIGTERM)
     1s run poststop pid 101 terminated by SIGTERM
     4s waiting for poststop of x to die
     7s waiting for poststop of x to die
    10s waiting for poststop of x to die
    13s waiting for poststop of x to die
    16s waiting for poststop of x to die
    19s waiting for poststop of x to die
    22s waiting for poststop of x to die
    25s waiting for poststop of x to die
    28s waiting for poststop of x to die
    31s waiting for poststop of x to die
    34s waiting for poststop of x to die
    37s waiting for poststop of x to die
    40s waiting for poststop of x to die
    43s waiting for poststop of x to die
    46s waiting for poststop of x to die
    49s waiting for poststop of x to die
    52s waiting for poststop of x to die
    55s waiting for poststop of x to die
    58s waiting for poststop of x to die
    61s killing poststop of x (pid 102)
    61s kill hook 102
    61s waiting for poststop of x to die
    61s x: poststop failed: it did not end within 60 seconds
    61s exit restart=false
    ");
}

#[test]
fn a_hook_of_a_removed_program_is_bounded_too() {
    let mut sim = with(|it| it.poststop = Some("after".into()));
    sim.advance(1);
    sim.stop("x");
    sim.terminate("x", TERMINATED);
    assert!(sim.core.remove_group("web", sim.now));
    sim.perform();
    sim.advance(60);
    assert!(sim.log.contains("kill hook"));
    sim.end_hook(KILLED);
    sim.shutdown();
    assert!(sim.log.contains("exit restart=false"));
}
