//! Everything that is known about the state of a process and its past, as a value.

use std::time::Duration;

use crate::conf::config::{AutoRestart, Config};
use crate::conf::diff::{self, OptionChange};
use crate::conf::hook::Hook;
use crate::conf::schedule::Schedule;
use crate::core::Process;
use crate::core::effect::OutputStream;
use crate::core::exit_report::{StopRequest, Usage};
use crate::core::history::Record;
use crate::core::notes::Note;
use crate::core::state::ProcessState;
use crate::core::time::Wall;
use crate::core::waiting::DependencyStatus;
use crate::rpc::context::{Context, Log};

/// The answer to "why is it so?".
#[derive(Clone, Debug)]
pub struct Why {
    /// `group:process`, or the one name of both.
    pub(super) name: String,
    pub(super) state: ProcessState,
    pub(super) now: Wall,
    pub(super) child: Option<Child>,
    /// Whether it was started since the daemon runs.
    pub(super) was_started: bool,
    /// Consecutive failed starts.
    pub(super) tries: u32,
    pub(super) spawnerr: Option<String>,
    /// The time until it is started again without a request.
    pub(super) next_attempt: Option<Duration>,
    /// The time until SIGKILL, while it is being stopped.
    pub(super) kill_in: Option<Duration>,
    pub(super) stop: Option<StopRequest>,
    /// The command before, for or after it that runs now.
    pub(super) hook: Option<Hook>,
    /// `is disabled; ...` with the remedy.
    pub(super) disabled: Option<String>,
    /// `waits for zeoserver: STARTING`
    pub(super) waits: Option<String>,
    pub(super) dependencies: Vec<DependencyStatus>,
    pub(super) settings: Settings,
    /// Its schedule, and the next run.
    pub(super) schedule: Option<(Schedule, Option<Wall>)>,
    pub(super) record: Option<Record>,
    pub(super) notes: Vec<Note>,
    pub(super) changes: Changes,
    pub(super) logs: Vec<(OutputStream, String)>,
}

/// The present child.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) pid: i32,
    pub(super) up: Duration,
    pub(super) usage: Option<Usage>,
    /// Why it is not ready; empty if it is. `None` without readiness options.
    pub(super) not_ready: Option<String>,
    pub(super) output: Vec<(OutputStream, Vec<String>)>,
}

/// The options that decide about starts and restarts.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) autostart: bool,
    pub(super) autorestart: AutoRestart,
    pub(super) exitcodes: Vec<i64>,
    pub(super) startsecs: i64,
    pub(super) startretries: i64,
    pub(super) stopwaitsecs: i64,
}

/// How the configuration on disk differs from that with which it was started.
#[derive(Clone, Debug)]
pub(super) enum Changes {
    Options(Vec<ChangedOption>),
    /// It is not in the configuration any more.
    Gone,
    /// The configuration cannot be read.
    Unreadable(String),
}

#[derive(Clone, Debug)]
pub(super) struct ChangedOption {
    pub(super) change: OptionChange,
    /// File and line of the new value; empty if it is a default.
    pub(super) file: String,
    pub(super) line: usize,
}

impl Why {
    pub(super) fn of(
        context: &Context<'_>,
        process: &Process,
        on_disk: Result<&Config, &str>,
    ) -> Self {
        let (supervisor, now) = (&*context.supervisor, context.now);
        let config = process.config();
        Self {
            name: process.full_name(),
            state: process.state(),
            now: now.wall,
            child: child(context, process),
            was_started: process.started().is_some(),
            tries: process.tries(),
            spawnerr: process.spawnerr().map(str::to_owned),
            next_attempt: process.next_attempt().map(|at| at.since(now.mono)),
            kill_in: process.kill_at().map(|at| at.since(now.mono)),
            stop: process.stop_request().cloned(),
            hook: supervisor.running_hook(process.id()),
            disabled: supervisor.disabled_reason(process.id()),
            waits: supervisor.waiting_reason(process.id(), now.mono),
            dependencies: supervisor.dependencies_of(process.id()),
            settings: Settings {
                autostart: config.autostart,
                autorestart: config.autorestart,
                exitcodes: config.exitcodes.clone(),
                startsecs: config.startsecs,
                startretries: config.startretries,
                stopwaitsecs: config.stopwaitsecs,
            },
            schedule: config.schedule.as_deref().map(|it| (it.clone(), process.next_run())),
            record: supervisor.history().of(process.group(), process.name()).cloned(),
            notes: supervisor
                .history()
                .notes_of(process.group(), process.name())
                .cloned()
                .collect(),
            changes: changes(process, on_disk),
            logs: logs(context, process),
        }
    }
}

fn child(context: &Context<'_>, process: &Process) -> Option<Child> {
    let (pid, started) = (process.pid()?.0, process.started()?);
    let not_ready = process.is_ready().map(|is_ready| {
        let why = process.not_ready_text(context.now.mono).filter(|_| !is_ready);
        why.unwrap_or_default()
    });
    Some(Child {
        pid,
        up: context.now.mono.since(started.mono),
        usage: context.services.usage(pid),
        not_ready,
        output: process.last_output(),
    })
}

fn logs(context: &Context<'_>, process: &Process) -> Vec<(OutputStream, String)> {
    let path = |stream| {
        let path = context.services.log_path(Log::Child(process.id(), stream))?;
        Some((stream, path))
    };
    OutputStream::BOTH.into_iter().filter_map(path).collect()
}

fn changes(process: &Process, on_disk: Result<&Config, &str>) -> Changes {
    let config = match on_disk {
        Ok(config) => config,
        Err(why) => return Changes::Unreadable(why.to_owned()),
    };
    let group = config.groups.iter().find(|group| group.name == process.group());
    let new = group.and_then(|group| {
        group.distinct().into_iter().find(|member| member.name == process.name())
    });
    let Some(new) = new else { return Changes::Gone };
    let placed = |change: OptionChange| {
        let place = config.origins.of(&new.program, change.option);
        let (file, line) =
            place.map_or_else(|| (String::new(), 0), |it| (it.file.clone(), it.line));
        ChangedOption { change, file, line }
    };
    Changes::Options(diff::of_processes(process.config(), new).into_iter().map(placed).collect())
}
