//! What must hold after each step. Everything that does not is described by a text; what is described by the
//! same text for too long is a failure.

use std::collections::{BTreeMap, BTreeSet};

use supkit::rpc::value::Value;

use super::client::{Call, Reply};
use super::driver::Driver;
use super::model::Info;
use super::processes::{self, Seen};
use crate::support::wait::comes_true;

/// States in which a process has a pid.
const ALIVE: [&str; 3] = ["STARTING", "RUNNING", "STOPPING"];

/// How much more memory than after the warm-up the daemon may use.
const MEMORY_GROWTH: u64 = 12 * 1024 * 1024;

/// The daemon when all programs run and nothing is requested.
#[derive(Clone, Debug)]
pub(super) struct Level {
    descriptors: BTreeMap<String, usize>,
    memory: u64,
}

impl Driver<'_> {
    /// Waits until everything is as it must be. What is wrong may only be so for a moment.
    pub(super) fn come_to_rest(&mut self) {
        let first = self.problems();
        self.outlast(first, Self::problems);
    }

    /// Waits until none of these problems was there all the time.
    fn outlast(&mut self, mut lasting: BTreeSet<String>, look: fn(&mut Self) -> BTreeSet<String>) {
        let has_passed = comes_true(|| {
            if !lasting.is_empty() {
                let now = look(self);
                lasting.retain(|problem| now.contains(problem));
            }
            lasting.is_empty()
        });
        assert!(has_passed, "these do not pass: {lasting:#?}");
    }

    pub(super) fn infos(&self) -> Option<Vec<Info>> {
        let call = Call::send(self.sandbox, "supervisor.getAllProcessInfo", &[]).ok()?;
        let Reply::Value(Value::Array(infos)) = call.reply() else { return None };
        infos.iter().map(info).collect()
    }

    fn problems(&mut self) -> BTreeSet<String> {
        let mut wrong = BTreeSet::new();
        match self.infos() {
            Some(infos) => {
                wrong.extend(self.model.contradictions(&infos));
                wrong.extend(self.problems_of_processes(&infos));
            }
            None => drop(wrong.insert("getAllProcessInfo is not answered".to_owned())),
        }
        let zombies = processes::zombies(self.daemon.pid()).into_iter();
        wrong.extend(zombies.map(|pid| format!("{pid} is a zombie")));
        wrong.extend(self.logs.problems(self.sandbox));
        wrong
    }

    fn problems_of_processes(&self, infos: &[Info]) -> Vec<String> {
        let daemon = self.daemon.pid();
        let mut wrong = Vec::new();
        let mut owners = BTreeSet::new();
        for Info { name, state, pid } in infos {
            if ALIVE.contains(&state.as_str()) != (*pid > 0) {
                wrong.push(format!("{name} is {state} with pid {pid}"));
            }
            if *pid > 0 && processes::parent(*pid) != Some(daemon) {
                wrong.push(format!("pid {pid} of {name} is no running child of the daemon"));
            }
            if *pid > 0 && !owners.insert(*pid) {
                wrong.push(format!("pid {pid} belongs to two processes"));
            }
        }
        let running = processes::running(self.sandbox);
        let strays =
            running.iter().filter(|it| it.pid != daemon && !is_owned(it, &running, &owners));
        wrong.extend(strays.map(|it| format!("{} ({}) belongs to no program", it.pid, it.name)));
        wrong
    }

    /// The daemon when all programs run and no client is connected.
    pub(super) fn level(&self) -> Level {
        let pid = self.daemon.pid();
        Level { descriptors: processes::descriptors(pid), memory: processes::memory(pid) }
    }

    /// Waits until descriptors and memory are as they were.
    pub(super) fn return_to(&mut self, before: &Level) {
        let mut now = self.level();
        let has_returned = comes_true(|| {
            now = self.level();
            now.descriptors == before.descriptors && now.memory <= before.memory + MEMORY_GROWTH
        });
        assert!(has_returned, "the daemon does not return from {now:#?} to {before:#?}");
    }
}

fn info(value: &Value) -> Option<Info> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let (group, name) = (text("group")?, text("name")?);
    let name = if group == name { name } else { format!("{group}:{name}") };
    let pid = i32::try_from(value.get("pid")?.as_int()?).ok()?;
    Some(Info { name, state: text("statename")?, pid })
}

/// Whether a process, its group or one of its ancestors is of a program.
fn is_owned(process: &Seen, running: &[Seen], owners: &BTreeSet<i32>) -> bool {
    let mut current = Some(process);
    let mut steps = 0;
    while let Some(it) = current.filter(|_| steps < 100) {
        if owners.contains(&it.pid) || owners.contains(&it.group) {
            return true;
        }
        steps += 1;
        current = running.iter().find(|other| other.pid == it.parent);
    }
    false
}
