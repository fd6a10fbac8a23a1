//! Which processes are orphans of a configuration: programs that its daemon started and that still
//! run although the daemon is dead.
//!
//! A daemon starts each program as the leader of a process group in the daemon's own session, with
//! `SUPERVISOR_` variables and a pipe as standard input. The leader of a group cannot open a session,
//! so a process in a session that a program opened was started by the program and has left it.

use std::collections::{BTreeMap, BTreeSet};

use super::daemon_command::daemon_arguments;
use super::seen::{Facts, Processes, Seen};
use crate::conf::config::{self, Config};
use crate::core::group::full_name;

/// The name of a program, from the environment of its process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramName {
    pub group: String,
    pub process: String,
}

/// A program without its daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// `None` if the environment may not be read: the pid file of its daemon identifies it.
    pub name: Option<ProgramName>,
    /// The process that the daemon started; `None` if only others of its process group are left.
    pub leader: Option<Seen>,
    pub group: i32,
    /// The leader, its process group and its descendants in the same session.
    pub members: Vec<Seen>,
}

impl Orphan {
    /// The pid for messages.
    pub fn pid(&self) -> i32 {
        self.members.first().map_or(self.group, |member| member.pid)
    }

    /// The name for messages.
    pub fn full_name(&self) -> String {
        let name = self.name.as_ref();
        name.map_or("a program".to_owned(), |name| full_name(&name.group, &name.process))
    }
}

/// What the search is for.
pub struct Search<'a> {
    pub config: &'a Config,
    /// The process that searches.
    pub own_pid: i32,
    /// The daemon that is known to be dead, from its pid file.
    pub dead: Option<i32>,
    pub processes: &'a Processes,
    pub facts: &'a dyn Facts,
}

/// A process group that may belong to an orphan.
struct Candidate {
    leader: Option<Seen>,
    members: Vec<Seen>,
    session: i32,
    group: i32,
}

/// The orphans of a configuration.
pub fn find(search: &Search<'_>) -> Vec<Orphan> {
    let mut known = Vec::new();
    for candidate in search.candidates() {
        match search.facts.environment(candidate.members[0].pid) {
            Some(environment) => {
                let name = search.program(&candidate, &environment);
                known.extend(name.map(|name| (Some(name), candidate)));
            }
            None if search.is_dead_session(candidate.session) => known.push((None, candidate)),
            None => {}
        }
    }
    let accepted = search.sessions(&known);
    let accepted = known.into_iter().filter(|(_, it)| accepted.contains(&it.session));
    let orphan = |(name, candidate): (Option<ProgramName>, Candidate)| {
        let Candidate { leader, members, group, .. } = candidate;
        Orphan { name, leader, group, members }
    };
    accepted.map(orphan).collect()
}

impl Search<'_> {
    /// Process groups in the session of a daemon, whose starter is gone. Needs no environment, so
    /// that few are read.
    fn candidates(&self) -> Vec<Candidate> {
        let own = self.processes.ancestry(self.own_pid);
        let own_groups: BTreeSet<i32> =
            own.iter().filter_map(|pid| self.processes.get(*pid)).map(|seen| seen.group).collect();
        let mut groups: BTreeMap<i32, Vec<Seen>> = BTreeMap::new();
        for seen in self.processes.iter().filter(|seen| seen.group > 0) {
            if seen.session != seen.group && !own_groups.contains(&seen.group) {
                groups.entry(seen.group).or_default().push(*seen);
            }
        }
        let mut daemons = BTreeMap::new();
        let groups = groups.into_iter();
        groups.filter_map(|(group, all)| self.candidate(group, all, &mut daemons)).collect()
    }

    fn candidate(
        &self,
        group: i32,
        all: Vec<Seen>,
        daemons: &mut BTreeMap<i32, bool>,
    ) -> Option<Candidate> {
        let leader = all.iter().find(|seen| seen.pid == group).copied();
        let session = leader.as_ref().or(all.first())?.session;
        let starter = match &leader {
            Some(leader) => leader.parent,
            // Of a program that has ended, others are left. That is usual while the daemon runs, and
            // a program may have left them on purpose; so they need the proof that it was killed.
            None if self.is_dead_session(session) => 0,
            None => return None,
        };
        let is_daemon = *daemons.entry(starter).or_insert_with(|| self.is_daemon(starter));
        if is_daemon {
            return None;
        }
        let mut members = leader.map_or(Vec::new(), |leader| self.processes.tree(&leader));
        members.extend(all.into_iter().filter(|seen| !members.contains(seen)).collect::<Vec<_>>());
        Some(Candidate { leader, members, session, group })
    }

    /// Whether a parent is a daemon that still runs: another one, or this one. The first process
    /// adopts orphans even if it is a supervisord itself.
    fn is_daemon(&self, pid: i32) -> bool {
        let is_init = pid == 1;
        pid == self.own_pid || !is_init && daemon_arguments(&self.facts.arguments(pid)).is_some()
    }

    /// The session of a daemon that went to the background has its pid.
    fn is_dead_session(&self, session: i32) -> bool {
        self.dead == Some(session)
    }

    /// The program that a process belongs to, if this configuration's daemon started it.
    fn program(
        &self,
        candidate: &Candidate,
        environment: &[(String, String)],
    ) -> Option<ProgramName> {
        let (name, url) = identity(environment)?;
        let is_proven = self.is_dead_session(candidate.session);
        let expected = self.expected_url(&name);
        // A program that is not configured, or without a URL, is connected to this configuration
        // only by the pid file.
        let is_ours = is_proven || (expected.is_some() && expected == url);
        let starter = candidate.leader.map_or(0, |leader| leader.parent);
        // A job of a shell that the program runs: it belongs to the tree of the program.
        let is_nested = self.processes.get(starter).is_some()
            && self.facts.environment(starter).and_then(|it| identity(&it))
                == Some((name.clone(), url));
        (is_ours && !is_nested && self.facts.shares_mounts(candidate.members[0].pid))
            .then_some(name)
    }

    /// `SUPERVISOR_SERVER_URL` of a configured program; `None` if the program is not configured or has
    /// no URL.
    fn expected_url(&self, name: &ProgramName) -> Option<String> {
        let process = configured(self.config, name)?;
        let url = process.serverurl.clone().or_else(|| self.config.server_url());
        url.filter(|url| !url.is_empty())
    }

    /// The sessions that were a daemon's. A session whose leader is a program's process was opened by
    /// the program. If its leader is dead it may have been a login shell of which a job is left, so one
    /// of its processes must have the standard input of a program.
    fn sessions(&self, known: &[(Option<ProgramName>, Candidate)]) -> BTreeSet<i32> {
        let is_daemons = |session: i32| {
            if self.is_dead_session(session) {
                return true;
            }
            match self.processes.get(session) {
                Some(_) => {
                    let environment = self.facts.environment(session);
                    let own = self.config.server_url();
                    environment.and_then(|it| identity(&it)).is_none_or(|(_, url)| url != own)
                }
                None => known.iter().any(|(_, candidate)| {
                    let leader = candidate.leader.filter(|leader| leader.session == session);
                    leader.is_some_and(|leader| self.facts.has_piped_stdin(leader.pid))
                }),
            }
        };
        let sessions: BTreeSet<i32> = known.iter().map(|(_, it)| it.session).collect();
        sessions.into_iter().filter(|session| is_daemons(*session)).collect()
    }
}

/// The program and the URL in an environment that a daemon made.
fn identity(environment: &[(String, String)]) -> Option<(ProgramName, Option<String>)> {
    let get = |wanted: &str| {
        let found = environment.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    };
    get("SUPERVISOR_ENABLED")?;
    let name = ProgramName {
        group: get("SUPERVISOR_GROUP_NAME")?,
        process: get("SUPERVISOR_PROCESS_NAME")?,
    };
    Some((name, get("SUPERVISOR_SERVER_URL")))
}

/// The configured process of this name.
pub(super) fn configured<'c>(
    config: &'c Config,
    name: &ProgramName,
) -> Option<&'c config::Process> {
    let group = config.groups.iter().find(|group| group.name == name.group)?;
    group.members().find(|process| process.name == name.process)
}
