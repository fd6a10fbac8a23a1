//! The jobs on the page of the processes: those of several processes that run, and the last ones that
//! finished.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::texts::{Language, Value as Text};
use crate::core::jobs::{Failure, Job, JobKind, Members};
use crate::core::time::Now;
use crate::rpc::{Context, web_ops};

/// For how many seconds a job is shown after its end, if it succeeded and if it failed.
const SUCCESS_SECS: u64 = 60;
const FAILURE_SECS: u64 = 600;
/// How the error of a process begins that ended before it had stayed up for `startsecs`.
const TOO_QUICKLY: &str = "Exited too quickly";
/// How many finished jobs are shown.
const MAX_FINISHED: usize = 3;
/// How many names and failures of one job are shown.
const MAX_LINES: usize = 10;

/// What the script of the page needs of a job: its results are reported in place.
#[derive(Serialize)]
pub(super) struct Brief {
    id: u64,
    /// running, done or failed
    state: &'static str,
    result: String,
}

/// Every job that may be awaited by a tab: also those of one process.
pub(super) fn briefs(context: &Context<'_>, language: Language) -> Vec<Brief> {
    let jobs = recent(context).into_iter();
    let brief = |job: &Job| Brief {
        id: job.id().0,
        state: state(job),
        result: format!("{}: {}", title(job, language), outcome(context, job, language)),
    };
    jobs.map(brief).collect()
}

/// The data of the template.
pub(super) fn view(context: &Context<'_>, language: Language) -> Vec<Value> {
    recent(context).into_iter().map(|job| row(context, job, language)).collect()
}

/// Those that are shown: the newest first.
fn recent<'c>(context: &'c Context<'_>) -> Vec<&'c Job> {
    let mut jobs: Vec<&Job> = context.supervisor.jobs().filter(|job| is_large(job)).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.id()));
    let mut finished = 0;
    jobs.retain(|job| match job.finished() {
        None => true,
        Some(end) => {
            finished += 1;
            finished <= MAX_FINISHED && is_recent(job, end, context.now)
        }
    });
    jobs
}

/// One of a single process is shown by the row of that process.
fn is_large(job: &Job) -> bool {
    match job.kind() {
        JobKind::Start | JobKind::Stop | JobKind::Restart => {
            job.progress().total > 1 || job.target() == "all"
        }
        JobKind::Enable => false,
        _ => true,
    }
}

fn is_recent(job: &Job, end: Now, now: Now) -> bool {
    let limit = if job.failures().is_empty() { SUCCESS_SECS } else { FAILURE_SECS };
    now.mono.since(end.mono).as_secs() < limit
}

fn state(job: &Job) -> &'static str {
    match job.finished() {
        None => "running",
        Some(_) if job.failures().is_empty() => "done",
        Some(_) => "failed",
    }
}

fn title(job: &Job, language: Language) -> String {
    let kind = job.kind().name().replace(' ', "-");
    language.word("job-kind", &kind, &[("target", &job.target())])
}

/// What did not work, with the reason why a process is not up.
fn failures(context: &Context<'_>, job: &Job, language: Language) -> Vec<String> {
    let mut failures = job.failures();
    let failed = job.members().into_iter().flat_map(Members::iter);
    for member in failed.filter(|it| it.failure() == Some(&Failure::Spawn)) {
        let Some(process) = context.supervisor.process(member.id) else { continue };
        let Some(error) = process.spawnerr() else { continue };
        let why = match process.last_exit() {
            Some(exit) if error.starts_with(TOO_QUICKLY) => {
                format!("{TOO_QUICKLY} ({})", exit.description())
            }
            _ => error.to_owned(),
        };
        let start = format!("{} ", member.name);
        if let Some(failure) = failures.iter_mut().find(|it| it.starts_with(&start)) {
            *failure = format!("{}: {why}", member.name);
        }
    }
    failures.iter().map(|failure| language.translate(failure)).collect()
}

/// The result in some words.
fn outcome(context: &Context<'_>, job: &Job, language: Language) -> String {
    let failures = failures(context, job, language);
    match failures.first() {
        None => language.word("job-state", state(job), &[]),
        Some(first) => {
            let state = language.word("job-state", state(job), &[]);
            let more = failures.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" (+{more})") };
            format!("{state}: {first}{more}")
        }
    }
}

fn row(context: &Context<'_>, job: &Job, language: Language) -> Value {
    let is_running = job.finished().is_none();
    let progress = job.progress();
    let values: [Text<'_>; 2] = [("done", &progress.done), ("total", &progress.total)];
    let mut part = language.word("job-part", progress.part.name(), &[]);
    if progress.total > 0 {
        part = format!("{part}: {}", language.fill("job.count", &values));
    }
    json!({
        "id": job.id().0,
        "title": title(job, language),
        "state": state(job),
        "is_running": is_running,
        "part": part,
        "done": progress.done,
        "total": progress.total,
        "waits_for": if is_running && job.rolling().is_none() { waits_for(context, job, language) } else { String::new() },
        "stages": stages(job, language),
        "failures": failures(context, job, language).into_iter().take(MAX_LINES).collect::<Vec<_>>(),
        "may_cancel": is_running && web_ops::may_cancel(context, job.id()),
    })
}

/// `a, b, c +4`
fn waits_for(context: &Context<'_>, job: &Job, language: Language) -> String {
    let names = job.waits_for(context.supervisor);
    let names: Vec<String> = names.iter().map(|name| language.translate(name)).collect();
    let shown = names[..names.len().min(MAX_LINES)].join(", ");
    match names.len().saturating_sub(MAX_LINES) {
        0 => shown,
        more => format!("{shown} +{more}"),
    }
}

/// The processes of a rolling restart: those that have begun one by one, of the others how many there
/// are in each stage.
fn stages(job: &Job, language: Language) -> Vec<Value> {
    let Some(rolling) = job.rolling() else { return Vec::new() };
    let mut shown = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, stage, why) in rolling.stages() {
        let is_quiet = ["queued", "untouched", "restarted"].contains(&stage);
        if is_quiet && rolling.reports().len() > MAX_LINES {
            *counts.entry(stage).or_default() += 1;
            continue;
        }
        let label = language.word("job-stage", stage, &[]);
        shown.push(
            json!({ "name": name, "stage": stage, "label": label, "why": language.translate(why) }),
        );
    }
    let rest = counts.into_iter().map(|(stage, number)| {
        let label = language.word("job-stage", stage, &[]);
        let name = language.count("processes", number, &[]);
        json!({ "name": name, "stage": stage, "label": label, "why": "" })
    });
    shown.extend(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_part_has_a_text() {
        let kinds =
            ["start", "stop", "restart", "rolling-restart", "update", "upgrade", "shutdown"];
        let stages = [
            "queued",
            "untouched",
            "checking",
            "draining",
            "stopping",
            "starting",
            "warming",
            "enabling",
            "restarted",
            "failed",
        ];
        let parts = ["starting", "stopping", "rolling", "updating", "shutting-down", "upgrading"];
        for language in Language::ALL {
            for (family, members) in [
                ("job-kind", &kinds[..]),
                ("job-stage", &stages),
                ("job-part", &parts),
                ("job-state", &["running", "done", "failed"]),
            ] {
                for member in members {
                    let text = language.word(family, member, &[("target", &"x")]);
                    assert!(text != *member || language == Language::English, "{family} {member}");
                    assert!(!text.contains('{'), "{text}");
                }
            }
        }
    }
}
