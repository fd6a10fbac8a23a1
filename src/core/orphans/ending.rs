//! Ends orphans as their daemon would: in order of descending priority, each with the stop signal of
//! its program, and SIGKILL after `stopwaitsecs`. Then what is left of its process tree ends in the
//! same way, because nothing supervises it.

use super::search::{Orphan, ProgramName, configured};
use super::seen::{Processes, Seen};
use crate::conf::config::{Config, GroupKind};
use crate::conf::signals::Signal;
use crate::core::time::Mono;

/// The interval in which SIGKILL is repeated.
const KILL_INTERVAL_SECS: i64 = 1;

/// What the shell must do or report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Signal {
        process: Seen,
        signal: Signal,
        group: bool,
    },
    /// `stopwaitsecs` has passed; SIGKILL follows.
    Escalated {
        name: String,
        pid: i32,
    },
    Ended {
        name: String,
        pid: i32,
    },
}

/// The stop order: the highest value stops first. Listeners stop last, so they receive all events.
pub type StopOrder = (bool, i64, i64);

/// The stop order of a program without a name.
const UNKNOWN_ORDER: StopOrder = (true, 999, 999);

/// The stop order of a program; an unknown one stops among those of the default priority.
pub fn stop_order(config: &Config, name: &ProgramName) -> StopOrder {
    let group = config.groups.iter().find(|group| group.name == name.group);
    let is_listener = group.is_some_and(|it| matches!(it.kind, GroupKind::EventListener { .. }));
    let outer = group.map_or(999, |group| group.priority);
    (!is_listener, outer, configured(config, name).map_or(999, |process| process.priority))
}

/// The stop options of a program.
#[derive(Clone, Copy, Debug)]
struct StopRules {
    signal: Signal,
    wait: i64,
    stop_group: bool,
    kill_group: bool,
}

impl StopRules {
    fn of(config: &Config, name: &ProgramName) -> Self {
        configured(config, name).map_or(Self::DEFAULT, |process| Self {
            signal: process.stopsignal,
            wait: process.stopwaitsecs,
            stop_group: process.stopasgroup,
            kill_group: process.killasgroup,
        })
    }

    /// For a program that is no longer configured.
    const DEFAULT: Self =
        Self { signal: Signal::TERM, wait: 10, stop_group: false, kill_group: false };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Fresh,
    Asked { until: Mono },
    Killed { again: Mono },
}

#[derive(Debug)]
struct Item {
    orphan: Orphan,
    name: String,
    pid: i32,
    rules: StopRules,
    order: StopOrder,
    phase: Phase,
}

/// The work of ending all orphans.
#[derive(Debug)]
pub struct Ending {
    /// In stop order.
    items: Vec<Item>,
}

impl Ending {
    pub fn new(orphans: Vec<Orphan>, config: &Config) -> Self {
        let item = |orphan: Orphan| Item {
            name: orphan.full_name(),
            pid: orphan.pid(),
            rules: orphan.name.as_ref().map_or(StopRules::DEFAULT, |it| StopRules::of(config, it)),
            order: orphan.name.as_ref().map_or(UNKNOWN_ORDER, |it| stop_order(config, it)),
            phase: Phase::Fresh,
            orphan,
        };
        let mut items: Vec<Item> = orphans.into_iter().map(item).collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.order));
        Self { items }
    }

    pub fn is_done(&self) -> bool {
        self.items.is_empty()
    }

    /// Advances the orphans whose turn it is: those of equal order together, the next ones when they
    /// have ended.
    #[must_use]
    pub fn step(&mut self, processes: &Processes, now: Mono) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(order) = self.items.first().map(|item| item.order) {
            let mut ended = Vec::new();
            for item in self.items.iter_mut().take_while(|item| item.order == order) {
                if item.step(processes, now, &mut actions) {
                    ended.push((item.pid, item.name.clone()));
                }
            }
            self.items.retain(|item| !ended.iter().any(|(pid, _)| *pid == item.pid));
            actions.extend(ended.into_iter().map(|(pid, name)| Action::Ended { name, pid }));
            if self.items.first().is_some_and(|item| item.order == order) {
                break;
            }
        }
        actions
    }
}

impl Item {
    /// True if nothing is left of it.
    fn step(&mut self, processes: &Processes, now: Mono, actions: &mut Vec<Action>) -> bool {
        self.refresh(processes);
        if self.orphan.members.is_empty() {
            return true;
        }
        match self.phase {
            Phase::Fresh => {
                self.signal(self.rules.signal, self.rules.stop_group, actions);
                self.phase = Phase::Asked { until: now.plus_secs(self.rules.wait) };
            }
            Phase::Asked { until: at } | Phase::Killed { again: at } if now >= at => {
                if matches!(self.phase, Phase::Asked { .. }) {
                    actions.push(Action::Escalated { name: self.name.clone(), pid: self.pid });
                }
                self.signal(Signal::KILL, self.rules.kill_group, actions);
                self.phase = Phase::Killed { again: now.plus_secs(KILL_INTERVAL_SECS) };
            }
            Phase::Asked { .. } | Phase::Killed { .. } => {}
        }
        false
    }

    /// Removes what has ended and adds what was forked meanwhile. A process group exists, and its
    /// number is not reused, as long as it has a member.
    fn refresh(&mut self, processes: &Processes) {
        let Orphan { leader, group, members, .. } = &mut self.orphan;
        members.retain(|member| processes.has(member));
        if let Some(known) = members.iter().find(|member| member.group == *group).copied() {
            let fresh = processes.group(*group).filter(|seen| seen.session == known.session);
            let fresh: Vec<Seen> = fresh.filter(|seen| !members.contains(seen)).copied().collect();
            members.extend(fresh);
        }
        if leader.take_if(|leader| !processes.has(leader)).is_some() {
            self.phase = Phase::Fresh;
        }
    }

    /// To the leader by the rules of its program; without one, to each member.
    fn signal(&self, signal: Signal, group: bool, actions: &mut Vec<Action>) {
        match self.orphan.leader {
            Some(process) => actions.push(Action::Signal { process, signal, group }),
            None => actions.extend(self.orphan.members.iter().map(|process| Action::Signal {
                process: *process,
                signal,
                group: false,
            })),
        }
    }
}
