//! Lives told as stories: what happens, with the second it happens in, and what the core then does.
//! The world is simulated; a day takes no time.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::effect::{Effect, Input, Pid, ProcId, Stream, WaitStatus};
use super::state::{Mood, ProcessState};
use super::time::{Mono, Now, Wall};
use super::{Supervisor, state};
use crate::conf::config::{
    AutoRestart, Config, Group, GroupKind, LogLevel, LogTarget, Notes, Origins, Pool, Process,
    ResultHandler, StreamLog, Supervisord,
};
use crate::conf::events::EventType;
use crate::conf::signals::Signal;

fn stream() -> StreamLog {
    StreamLog {
        target: LogTarget::File("log".into()),
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    }
}

fn program(name: &str) -> Process {
    Process {
        name: name.into(),
        program: name.into(),
        command: "cmd".into(),
        directory: None,
        umask: None,
        user: None,
        priority: 999,
        autostart: true,
        autorestart: AutoRestart::Unexpected,
        startsecs: 1,
        startretries: 3,
        stdout: stream(),
        stderr: stream(),
        redirect_stderr: false,
        stopsignal: Signal::TERM,
        stopwaitsecs: 10,
        stopasgroup: false,
        killasgroup: false,
        exitcodes: vec![0],
        environment: Vec::new(),
        serverurl: None,
    }
}

fn group(name: &str, priority: i64, processes: Vec<Process>) -> Group {
    Group { name: name.into(), priority, kind: GroupKind::Programs, processes }
}

fn listener(name: &str, events: Vec<EventType>) -> Group {
    let result_handler = ResultHandler::Default;
    Group {
        name: name.into(),
        priority: -1,
        kind: GroupKind::EventListener(Pool { buffer_size: 10, events, result_handler }),
        processes: vec![program(name)],
    }
}

fn config(groups: Vec<Group>) -> Config {
    Config {
        supervisord: Supervisord {
            logfile: "supervisord.log".into(),
            logfile_maxbytes: 0,
            logfile_backups: 0,
            loglevel: LogLevel::Info,
            pidfile: "supervisord.pid".into(),
            identifier: "supervisor".into(),
            childlogdir: "/tmp".into(),
            umask: 0o22,
            directory: None,
            user: None,
            minfds: 1024,
            minprocs: 200,
            nodaemon: true,
            silent: false,
            nocleanup: false,
            strip_ansi: false,
            environment: Vec::new(),
        },
        servers: Vec::new(),
        groups,
        rpcinterfaces: Vec::new(),
        here: "/".into(),
        file: "/supervisord.conf".into(),
        notes: Notes::default(),
        origins: Origins::default(),
    }
}

/// A world of children that do what the story says. Forks succeed and pids count from 101.
struct World {
    core: Supervisor,
    now: Now,
    next_pid: i32,
    alive: BTreeMap<Pid, ProcId>,
    spawn_error: Option<String>,
    told: String,
}

impl World {
    fn new(groups: Vec<Group>) -> Self {
        let wall = Wall(Duration::from_secs(1_000_003));
        let now = Now { mono: Mono(Duration::from_secs(100)), wall };
        let mut core = Supervisor::new(config(groups));
        core.boot(now);
        let mut world = Self {
            core,
            now,
            next_pid: 101,
            alive: BTreeMap::new(),
            spawn_error: None,
            told: String::new(),
        };
        world.core.run(now);
        world.perform();
        world
    }

    fn second(&self) -> u64 {
        self.now.mono.0.as_secs() - 100
    }

    fn tell(&mut self, text: &str) {
        let second = self.second();
        let _ = writeln!(self.told, "{second:>3}s {text}");
    }

    /// Performs what the core asks, as the shell would.
    fn perform(&mut self) {
        while let Some(effect) = self.core.next_effect() {
            match effect {
                Effect::Spawn { id } => self.fork(id),
                Effect::Kill { id, pid, signal, group } => {
                    assert_eq!(self.alive.get(&pid), Some(&id), "a stranger is signalled");
                    let whom = if group { "group" } else { "pid" };
                    self.tell(&format!("kill {whom} {} {signal}", pid.0));
                }
                Effect::Log { message, .. } => self.tell(&message),
                Effect::ChildLog { bytes, .. } => {
                    self.tell(&format!("log {:?}", String::from_utf8_lossy(&bytes)));
                }
                Effect::Stdin { bytes, .. } => {
                    self.tell(&format!("stdin {:?}", String::from_utf8_lossy(&bytes)));
                }
                Effect::Exit { restart } => self.tell(&format!("exit restart={restart}")),
                _ => {}
            }
        }
    }

    fn fork(&mut self, id: ProcId) {
        if let Some(error) = self.spawn_error.clone() {
            self.core.take(Input::SpawnFailed { id, error }, self.now);
            return;
        }
        assert!(!self.alive.values().any(|it| *it == id), "two children of {id:?}");
        let pid = Pid(self.next_pid);
        self.next_pid += 1;
        self.alive.insert(pid, id);
        self.core.take(Input::Spawned { id, pid }, self.now);
    }

    /// Lets seconds pass, waking the core when it wants to be woken.
    fn pass(&mut self, seconds: u64) {
        let until = Mono(self.now.mono.0 + Duration::from_secs(seconds));
        while let Some(at) = self.core.deadline(self.now).filter(|at| *at <= until) {
            self.jump(at);
            self.core.expire(self.now);
            self.perform();
        }
        self.jump(until);
    }

    fn jump(&mut self, to: Mono) {
        let passed = to.since(self.now.mono);
        self.now.wall.0 += passed;
        self.now.mono.0 += passed;
    }

    fn id(&self, name: &str) -> ProcId {
        self.core.processes().find(|process| process.name() == name).unwrap().id()
    }

    fn state(&self, name: &str) -> ProcessState {
        self.core.process(self.id(name)).unwrap().state()
    }

    fn dies(&mut self, name: &str, status: WaitStatus) {
        let id = self.id(name);
        let (&pid, _) = self.alive.iter().find(|(_, it)| **it == id).unwrap();
        self.alive.remove(&pid);
        self.core.take(Input::Died { pid, status }, self.now);
        self.perform();
        self.pass(0);
    }

    fn stop(&mut self, name: &str) {
        let id = self.id(name);
        let _ = self.core.stop(id, self.now);
        self.perform();
    }

    fn says(&mut self, name: &str, text: &str) {
        let (id, stream) = (self.id(name), Stream::Stdout);
        let bytes = text.as_bytes().to_vec();
        self.core.take(Input::Output { id, stream, bytes }, self.now);
        self.perform();
    }

    fn signal(&mut self, number: i32) {
        self.core.take(Input::Signal(Signal(number)), self.now);
        self.perform();
    }
}

const KILLED: WaitStatus = WaitStatus::Signaled { signal: 9, core_dumped: false };
const TERMINATED: WaitStatus = WaitStatus::Signaled { signal: 15, core_dumped: false };

fn one(process: Process) -> World {
    World::new(vec![group("web", 999, vec![process])])
}

#[test]
fn a_program_runs_after_startsecs_and_comes_back_when_it_is_killed() {
    let mut world = one(program("web"));
    world.pass(5);
    world.dies("web", KILLED);
    world.pass(2);
    assert_snapshot!(world.told, @r"
      0s spawned: 'web' with pid 101
      1s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
      5s exited: web (terminated by SIGKILL; not expected)
      5s spawned: 'web' with pid 102
      6s success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
    ");
    assert!(world.core.timers.is_empty(), "a timer was left behind");
}

#[test]
fn a_program_that_cannot_start_backs_off_longer_each_time_and_is_given_up() {
    let mut world = one(Process { startretries: 2, ..program("web") });
    for wait in 1..=3 {
        world.dies("web", WaitStatus::Exited(1));
        world.pass(wait);
    }
    assert_eq!(world.state("web"), ProcessState::Fatal);
    assert_snapshot!(world.told, @r"
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
fn a_command_that_is_not_there_is_fatal_after_its_retries() {
    let mut world = one(Process { autostart: false, startretries: 2, ..program("web") });
    world.spawn_error = Some("can't find command 'cmd'".into());
    let id = world.id("web");
    world.core.start(id, world.now);
    world.perform();
    world.pass(60);
    assert_snapshot!(world.told, @r"
      0s spawnerr: can't find command 'cmd'
      1s spawnerr: can't find command 'cmd'
      3s spawnerr: can't find command 'cmd'
      3s gave up: web entered FATAL state, too many start retries too quickly
    ");
    assert_eq!(world.state("web"), ProcessState::Fatal);
}

#[test]
fn a_child_that_will_not_die_is_killed_after_stopwaitsecs_and_again() {
    let mut world = one(Process { killasgroup: true, ..program("web") });
    world.pass(2);
    world.stop("web");
    world.pass(25);
    world.dies("web", KILLED);
    assert_snapshot!(world.told, @r"
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
fn a_program_without_startsecs_that_ends_at_once_does_not_spin() {
    let process = Process { startsecs: 0, autorestart: AutoRestart::Always, ..program("web") };
    let mut world = one(process);
    for _ in 0..3 {
        world.dies("web", WaitStatus::Exited(0));
        world.pass(1);
    }
    assert_eq!(world.next_pid, 105, "one start a second");
}

#[test]
fn the_end_goes_group_by_group_from_the_highest_priority() {
    let mut world = World::new(vec![
        group("zeoserver", 100, vec![program("zeoserver")]),
        group("instance", 500, vec![program("instance")]),
        group("varnish", 1000, vec![program("varnish")]),
    ]);
    world.pass(2);
    world.told.clear();
    world.signal(15);
    world.pass(4);
    world.dies("varnish", WaitStatus::Exited(0));
    world.dies("instance", TERMINATED);
    world.signal(1);
    world.dies("zeoserver", WaitStatus::Exited(0));
    assert_snapshot!(world.told, @r"
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
    assert_eq!(world.core.deadline(world.now), None, "a daemon that ends sleeps");
}

#[test]
fn a_listener_gets_events_one_at_a_time_and_a_dead_one_gives_its_back() {
    let mut world = World::new(vec![
        listener("ears", vec![EventType::ProcessState, EventType::Tick5]),
        group("web", 999, vec![Process { autostart: false, ..program("web") }]),
    ]);
    world.pass(1);
    world.told.clear();
    world.says("ears", "READY\n");
    world.says("ears", "RESULT 2\nOKREADY\n");
    world.dies("ears", KILLED);
    world.pass(1);
    world.says("ears", "READY\n");
    assert_snapshot!(world.told, @r#"
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
fn ticks_come_when_the_calendar_enters_a_slice_and_only_if_somebody_listens() {
    let mut world = World::new(vec![listener("clock", vec![EventType::Tick60])]);
    world.pass(2);
    world.says("clock", "READY\n");
    world.pass(20);
    let hours = listener("hours", vec![EventType::Tick3600]);
    world.core.add_group(hours, world.now);
    world.perform();
    world.pass(5);
    world.says("hours", "READY\n");
    for _ in 0..2 {
        world.says("clock", "RESULT 2\nOKREADY\n");
        world.pass(60);
    }
    world.pass(3600);
    let sent: Vec<&str> = world.told.lines().filter(|line| line.contains("stdin")).collect();
    assert_snapshot!(sent.join("\n"), @r#"
     17s stdin "ver:3.0 server:supervisor serial:0 pool:clock poolserial:0 eventname:TICK_60 len:12\nwhen:1000020"
     77s stdin "ver:3.0 server:supervisor serial:1 pool:clock poolserial:1 eventname:TICK_60 len:12\nwhen:1000080"
    137s stdin "ver:3.0 server:supervisor serial:2 pool:clock poolserial:2 eventname:TICK_60 len:12\nwhen:1000140"
    797s stdin "ver:3.0 server:supervisor serial:14 pool:hours poolserial:0 eventname:TICK_3600 len:12\nwhen:1000800"
    "#);
    let mut silent = one(program("web"));
    silent.pass(2);
    assert_eq!(silent.core.deadline(silent.now), None);
}

#[test]
fn a_process_that_cannot_be_signalled_is_told_to_be_unknown() {
    let watcher = listener("watcher", vec![EventType::ProcessStateUnknown]);
    let mut world = World::new(vec![watcher, group("web", 999, vec![program("web")])]);
    world.pass(2);
    world.says("watcher", "READY\n");
    let id = world.id("web");
    let error = "[Errno 1] Operation not permitted".to_owned();
    world.stop("web");
    world.core.take(Input::KillFailed { id, error }, world.now);
    world.perform();
    let sent = world.told.lines().find(|line| line.contains("stdin")).unwrap_or_default();
    assert_snapshot!(sent, @r#"  2s stdin "ver:3.0 server:supervisor serial:0 pool:watcher poolserial:0 eventname:PROCESS_STATE_UNKNOWN len:49\nprocessname:web groupname:web from_state:STOPPING""#);
}

#[test]
fn a_day_of_a_thousand_idle_programs_wakes_nobody() {
    let groups =
        (0..1000).map(|n| format!("p{n}")).map(|n| group(&n, 999, vec![program(&n)])).collect();
    let mut world = World::new(groups);
    world.pass(10);
    assert_eq!(world.core.deadline(world.now), None);
    world.pass(86_400);
    assert!(world.core.processes().all(|it| it.state() == state::ProcessState::Running));
}

#[derive(Clone, Debug)]
enum Storm {
    Start(usize),
    Stop(usize),
    Signal(usize),
    Dies(usize, i32),
    Pass(u64),
    Shutdown,
}

fn storm() -> impl Strategy<Value = Storm> {
    prop_oneof![
        4 => (0..4usize).prop_map(Storm::Start),
        4 => (0..4usize).prop_map(Storm::Stop),
        1 => (0..4usize).prop_map(Storm::Signal),
        8 => ((0..4usize), (0..2i32)).prop_map(|(who, code)| Storm::Dies(who, code)),
        4 => (0..15u64).prop_map(Storm::Pass),
        1 => Just(Storm::Shutdown),
    ]
}

proptest! {
    /// The world itself asserts that no process ever has two children and that no pid is signalled
    /// that is not the process's own.
    #[test]
    fn no_storm_breaks_the_rules_and_every_end_ends(storms in proptest::collection::vec(storm(), 1..60)) {
        let names = ["a", "b", "c", "d"];
        let groups = names.iter().zip(1i64..).map(|(name, priority)| {
            group(name, priority, vec![Process { stopwaitsecs: 3, ..program(name) }])
        });
        let mut world = World::new(groups.collect());
        for storm in storms {
            match storm {
                Storm::Start(who) => {
                    let id = world.id(names[who]);
                    world.core.start(id, world.now);
                }
                Storm::Stop(who) => world.stop(names[who]),
                Storm::Signal(who) => {
                    let id = world.id(names[who]);
                    let _ = world.core.signal(id, Signal(10), world.now);
                }
                Storm::Dies(who, code) => {
                    let id = world.id(names[who]);
                    if world.alive.values().any(|it| *it == id) {
                        world.dies(names[who], WaitStatus::Exited(code));
                    }
                }
                Storm::Pass(seconds) => world.pass(seconds),
                Storm::Shutdown => world.core.shutdown(world.now),
            }
            world.perform();
            for process in world.core.processes() {
                let alive = world.alive.values().any(|it| *it == process.id());
                prop_assert_eq!(alive, process.pid().is_some(), "{:?}", process.state());
                prop_assert_eq!(alive, process.state().is_signallable());
            }
        }
        world.core.shutdown(world.now);
        world.perform();
        for name in names.iter().rev() {
            let id = world.id(name);
            if world.alive.values().any(|it| *it == id) {
                world.pass(4);
                world.dies(name, KILLED);
            }
        }
        prop_assert!(world.told.contains("exit restart=false"), "{}", world.told);
        prop_assert_eq!(world.core.mood(), Mood::Shutdown);
        prop_assert!(world.core.timers.is_empty());
    }
}
