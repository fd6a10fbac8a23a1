//! The list of processes as data, for the status page and for `/status.json`, from which the script
//! of the page keeps it up to date.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::actions::Action;
use super::printable::printable;
use crate::core::Process;
use crate::core::effect::OutputStream;
use crate::core::state::ProcessState;
use crate::http::form::percent_encode;
use crate::rpc::context::Log;
use crate::rpc::{Context, info, logs, names};
use serde::Serialize;
use serde_json::{Value, json};

/// How much of the log of a failed process is read, and the lines of it that are shown.
const FAILURE_BYTES: i64 = 2048;
const FAILURE_LINES: usize = 5;
/// The maximum number of failed processes whose logs are read.
const MAX_FAILURES: usize = 20;

#[derive(Serialize)]
pub(super) struct List {
    /// Changes with the version, the token of the forms and the names of the processes: the markup
    /// of a page with another value is obsolete.
    layout: String,
    mood: String,
    counts: Vec<Count>,
    pub(super) processes: Vec<Row>,
}

/// The number of processes in a state.
#[derive(Serialize)]
struct Count {
    number: usize,
    state: String,
}

#[derive(Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) group: String,
    /// The name in a query or a path.
    query: String,
    /// In lower case.
    state: String,
    description: String,
    actions: Vec<Button>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// It does not match the filter of the page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) hidden: bool,
}

/// Which rows a page shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filter<'a> {
    /// A part of the name, in any case.
    pub(super) text: &'a str,
    /// In lower case; all states if empty.
    pub(super) state: &'a str,
}

/// A button of a process.
#[derive(Serialize)]
struct Button {
    action: &'static str,
    label: &'static str,
    /// It makes no sense in this state.
    hidden: bool,
}

/// Why a process does not run: how it ended, and the last lines of a log.
#[derive(Serialize)]
struct Failure {
    cause: String,
    channel: &'static str,
    lines: String,
}

const BUTTONS: [Action; 4] = [Action::Start, Action::Restart, Action::Stop, Action::ClearLog];

impl List {
    pub(super) fn of(context: &Context<'_>, token: &str) -> Self {
        let processes = names::by_name(context.supervisor);
        let mut failures = 0;
        let mut row = |process: &&Process| {
            let failed = has_failed(process);
            failures += usize::from(failed);
            Row::of(context, process, failed && failures <= MAX_FAILURES)
        };
        let rows: Vec<Row> = processes.iter().map(&mut row).collect();
        Self {
            layout: layout(&rows, token),
            mood: context.supervisor.mood().name().to_lowercase(),
            counts: counts(&processes),
            processes: rows,
        }
    }
}

/// All states, and which of them the filter selects.
pub(super) fn states(filter: Filter<'_>) -> Vec<Value> {
    let state = |state: ProcessState| {
        let name = state.name().to_lowercase();
        json!({ "selected": name == filter.state, "name": name })
    };
    ProcessState::all().map(state).collect()
}

impl List {
    /// Hides what the filter does not match.
    pub(super) fn filter(&mut self, filter: Filter<'_>) {
        for row in &mut self.processes {
            row.hidden = !row.matches(filter);
        }
    }
}

impl Row {
    fn of(context: &Context<'_>, process: &Process, with_failure: bool) -> Self {
        let name = process.full_name();
        let state = process.state();
        let offered = Action::of(state);
        let button = |action: Action| Button {
            action: action.name(),
            label: action.label(),
            hidden: !offered.contains(&action),
        };
        Self {
            group: process.group().to_owned(),
            query: percent_encode(&name),
            state: state.name().to_lowercase(),
            description: info::description(context, process),
            actions: BUTTONS.map(button).into(),
            failure: with_failure.then(|| Failure::of(context, process)),
            hidden: false,
            name,
        }
    }

    fn matches(&self, filter: Filter<'_>) -> bool {
        let text = filter.text.trim().to_lowercase();
        self.name.to_lowercase().contains(&text)
            && (filter.state.is_empty() || self.state == filter.state)
    }
}

impl Failure {
    fn of(context: &Context<'_>, process: &Process) -> Self {
        let exit = process.last_exit().map(|exit| exit.description());
        let (channel, lines) = [OutputStream::Stderr, OutputStream::Stdout]
            .into_iter()
            .map(|stream| (stream.name(), last_lines(context, process, stream)))
            .find(|(_, lines)| !lines.is_empty())
            .unwrap_or_default();
        Self { cause: exit.unwrap_or_default(), channel, lines }
    }
}

/// Whether a process ended, or does not start, although it should run.
fn has_failed(process: &Process) -> bool {
    match process.state() {
        ProcessState::Fatal | ProcessState::Backoff => true,
        ProcessState::Exited => process.last_exit().is_some_and(|exit| !exit.is_expected),
        _ => false,
    }
}

/// Empty if there is no log, for example because stderr is redirected to stdout.
fn last_lines(context: &Context<'_>, process: &Process, stream: OutputStream) -> String {
    let log = Log::Child(process.id(), stream);
    let text = logs::read_end(context, log, FAILURE_BYTES).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(FAILURE_LINES);
    printable(lines[first..].join("\n").trim_end())
}

fn layout(rows: &[Row], token: &str) -> String {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    for row in rows {
        (&row.group, &row.name).hash(&mut hasher);
    }
    format!("{}-{:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}

/// The number of processes in each state, ordered by state number.
fn counts(processes: &[&Process]) -> Vec<Count> {
    let mut states: Vec<ProcessState> = processes.iter().map(|process| process.state()).collect();
    states.sort_by_key(|state| state.code());
    let count = |group: &[ProcessState]| Count {
        number: group.len(),
        state: group[0].name().to_lowercase(),
    };
    states.chunk_by(|one, other| one == other).map(count).collect()
}
