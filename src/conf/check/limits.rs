//! Lints for limits, niceness and OOM scores that the daemon may not set.

use super::lint_input::{LintInput, warning};
use crate::conf::config::Process;
use crate::conf::host::Host;
use crate::conf::limits::{self, Resource, ResourceLimit, exceeds};
use crate::conf::process_limits;
use crate::conf::sections::program;
use crate::diag::Diagnostic;

/// Bits of `CapEff` in `/proc/self/status`.
const CAP_SYS_NICE: u64 = 1 << 23;
const CAP_SYS_RESOURCE: u64 = 1 << 24;

/// Columns of `/proc/self/limits`, after the name.
const SOFT: usize = 0;
const HARD: usize = 1;

/// What the daemon may set: as this user here, or as the user that it changes to.
struct Rights {
    may_raise: bool,
    may_favour: bool,
    /// `/proc/self/limits`
    present: String,
    /// The highest possible limit of descriptors.
    nr_open: Option<u64>,
    niceness: Option<i32>,
    oom_score: Option<i32>,
}

pub(super) fn limits(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let programs = subject.programs().into_iter().filter(|it| {
        it.nice.is_some() || it.oom_score_adj.is_some() || process_limits::of(it).next().is_some()
    });
    let mut programs = programs.peekable();
    if programs.peek().is_none() {
        return Vec::new();
    }
    let Some(rights) = Rights::of(subject) else { return Vec::new() };
    let found = programs.flat_map(|process| {
        let refused = rights.refused(process).into_iter();
        refused.map(|(option, message, help)| {
            let place = subject.place(&process.program, option);
            warning("not-permitted", message, place).help(help)
        })
    });
    found.collect()
}

type Refused = (&'static str, String, &'static str);

const HELP: &str = "start supervisord as a user who may do that, or raise its own limit first";

impl Rights {
    /// `None` where there is no `/proc` of Linux.
    fn of(subject: &LintInput<'_>) -> Option<Self> {
        let host = subject.host;
        let status = text(host, "/proc/self/status")?;
        let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
        let daemon = subject.draft.supervisord.as_ref();
        let user = daemon.and_then(|daemon| daemon.user.as_ref());
        let mask = if user.is_some_and(|user| user.uid != 0) { 0 } else { mask };
        let number = |path: &str| text(host, path)?.trim().parse::<i64>().ok();
        let stat = text(host, "/proc/self/stat").unwrap_or_default();
        // The fields after the command, which may contain anything, count from the third.
        let niceness = stat
            .rsplit_once(')')
            .and_then(|(_, fields)| fields.split_whitespace().nth(19 - 3)?.parse().ok());
        Some(Self {
            may_raise: mask & CAP_SYS_RESOURCE != 0,
            may_favour: mask & CAP_SYS_NICE != 0,
            present: text(host, "/proc/self/limits")?,
            nr_open: number("/proc/sys/fs/nr_open").and_then(|it| it.try_into().ok()),
            niceness,
            oom_score: number("/proc/self/oom_score_adj").and_then(|it| it.try_into().ok()),
        })
    }

    fn refused(&self, process: &Process) -> Vec<Refused> {
        let limits = process_limits::of(process)
            .filter_map(|(option, resource, limit)| self.refused_limit(option, resource, limit));
        let mut found: Vec<Refused> = limits.collect();
        found.extend(process.nice.and_then(|niceness| self.refused_niceness(process, niceness)));
        found.extend(process.oom_score_adj.and_then(|score| self.refused_oom_score(score)));
        found
    }

    fn refused_limit(
        &self,
        option: &'static str,
        resource: Resource,
        limit: ResourceLimit,
    ) -> Option<Refused> {
        let shown = limits::show(&limit);
        if resource == Resource::OpenFiles && exceeds(limit.hard, self.nr_open) {
            let most = self.nr_open.unwrap_or_default();
            let message =
                format!("`{option}={shown}` is refused by the kernel: the most is {most}");
            return Some((option, message, "write a lower limit, or raise the sysctl fs.nr_open"));
        }
        let present = self.present(resource, HARD);
        let is_refused = !self.may_raise && exceeds(limit.hard, present);
        is_refused.then(|| {
            let present = present.unwrap_or_default();
            let message =
                format!("this user may not set `{option}={shown}`: the hard limit is {present}");
            (option, message, HELP)
        })
    }

    /// A present limit; `None` if there is none or it is not known.
    fn present(&self, resource: Resource, column: usize) -> Option<u64> {
        let line = self.present.lines().find_map(|line| line.strip_prefix(resource.proc_name()))?;
        line.split_whitespace().nth(column)?.parse().ok()
    }

    fn refused_niceness(&self, process: &Process, niceness: i32) -> Option<Refused> {
        let present = self.niceness?;
        let permitted = match &process.rlimit_nice {
            Some(limit) => limit.soft,
            None => self.present(Resource::Nice, SOFT),
        };
        // A limit of 40 permits every niceness.
        let permitted =
            permitted.and_then(|it| it.try_into().ok()).map_or(40, |it: i32| it.min(40));
        let lowest = 20 - permitted;
        let is_refused = !self.may_favour && niceness < present && niceness < lowest;
        is_refused.then(|| {
            let option = program::NICE.name;
            let message = format!(
                "this user may not set `{option}={niceness}`: the niceness of this process is \
                 {present}"
            );
            (option, message, HELP)
        })
    }

    fn refused_oom_score(&self, score: i32) -> Option<Refused> {
        // A user may return to the score that root has set, which is not shown anywhere.
        let lowest = self.oom_score?.min(0);
        (!self.may_raise && score < lowest).then(|| {
            let option = program::OOM_SCORE_ADJ.name;
            let message = format!(
                "this user may not set `{option}={score}`: only root makes a score lower than \
                 {lowest}"
            );
            (option, message, HELP)
        })
    }
}

fn text(host: &dyn Host, path: &str) -> Option<String> {
    host.read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
