//! The decisions about the programs of a Supervisor.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::conf::config::Config;
use crate::conf::fake_host::examine_bytes;
use crate::core::effect::Pid;
use crate::core::state::ProcessState;
use crate::core::takeover::Reported;
use crate::core::takeover::pipes::{Direction, End, Held, Pipes};
use crate::os::poll_call::Polled;
use crate::rpc::config::configured;
use crate::rpc::value::Value;

const CONF: &str = "[supervisord]\n\
    [program:web]\ncommand=/bin/cat\npriority=5\n\
    [program:db]\ncommand=/bin/cat\npriority=1\nredirect_stderr=true\n\
    [program:job]\ncommand=/bin/true\nautostart=false\n\
    [eventlistener:watch]\ncommand=/bin/cat\nevents=TICK_5\n";

fn config(text: &str) -> Config {
    examine_bytes(text.as_bytes()).config.expect("it is valid")
}

/// What Supervisor reports when everything of the configuration runs but `job`, with pids 11, 12, 14.
fn facts(config: &Config) -> Facts {
    let pids = BTreeMap::from([("web", 11), ("db", 12), ("watch", 14)]);
    let members = config.groups.iter().flat_map(|group| group.members().map(move |it| (group, it)));
    let reported = members.clone().map(|(group, process)| {
        let pid = pids.get(process.name.as_str()).map(|pid| Pid(*pid));
        Reported {
            group: group.name.clone(),
            name: process.name.clone(),
            state: if pid.is_some() { ProcessState::Running } else { ProcessState::Stopped },
            pid,
            start: 1,
            stop: 0,
            now: 100,
            exitstatus: 0,
            spawnerr: String::new(),
            stdout_logfile: String::new(),
            stderr_logfile: String::new(),
        }
    });
    let reported = reported.collect();
    let configured = members.map(|(group, process)| configured(group, process, true, &|_| None));
    Facts {
        version: "4.3.0".to_owned(),
        reported,
        configured: configured.collect(),
        children: BTreeSet::new(),
    }
}

/// The pipes of `web` (5, 6, 7), `db` (8, 9) and `watch` (10, 11, 12).
fn survey() -> Survey {
    let all = [(11, 5, 3), (12, 8, 2), (14, 10, 3)];
    let (mut ends, mut held, mut polled) = (Vec::new(), Vec::new(), Vec::new());
    for (child, first, count) in all {
        for number in first..first + count {
            let direction = if number == first { Direction::Write } else { Direction::Read };
            let inode = 100 + u64::try_from(number).unwrap();
            ends.push(End { number, inode, direction });
            held.push(Held { inode, direction, child });
            if direction == Direction::Read {
                polled.push(Polled { number, for_reading: true, for_writing: false });
            }
        }
    }
    let watched = polled.iter().map(|it| it.number).collect();
    let pipes = Pipes { ends, held, watched };
    Survey { descriptors: Vec::new(), polled, children: Vec::new(), pipes }
}

fn fates(plan: &Plan) -> Vec<(&str, Fate)> {
    plan.programs.iter().map(|it| (it.reported.name.as_str(), it.fate.clone())).collect()
}

fn fate(plan: &Plan, name: &str) -> String {
    match fates(plan).into_iter().find(|it| it.0 == name).expect("it is planned").1 {
        Fate::Restarted(why) => why,
        other => format!("{other:?}"),
    }
}

#[test]
fn all_programs_but_listeners_are_adopted_in_the_order_of_starts() {
    let config = config(CONF);
    let plan = Plan::make(&config, &facts(&config), &survey()).unwrap();
    let names: Vec<&str> = fates(&plan).iter().map(|it| it.0).collect();
    assert_eq!(names, ["watch", "db", "web", "job"]);
    assert_eq!(["web", "db"].map(|name| fate(&plan, name)), ["Adopted", "Adopted"]);
    assert_eq!(fate(&plan, "job"), "Idle");
    assert!(fate(&plan, "watch").contains("event listener"));
    let streams = &plan.programs[2].streams;
    assert_eq!((streams.stdin, streams.stdout, streams.stderr), (Some(5), Some(6), Some(7)));
    assert_eq!((plan.notes.len(), plan.connections), (0, 0));
}

#[test]
fn what_is_not_certain_is_restarted() {
    let config = config(CONF);
    let facts = facts(&config);
    let plan = |change: &dyn Fn(&mut Survey)| {
        let mut survey = survey();
        change(&mut survey);
        Plan::make(&config, &facts, &survey).unwrap()
    };
    let pending = plan(&|survey| {
        survey.polled.push(Polled { number: 5, for_reading: false, for_writing: true });
    });
    assert_eq!(fate(&pending, "web"), "Supervisor holds bytes that it has not read from its stdin");
    let merged = plan(&|survey| {
        survey.pipes.held.retain(|it| it.inode != 107);
        survey.pipes.ends.retain(|it| it.number != 7);
    });
    assert!(fate(&merged, "web").contains("not certain"), "{:?}", fates(&merged));
    let shared = plan(&|survey| {
        survey.pipes.held.push(Held { inode: 106, direction: Direction::Read, child: 12 });
    });
    let why = "another program holds the same pipe";
    assert_eq!(["web", "db"].map(|name| fate(&shared, name)), [why; 2]);
    let stray = plan(&|survey| {
        survey.pipes.held.retain(|it| it.child != 11);
    });
    assert_eq!(
        stray.notes,
        ["2 pipes for output are held by processes of no program, and are closed"]
    );
}

#[test]
fn what_is_being_stopped_is_not_started_again() {
    let config = config(CONF);
    let mut facts = facts(&config);
    for reported in &mut facts.reported {
        reported.state = ProcessState::Stopping;
    }
    let plan = Plan::make(&config, &facts, &survey()).unwrap();
    assert_eq!(plan.restarted().count(), 0);
}

#[test]
fn a_changed_option_is_named() {
    let config = config(CONF);
    let mut facts = facts(&config);
    let name = Value::str("web");
    let web = facts.configured.iter_mut().find(|it| it.get("name") == Some(&name)).unwrap();
    let Value::Struct(members) = web else { panic!("a struct") };
    members.iter_mut().find(|it| it.0 == "command").unwrap().1 = Value::str("/bin/other");
    let plan = Plan::make(&config, &facts, &survey()).unwrap();
    assert!(fate(&plan, "web").ends_with(": command"), "{:?}", fates(&plan));
    assert_eq!(fate(&plan, "db"), "Adopted");
}

#[test]
fn other_programs_than_those_of_the_file_are_refused() {
    let config = config(CONF);
    let mut facts = facts(&config);
    facts.reported.push(Reported { name: "gone".to_owned(), ..facts.reported[0].clone() });
    let error = Plan::make(&config, &facts, &survey()).unwrap_err();
    assert!(error.starts_with("the daemon has processes that the file has not: "), "{error}");
    assert!(error.contains("`supervisorctl update`"), "{error}");
}

#[test]
fn a_server_that_does_not_listen_is_noted() {
    let config = config(&format!("{CONF}[unix_http_server]\nfile=/nowhere/x.sock\n"));
    let plan = Plan::make(&config, &facts(&config), &survey()).unwrap();
    assert_eq!(plan.notes, ["[unix_http_server] is opened by the next restart of the daemon"]);
}
