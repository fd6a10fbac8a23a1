//! Stories about machines on which a daemon was killed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::conf::config::Config;
use crate::conf::fake_host::examine_bytes;
use crate::conf::signals::Signal;
use crate::core::time::Mono;

const CONF: &str = "[unix_http_server]\nfile=/run/s.sock\n[supervisord]\n\
    [program:web]\ncommand=/bin/cat\npriority=5\nstopsignal=INT\nstopwaitsecs=7\nstopasgroup=true\n\
    [program:db]\ncommand=/bin/cat\npriority=1\n\
    [program:hidden]\ncommand=/bin/cat\nserverurl=\n";

/// The daemon that was killed.
const DEAD: i32 = 100;

/// This daemon.
const OWN: i32 = 900;

#[derive(Default)]
struct Machine {
    all: Vec<Seen>,
    environments: BTreeMap<i32, Vec<(String, String)>>,
    arguments: BTreeMap<i32, Vec<String>>,
    without_pipe: Vec<i32>,
    in_containers: Vec<i32>,
}

impl Facts for Machine {
    fn environment(&self, pid: i32) -> Option<Vec<(String, String)>> {
        self.environments.get(&pid).cloned()
    }

    fn arguments(&self, pid: i32) -> Vec<String> {
        self.arguments.get(&pid).cloned().unwrap_or_default()
    }

    fn has_piped_stdin(&self, pid: i32) -> bool {
        !self.without_pipe.contains(&pid)
    }

    fn shares_mounts(&self, pid: i32) -> bool {
        !self.in_containers.contains(&pid)
    }
}

impl Machine {
    /// Init, a shell, and this daemon in the shell's session.
    fn new() -> Self {
        let mut machine = Self::default();
        machine.add(1, 0, 1, 1);
        machine.add(50, 1, 50, 50);
        machine.add(OWN, 50, OWN, 50);
        for pid in [1, 50, OWN] {
            machine.environments.insert(pid, Vec::new());
        }
        machine
    }

    fn add(&mut self, pid: i32, parent: i32, group: i32, session: i32) -> &mut Self {
        self.all.push(Seen { pid, parent, group, session, started: 7 });
        self
    }

    /// A process with the environment of a program.
    fn program(&mut self, name: &str, (pid, parent, group, session): (i32, i32, i32, i32)) {
        self.program_at(Some("unix:///run/s.sock"), name, (pid, parent, group, session));
    }

    fn program_at(
        &mut self,
        url: Option<&str>,
        name: &str,
        (pid, parent, group, session): (i32, i32, i32, i32),
    ) {
        self.add(pid, parent, group, session);
        let mut environment = vec![("SUPERVISOR_ENABLED".to_owned(), "1".to_owned())];
        let mut set = |key: &str, value: &str| environment.push((key.to_owned(), value.to_owned()));
        set("SUPERVISOR_GROUP_NAME", name);
        set("SUPERVISOR_PROCESS_NAME", name);
        if let Some(url) = url {
            set("SUPERVISOR_SERVER_URL", url);
        }
        self.environments.insert(pid, environment);
    }

    fn processes(&self) -> Processes {
        self.all.iter().copied().collect()
    }

    fn found(&self, dead: Option<i32>) -> Vec<Orphan> {
        let (config, processes) = (config(), self.processes());
        find(&Search { config: &config, own_pid: OWN, dead, processes: &processes, facts: self })
    }

    /// The pids of the members of each orphan.
    fn orphans(&self, dead: Option<i32>) -> Vec<Vec<i32>> {
        let orphans = self.found(dead);
        orphans.iter().map(|orphan| orphan.members.iter().map(|it| it.pid).collect()).collect()
    }
}

fn config() -> Config {
    examine_bytes(CONF.as_bytes()).config.expect("it is valid")
}

#[test]
fn a_program_whose_daemon_is_gone_is_an_orphan_with_its_tree() {
    let mut machine = Machine::new();
    machine.program("web", (200, 1, 200, DEAD));
    machine.program("web", (201, 200, 200, DEAD));
    machine.program("web", (202, 201, 202, DEAD));
    assert_eq!(machine.orphans(Some(DEAD)), [[200, 201, 202]]);
    // Without the pid file the pipe proves it.
    assert_eq!(machine.orphans(None), [[200, 201, 202]]);
}

#[test]
fn a_program_of_a_running_daemon_is_not_an_orphan() {
    let mut machine = Machine::new();
    machine.add(100, 1, 100, 100);
    machine.arguments.insert(100, vec!["python3".to_owned(), "/usr/bin/supervisord".to_owned()]);
    machine.program("web", (200, 100, 200, 100));
    machine.program("db", (210, OWN, 210, 50));
    assert_eq!(machine.orphans(None), [[0; 0]; 0]);
}

#[test]
fn the_first_process_adopts_orphans_even_if_it_is_a_daemon() {
    let mut machine = Machine::new();
    machine.arguments.insert(1, vec!["supervisord".to_owned(), "-n".to_owned()]);
    machine.program("web", (200, 1, 200, DEAD));
    assert_eq!(machine.orphans(Some(DEAD)), [[200]]);
}

#[test]
fn what_left_its_program_is_not_an_orphan() {
    let mut machine = Machine::new();
    // A daemon of a program: two forks and a session.
    machine.program("web", (300, 1, 299, 299));
    // A login through the program: its shell leads a session and runs jobs.
    machine.program("web", (310, 1, 310, 310));
    machine.program("web", (311, 310, 311, 310));
    machine.program("web", (312, 1, 312, 310));
    // A job that outlived its login.
    machine.program("web", (320, 1, 320, 319));
    machine.without_pipe.push(320);
    assert_eq!(machine.orphans(Some(DEAD)), [[0; 0]; 0]);
    // A login is not part of the tree of an orphan either.
    machine.program("web", (200, 1, 200, DEAD));
    machine.program("web", (330, 200, 330, 330));
    assert_eq!(machine.orphans(Some(DEAD)), [[200]]);
}

#[test]
fn other_deployments_are_left_alone() {
    let mut machine = Machine::new();
    machine.program_at(Some("unix:///run/other.sock"), "web", (200, 1, 200, 60));
    // The same default socket, but programs of another configuration.
    machine.program("theirs", (210, 1, 210, 60));
    machine.program("web", (220, 1, 220, 60));
    machine.in_containers.push(220);
    machine.program_at(None, "hidden", (230, 1, 230, 60));
    assert_eq!(machine.orphans(None), [[0; 0]; 0]);
    assert_eq!(machine.orphans(Some(DEAD)), [[0; 0]; 0]);
}

#[test]
fn the_pid_file_proves_what_the_environment_does_not() {
    let mut machine = Machine::new();
    machine.program("removed", (200, 1, 200, DEAD));
    machine.program_at(None, "hidden", (210, 1, 210, DEAD));
    // The first process of the program is dead, its children are not.
    machine.program("web", (221, 1, 220, DEAD));
    assert_eq!(machine.orphans(Some(DEAD)), [[200], [210], [221]]);
    assert_eq!(machine.orphans(None), [[0; 0]; 0]);
    // Its environment may not be read.
    machine.add(230, 1, 230, DEAD);
    assert_eq!(machine.orphans(Some(DEAD)).last(), Some(&vec![230]));
    assert_eq!(machine.orphans(None), [[0; 0]; 0]);
}

#[test]
fn a_daemon_that_is_started_from_an_orphan_spares_its_own_ancestors() {
    let mut machine = Machine::new();
    machine.program("web", (200, 1, 200, DEAD));
    machine.all.iter_mut().find(|seen| seen.pid == 50).unwrap().parent = 200;
    assert_eq!(machine.orphans(Some(DEAD)), [[0; 0]; 0]);
}

/// The signals of a step: pid, signal, whether to the group.
fn signals(actions: &[Action]) -> Vec<(i32, Signal, bool)> {
    let signal = |action: &Action| match action {
        Action::Signal { process, signal, group } => Some((process.pid, *signal, *group)),
        _ => None,
    };
    actions.iter().filter_map(signal).collect()
}

fn at(seconds: u64) -> Mono {
    Mono(Duration::from_secs(seconds))
}

#[test]
fn orphans_end_in_stop_order_by_their_own_rules() {
    let mut machine = Machine::new();
    machine.program("db", (200, 1, 200, DEAD));
    machine.program("web", (210, 1, 210, DEAD));
    machine.program("web", (211, 210, 210, DEAD));
    let mut ending = Ending::new(machine.found(Some(DEAD)), &config());
    let int = Signal(2);
    assert_eq!(signals(&ending.step(&machine.processes(), at(0))), [(210, int, true)]);
    assert_eq!(ending.step(&machine.processes(), at(6)), []);
    let actions = ending.step(&machine.processes(), at(7));
    assert_eq!(actions[0], Action::Escalated { name: "web".to_owned(), pid: 210 });
    assert_eq!(signals(&actions), [(210, Signal::KILL, true)]);
    assert_eq!(signals(&ending.step(&machine.processes(), at(8))), [(210, Signal::KILL, true)]);
    // The leader has ended; what is left of the group ends in the same way.
    machine.all.retain(|seen| seen.pid != 210);
    assert_eq!(signals(&ending.step(&machine.processes(), at(8))), [(211, int, false)]);
    assert_eq!(signals(&ending.step(&machine.processes(), at(15))), [(211, Signal::KILL, false)]);
    machine.all.retain(|seen| seen.pid != 211);
    let actions = ending.step(&machine.processes(), at(16));
    assert_eq!(actions[0], Action::Ended { name: "web".to_owned(), pid: 210 });
    assert_eq!(signals(&actions), [(200, Signal::TERM, false)], "now it is the turn of db");
    machine.all.retain(|seen| seen.pid != 200);
    let _ = ending.step(&machine.processes(), at(17));
    assert!(ending.is_done());
}

#[test]
fn a_reused_pid_is_not_signalled_and_a_new_child_is() {
    let mut machine = Machine::new();
    machine.program("db", (200, 1, 200, DEAD));
    machine.program("db", (201, 200, 200, DEAD));
    let mut ending = Ending::new(machine.found(Some(DEAD)), &config());
    let _ = ending.step(&machine.processes(), at(0));
    // The leader ended, another process has its pid; meanwhile a child was forked.
    machine.all.retain(|seen| seen.pid != 200);
    machine.all.push(Seen { pid: 200, parent: 1, group: 200, session: 200, started: 8 });
    machine.add(202, 201, 200, DEAD);
    let sent = signals(&ending.step(&machine.processes(), at(1)));
    assert_eq!(sent, [(201, Signal::TERM, false), (202, Signal::TERM, false)]);
    machine.all.retain(|seen| seen.pid < 201);
    let _ = ending.step(&machine.processes(), at(2));
    assert!(ending.is_done());
}
