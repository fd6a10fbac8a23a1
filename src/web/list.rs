//! The list of processes as data, for the status page and for `/status.json`, from which the script
//! of the page keeps it up to date.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::actions::Action;
use super::printable::printable;
use super::texts::Language;
use super::usage::{self, Usage};
use super::view::{self, View};
use crate::core::Process;
use crate::core::effect::OutputStream;
use crate::core::state::ProcessState;
use crate::http::form::percent_encode;
use crate::rpc::access::Access;
use crate::rpc::context::Log;
use crate::rpc::{Context, info, logs, names};
use serde::Serialize;
use serde_json::{Value, json};

/// How much of the log of a failed process is read, and the lines of it that are shown.
const FAILURE_BYTES: i64 = 2048;
const FAILURE_LINES: usize = 5;
/// The maximum number of failed processes whose logs are read.
const MAX_FAILURES: usize = 20;

/// What `/status.json` contains: all processes.
#[derive(Serialize)]
pub(super) struct List {
    #[serde(flatten)]
    summary: Summary,
    processes: Vec<Row>,
}

/// The processes together.
#[derive(Serialize)]
struct Summary {
    /// Changes with the version, the language, the token of the forms, the names of the processes
    /// and what the account may do: the markup of a page with another value is obsolete.
    layout: String,
    mood: String,
    counts: Vec<Count>,
    /// What the machine uses.
    machine: String,
    /// The number of the minute, in which charts advance by a point.
    minute: i64,
}

/// The number of processes in a state.
#[derive(Serialize)]
struct Count {
    number: usize,
    state: String,
}

#[derive(Serialize)]
struct Row {
    name: String,
    group: String,
    /// The name in a query or a path.
    query: String,
    /// In lower case.
    state: String,
    description: String,
    /// Seconds, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime: Option<i64>,
    usage: Usage,
    /// The small charts of the markup.
    #[serde(skip)]
    charts: Value,
    /// The actions that make sense in this state and that the account may use.
    actions: Vec<&'static str>,
    /// The buttons that the account may use, in any state.
    #[serde(skip)]
    buttons: Vec<Action>,
    /// The account may not read its logs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    private: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// A button of a process.
#[derive(Serialize)]
struct Button {
    action: &'static str,
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
    pub(super) fn of(context: &Context<'_>, language: Language, token: &str) -> Self {
        let processes = names::by_name(context.supervisor);
        Self {
            summary: Summary::of(context, &processes, language, token),
            processes: rows(context, language, &processes),
        }
    }
}

impl Summary {
    fn of(context: &Context<'_>, processes: &[&Process], language: Language, token: &str) -> Self {
        Self {
            layout: layout(context, processes, language, token),
            mood: context.supervisor.mood().name().to_lowercase(),
            counts: counts(processes),
            machine: usage::machine(context, language),
            minute: context.now.wall.secs() / 60,
        }
    }
}

/// The part of the list that a view shows, as data for the template.
pub(super) fn view(
    context: &Context<'_>,
    language: Language,
    view: View<'_>,
    token: &str,
) -> Value {
    let all = names::by_name(context.supervisor);
    let found: Vec<&Process> = all
        .iter()
        .copied()
        .filter(|process| view.matches(&process.full_name(), process.state().name()))
        .collect();
    let page = view.page(found.len());
    let shown = found.iter().skip(page.first_row).take(view::PAGE);
    json!({
        "list": Summary::of(context, &all, language, token),
        "may_act": all.iter().any(|it| may_control(context, it)),
        "may_act_on_all": Action::StopAll.check(context, "").is_ok(),
        "is_empty": all.is_empty(),
        "total": all.len(),
        "found": found.len(),
        "is_search": view.is_search(),
        "view": view.query(),
        "page_length": view::PAGE,
        "pages": view.links(page),
        "groups": groups(&rows_with_charts(context, language, &shown.copied().collect::<Vec<_>>())),
        "q": view.text,
        "states": states(view),
    })
}

fn may_control(context: &Context<'_>, process: &Process) -> bool {
    context.rights.includes(Access::Control, process.group(), process.name())
}

fn rows(context: &Context<'_>, language: Language, processes: &[&Process]) -> Vec<Row> {
    let mut failures = 0;
    let mut row = |process: &&Process| {
        let failed = has_failed(process);
        failures += usize::from(failed);
        Row::of(context, language, process, failed && failures <= MAX_FAILURES)
    };
    processes.iter().map(&mut row).collect()
}

fn rows_with_charts(context: &Context<'_>, language: Language, processes: &[&Process]) -> Vec<Row> {
    let mut rows = rows(context, language, processes);
    for (row, process) in rows.iter_mut().zip(processes) {
        row.charts = usage::charts(context, process, &row.usage);
    }
    rows
}

/// The rows by group. A process with the name of its group has no heading.
fn groups(rows: &[Row]) -> Vec<Value> {
    let group = |rows: &[Row]| {
        let name = &rows[0].group;
        let is_alone = rows.len() == 1 && rows[0].name == *name;
        let processes: Vec<Value> = rows.iter().map(Row::markup).collect();
        json!({
            "heading": if is_alone { "" } else { name },
            "processes": processes,
            "may_act": rows.iter().all(|row| !row.buttons.is_empty()),
        })
    };
    rows.chunk_by(|one, other| one.group == other.group).map(group).collect()
}

/// All states, and which of them the view selects.
fn states(view: View<'_>) -> Vec<Value> {
    let state = |state: ProcessState| {
        let name = state.name().to_lowercase();
        json!({ "selected": name == view.state, "name": name })
    };
    ProcessState::all().map(state).collect()
}

impl Row {
    fn of(
        context: &Context<'_>,
        language: Language,
        process: &Process,
        with_failure: bool,
    ) -> Self {
        let name = process.full_name();
        let state = process.state();
        let may = |access| context.rights.includes(access, process.group(), process.name());
        let is_private = !may(Access::ReadLog);
        let buttons: Vec<Action> =
            BUTTONS.into_iter().filter(|action| may(action.access())).collect();
        let offered = Action::of(state).iter().filter(|action| buttons.contains(action));
        Self {
            group: process.group().to_owned(),
            query: percent_encode(&name),
            state: state.name().to_lowercase(),
            description: language.translate(&info::description(context, process)),
            uptime: info::uptime(context, process),
            usage: Usage::of(context, language, process, with_failure),
            charts: Value::Null,
            actions: offered.map(|action| action.name()).collect(),
            private: is_private,
            failure: with_failure.then(|| Failure::of(context, language, process, is_private)),
            buttons,
            name,
        }
    }

    /// With all buttons, so that the script can show and hide them.
    fn markup(&self) -> Value {
        let button = |action: Action| Button {
            action: action.name(),
            hidden: !self.actions.contains(&action.name()),
        };
        let mut data = json!(self);
        data["charts"] = self.charts.clone();
        data["buttons"] = json!(self.buttons.iter().copied().map(button).collect::<Vec<_>>());
        data
    }
}

impl Failure {
    fn of(context: &Context<'_>, language: Language, process: &Process, is_private: bool) -> Self {
        let exit = process.last_exit().map(|exit| language.translate(&exit.cause()));
        let (channel, lines) = [OutputStream::Stderr, OutputStream::Stdout]
            .into_iter()
            .filter(|_| !is_private)
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

fn layout(
    context: &Context<'_>,
    processes: &[&Process],
    language: Language,
    token: &str,
) -> String {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    for process in processes {
        (process.group(), process.name()).hash(&mut hasher);
        may_control(context, process).hash(&mut hasher);
    }
    format!("{}-{}-{:016x}", env!("CARGO_PKG_VERSION"), language.code(), hasher.finish())
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
