//! The processes that belong to programs with `killmode`: a cgroup for each where one can be made,
//! otherwise a mark in the environment by which they are found.

use std::collections::BTreeSet;
use std::process;
use std::sync::Arc;

use super::launch::Variables;
use super::shell::Shell;
use crate::conf::config::{LogLevel, Process};
use crate::conf::kill_mode::KillMode;
use crate::conf::sections::program;
use crate::core::effect::{Input, Pid, ProcId, SweepTarget};
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::core::tree::{self, Seen};
use crate::os::cgroup::{self, Cgroup};
use crate::os::child_settings::{ChildSetting, Setting};
use crate::os::processes::{self, ProcessStat};
use crate::os::{errno, limits, pidfd, subreaper};

/// The variable by which the descendants of a program are recognised.
const MARK: &str = "SUPKIT_TREE";

const KILL: i32 = 9;
const STOP: i32 = 19;

/// How often the processes are looked at before they are killed: each is stopped when it is seen, so
/// that it forks no more.
const MAX_PASSES: usize = 32;

/// How many descriptors a search needs at the same time: a directory and a file in it, and one for a signal.
const SEARCH_DESCRIPTORS: usize = 4;

/// How often the environment of one process is read in a look.
const MAX_READS: usize = 4;

/// The cgroup of a program; the name is the same for a daemon that continues this one.
fn cgroup_path(id: ProcId) -> std::io::Result<std::path::PathBuf> {
    let name = format!("supkit-{}", process::id());
    Ok(cgroup::own_directory()?.join(name).join(id.0.to_string()))
}

/// No other daemon has the same, unless it continues this one.
fn mark(id: ProcId) -> String {
    let own = i32::try_from(process::id()).unwrap_or_default();
    let started = processes::stat(own).map_or(0, |stat| stat.started);
    format!("{own}.{started}.{}", id.0)
}

fn existing_cgroup(id: ProcId) -> Option<Cgroup> {
    cgroup_path(id).ok().and_then(Cgroup::existing)
}

/// Whether a process is in the cgroup of a program.
pub(super) fn is_in_cgroup(id: ProcId, pid: i32) -> bool {
    existing_cgroup(id).is_some_and(|cgroup| cgroup.contains(pid))
}

impl Shell<'_> {
    /// What a child gets so that its descendants can be found.
    pub(super) fn prepare_tree(
        &mut self,
        id: ProcId,
        config: &Process,
        environment: &mut Variables,
    ) -> Option<ChildSetting> {
        if config.killmode != KillMode::Tree {
            return None;
        }
        environment.retain(|(name, _)| name != MARK);
        environment.push((MARK.into(), mark(id).into()));
        let cgroup = cgroup_path(id).and_then(Cgroup::create);
        match cgroup.and_then(|cgroup| cgroup.entrance()) {
            Ok(entrance) => {
                let value = Setting::Cgroup(Arc::new(entrance));
                Some(ChildSetting { name: program::KILLMODE.name, value })
            }
            Err(error) => {
                self.warn_unsafe(id, &config.name, &errno::describe(&error));
                None
            }
        }
    }

    /// The child was not forked.
    pub(super) fn discard_tree(id: ProcId, config: &Process) {
        if config.killmode == KillMode::Tree {
            if let Some(cgroup) = existing_cgroup(id) {
                cgroup.remove();
            }
        }
    }

    /// Checks that a new child is in its cgroup.
    pub(super) fn check_tree(&mut self, id: ProcId, config: &Process, pid: Pid) {
        if config.killmode != KillMode::Tree {
            return;
        }
        let Some(cgroup) = existing_cgroup(id) else { return };
        let is_up = processes::stat(pid.0).is_some_and(|stat| !stat.is_zombie);
        if is_up && !cgroup.contains(pid.0) {
            self.warn_unsafe(id, &config.name, "it could not join its cgroup");
        }
    }

    fn warn_unsafe(&mut self, id: ProcId, name: &str, why: &str) {
        // What is left of a program without a cgroup then has the daemon as its parent.
        let adopted = subreaper::adopt_orphans();
        if !self.trees.unsafe_ones.insert(id) {
            return;
        }
        let message = format!(
            "{name}: its processes are found by their environment, because there is no cgroup for \
             them ({why}); one that clears its environment and leaves its session may be left behind"
        );
        self.logs.log(LogLevel::Warn, &message);
        if let Err(error) = adopted {
            self.logs.log(LogLevel::Warn, &format!("cannot adopt orphans: {error}"));
        }
    }

    /// Kills what is left of a program whose process was reaped.
    pub(super) fn sweep(
        &mut self,
        id: ProcId,
        target: &SweepTarget,
        core: &mut Supervisor,
        now: Now,
    ) {
        if !limits::has_descriptors(SEARCH_DESCRIPTORS) {
            // What cannot be searched may be there: it is searched again in a moment.
            let left = vec!["whatever is left of it, because too many files are open".to_owned()];
            return core.take(Input::Swept { id, left }, now);
        }
        let SweepTarget { pid, killmode: mode, name } = target;
        let mode = *mode;
        let cgroup = (mode == KillMode::Tree).then(|| existing_cgroup(id)).flatten();
        if let Some(cgroup) = &cgroup {
            if let Err(error) = cgroup.kill() {
                self.logs
                    .log(LogLevel::Warn, &format!("cannot kill the cgroup of {name}: {error}"));
            }
        }
        let mut protected: BTreeSet<i32> = core.pids().map(|pid| pid.0).collect();
        protected.extend(i32::try_from(process::id()));
        let mark = mark(id);
        let is_hidden = mode == KillMode::Tree && cgroup.is_none();
        let mut left = kill_all(is_hidden, || look(mode, pid.0, &mark, &protected));
        if cgroup.as_ref().is_some_and(Cgroup::is_populated) {
            left.push("processes in its cgroup".to_owned());
        }
        if left.is_empty() {
            if let Some(cgroup) = cgroup {
                cgroup.remove();
            }
            if self.trees.unsafe_ones.contains(&id) {
                self.report_strays(name, &protected);
            }
        }
        core.take(Input::Swept { id, left }, now);
    }

    /// Children of the daemon without a mark: they may be of this program or of another one.
    fn report_strays(&mut self, name: &str, protected: &BTreeSet<i32>) {
        let is_stray = |stat: &ProcessStat| {
            is_adopted(stat, protected)
                && !stat.is_zombie
                && !self.probes.has_child(stat.pid)
                && !self.names.is_child(stat.pid)
                && mark_of(stat.pid).is_none()
        };
        let strays: Vec<i32> =
            processes::all().into_iter().filter(is_stray).map(|stat| stat.pid).collect();
        self.trees.strays.retain(|pid| strays.contains(pid));
        for pid in strays {
            if self.trees.strays.insert(pid) {
                let message = format!(
                    "pid {pid} ({}) may be left of {name}; it is not killed, because nothing shows \
                     to which program it belongs",
                    processes::arguments(pid).join(" ")
                );
                self.logs.log(LogLevel::Warn, &message);
            }
        }
    }
}

fn mark_of(pid: i32) -> Option<String> {
    let environment = processes::environment(pid)?;
    environment.into_iter().find(|(name, _)| name == MARK).map(|(_, mark)| mark)
}

/// Whether the daemon is the parent of a process that it has not started.
fn is_adopted(stat: &ProcessStat, protected: &BTreeSet<i32>) -> bool {
    u32::try_from(stat.parent) == Ok(process::id()) && !protected.contains(&stat.pid)
}

/// What a look at all processes has found.
struct Look {
    /// The living processes that belong to the program.
    members: Vec<ProcessStat>,
    /// Children that the daemon has adopted and that have ended. Each may have forked another process after the
    /// look has passed that one's place.
    ended: BTreeSet<i32>,
    /// Adopted children that execute a program at this moment: they have neither arguments nor an
    /// environment yet, so it is not known whether they belong to the program.
    unreadable: Vec<i32>,
}

/// What the environment of a process shows.
enum Mark {
    Present(bool),
    Unreadable,
}

/// Whether a process has the mark. It is read again if a program was begun in between.
fn find_mark(pid: i32, mark: &str) -> Mark {
    for _ in 0..MAX_READS {
        match mark_of(pid) {
            Some(found) => return Mark::Present(found == mark),
            None if processes::arguments(pid).is_empty() => return Mark::Unreadable,
            None => {}
        }
    }
    Mark::Present(false)
}

fn look(mode: KillMode, leader: i32, mark: &str, protected: &BTreeSet<i32>) -> Look {
    let all = processes::all();
    let ended = all.iter().filter(|it| it.is_zombie && is_adopted(it, protected));
    let ended = ended.map(|stat| stat.pid).collect();
    let all: Vec<ProcessStat> = all.into_iter().filter(|stat| !stat.is_zombie).collect();
    let mut unreadable = Vec::new();
    let mut facts = Vec::with_capacity(all.len());
    for stat in &all {
        let found = match mode {
            KillMode::Tree => find_mark(stat.pid, mark),
            KillMode::Process | KillMode::Group => Mark::Present(false),
        };
        if matches!(found, Mark::Unreadable) && is_adopted(stat, protected) {
            unreadable.push(stat.pid);
        }
        facts.push(Seen {
            pid: stat.pid,
            parent: stat.parent,
            group: stat.group,
            session: stat.session,
            is_marked: matches!(found, Mark::Present(true)),
        });
    }
    let members = match mode {
        KillMode::Process => BTreeSet::new(),
        KillMode::Group => tree::group_members(&facts, leader),
        KillMode::Tree => tree::tree_members(&facts, leader, protected),
    };
    let members = all.into_iter().filter(|stat| members.contains(&stat.pid)).collect();
    Look { members, ended, unreadable }
}

/// Stops all members until there is no new one, then kills them. Returns those that were killed, with
/// their commands. `is_hidden`: they are found by a look at all processes only, which is complete if nothing has
/// changed since the one before.
fn kill_all(is_hidden: bool, look: impl Fn() -> Look) -> Vec<String> {
    let mut stopped: BTreeSet<(i32, u64)> = BTreeSet::new();
    let mut before = None;
    let mut left = vec!["processes that come and go".to_owned()];
    for _ in 0..MAX_PASSES {
        let Look { members, ended, unreadable } = look();
        let fresh: Vec<ProcessStat> =
            members.into_iter().filter(|it| stopped.insert((it.pid, it.started))).collect();
        let is_complete = fresh.is_empty() && unreadable.is_empty();
        if is_complete && (!is_hidden || before.as_ref() == Some(&ended)) {
            left.clear();
            break;
        }
        before = Some(ended);
        for stat in fresh {
            // One that cannot be signalled is reported after the last attempt.
            let _ = pidfd::signal(stat.pid, stat.started, STOP);
        }
    }
    for (pid, started) in stopped {
        if !matches!(pidfd::signal(pid, started, KILL), Ok(false)) {
            left.push(format!("{pid} ({})", processes::arguments(pid).join(" ")));
        }
    }
    left
}
