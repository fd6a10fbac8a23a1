//! The whole state, and how reports of the shell change it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::log::{Log, Stream};
use super::methods::CallError;
use super::request::{Query, Report, Request};
use super::row::{self, Arrangement, Row, Target};
use super::scroll::Scroll;
use super::snapshot::{Process, Snapshot};
use super::task::Task;
use super::update::{self, Plan};
use crate::ctl::graph_table;
use crate::rpc::fault::Code;
use crate::rpc::value::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) enum Link {
    Connecting,
    Up,
    Lost { since: Duration, why: String },
}

/// What fills the screen below the header.
#[derive(Debug)]
pub(in crate::top) enum View {
    List,
    Text(Text),
    Log(Box<Log>),
}

#[derive(Debug)]
pub(in crate::top) struct Text {
    pub(in crate::top) kind: TextKind,
    pub(in crate::top) lines: Vec<String>,
    pub(in crate::top) scroll: Scroll,
    /// The number of rows when it was last shown.
    pub(in crate::top) count: usize,
}

impl Text {
    pub(super) fn new(kind: TextKind, lines: Vec<String>) -> Self {
        Self { kind, lines, scroll: Scroll::default(), count: 0 }
    }
}

#[derive(Debug, PartialEq)]
pub(in crate::top) enum TextKind {
    Help,
    Jobs,
    Answer(Query),
    /// What Supervisor's daemon reports of a process.
    Facts(Target),
    /// The plan of an update, which can be applied.
    Plan(Plan),
}

/// What is asked in the last line.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) enum Dialog {
    Confirm { question: String, task: Task },
    Input { purpose: Purpose, text: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) enum Purpose {
    Filter,
    Search,
    Signal(Vec<Target>),
    /// The number of the job that is to be cancelled.
    Cancel,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) struct Note {
    pub(in crate::top) text: String,
    pub(in crate::top) is_error: bool,
}

/// A task that is being carried out.
#[derive(Clone, Debug)]
pub(in crate::top) struct Running {
    pub(in crate::top) task: Task,
    pub(in crate::top) done: usize,
    failures: Vec<String>,
}

#[derive(Debug)]
pub(in crate::top) struct Model {
    pub(in crate::top) serverurl: String,
    pub(in crate::top) now: Duration,
    pub(in crate::top) link: Link,
    pub(in crate::top) snapshot: Snapshot,
    pub(in crate::top) arrangement: Arrangement,
    pub(in crate::top) rows: Vec<Row>,
    /// The selected row, by what it is of and by its place.
    pub(in crate::top) cursor: usize,
    pub(super) selected: Option<Target>,
    pub(in crate::top) marked: BTreeSet<Target>,
    pub(in crate::top) scroll: Scroll,
    pub(in crate::top) view: View,
    pub(in crate::top) dialog: Option<Dialog>,
    /// The result of the last action, or why a key did nothing.
    pub(in crate::top) message: Option<Note>,
    /// What is done with a process or was the result, in its row.
    pub(in crate::top) notes: BTreeMap<Target, Note>,
    pub(in crate::top) running: Vec<Running>,
    last_id: u64,
}

/// The most tasks at the same time.
const MAX_TASKS: usize = 16;

impl Model {
    pub(in crate::top) fn new(serverurl: &str) -> Self {
        Self {
            serverurl: serverurl.to_owned(),
            now: Duration::ZERO,
            link: Link::Connecting,
            snapshot: Snapshot::default(),
            arrangement: Arrangement::default(),
            rows: Vec::new(),
            cursor: 0,
            selected: None,
            marked: BTreeSet::new(),
            scroll: Scroll::default(),
            view: View::List,
            dialog: None,
            message: None,
            notes: BTreeMap::new(),
            running: Vec::new(),
            last_id: 0,
        }
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Note { text: text.into(), is_error: false });
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.message = Some(Note { text: text.into(), is_error: true });
    }

    pub(in crate::top) fn process(&self, target: &Target) -> Option<&Process> {
        self.snapshot.processes.iter().find(|process| Target::of(process) == *target)
    }

    pub(in crate::top) fn on_report(&mut self, report: Report) -> Vec<Request> {
        match report {
            Report::Snapshot(snapshot) => self.on_snapshot(snapshot),
            Report::Lost(why) => self.on_lost(why),
            Report::PartDone { task, part, result } => {
                return self.on_part_done(task, part, result);
            }
            Report::Answer(query, answer) => return self.on_answer(&query, answer),
            Report::LogOpened(id) => self.with_log(id, Log::restart),
            Report::LogBytes(id, bytes) => self.with_log(id, |log| log.append(&bytes)),
            Report::LogFailed(id, why) => {
                self.with_log(id, |log| log.stream = Stream::Failed(why));
            }
        }
        Vec::new()
    }

    fn with_log(&mut self, id: u64, change: impl FnOnce(&mut Log)) {
        if let View::Log(log) = &mut self.view {
            if log.id == id {
                change(log);
            }
        }
    }

    fn on_snapshot(&mut self, snapshot: Snapshot) {
        if matches!(self.link, Link::Lost { .. }) {
            self.say("connected again");
        }
        self.link = Link::Up;
        // A daemon that shuts down lists no processes.
        let processes = std::mem::take(&mut self.snapshot.processes);
        let keeps = snapshot.mood.is_some() && snapshot.processes.is_empty();
        self.snapshot = snapshot;
        if keeps {
            self.snapshot.processes = processes;
        }
        let exists: BTreeSet<Target> = self.snapshot.processes.iter().map(Target::of).collect();
        self.marked.retain(|target| exists.contains(target));
        self.arrange();
        let lines = match &self.view {
            View::Text(Text { kind: TextKind::Jobs, .. }) => update::job_lines(&self.snapshot.jobs),
            View::Text(Text { kind: TextKind::Facts(target), .. }) => self.facts(target),
            _ => return,
        };
        if let View::Text(text) = &mut self.view {
            text.lines = lines;
        }
    }

    fn on_lost(&mut self, why: String) {
        let since = match &self.link {
            Link::Lost { since, .. } => *since,
            _ => self.now,
        };
        self.link = Link::Lost { since, why };
    }

    /// Makes the rows anew. The selection stays at its process, or else at its place.
    pub(super) fn arrange(&mut self) {
        self.rows = row::arrange(&self.snapshot.processes, &self.arrangement);
        let processes = &self.snapshot.processes;
        let is_selected = |row: &Row| Some(row.target(processes)) == self.selected;
        if let Some(at) = self.rows.iter().position(is_selected) {
            self.cursor = at;
        }
        self.select(self.cursor);
    }

    pub(super) fn select(&mut self, at: usize) {
        self.cursor = at.min(self.rows.len().saturating_sub(1));
        let row = self.rows.get(self.cursor);
        self.selected = row.map(|row| row.target(&self.snapshot.processes));
    }

    /// Begins a task.
    pub(super) fn run(&mut self, task: Task) -> Vec<Request> {
        if self.running.len() >= MAX_TASKS {
            self.complain(format!("{MAX_TASKS} actions are running already; wait for one of them"));
            return Vec::new();
        }
        for target in task.parts.iter().filter_map(|part| part.target.clone()) {
            self.notes
                .insert(target, Note { text: format!("{} ...", task.title), is_error: false });
        }
        self.message = None;
        self.running.push(Running { task: task.clone(), done: 0, failures: Vec::new() });
        vec![Request::Run(task), Request::Refresh]
    }

    fn on_part_done(
        &mut self,
        task: u64,
        part: usize,
        result: Result<(), CallError>,
    ) -> Vec<Request> {
        let Some(at) = self.running.iter().position(|running| running.task.id == task) else {
            return Vec::new();
        };
        let running = &mut self.running[at];
        running.done += 1;
        let target = running.task.parts.get(part).and_then(|part| part.target.clone());
        match (result, target) {
            (Ok(()), Some(target)) => {
                self.notes.remove(&target);
            }
            (Ok(()), None) => {}
            (Err(error), target) => {
                running.failures.push(error.text.clone());
                let text = format!("{}: {}", running.task.title, error.text);
                let note = Note { text, is_error: true };
                self.notes.extend(target.map(|target| (target, note)));
            }
        }
        if running.done == running.task.parts.len() {
            let Running { task, failures, .. } = self.running.remove(at);
            match failures.as_slice() {
                [] => self.say(format!("{}: done", task.title)),
                [one] => self.complain(format!("{}: {one}", task.title)),
                [first, rest @ ..] => {
                    self.complain(format!("{}: {first} (and {} more)", task.title, rest.len()));
                }
            }
        }
        vec![Request::Refresh]
    }

    /// Opens a text that the daemon writes.
    pub(super) fn ask(&mut self, query: Query) -> Vec<Request> {
        let lines = vec!["...".to_owned()];
        let kind = TextKind::Answer(query.clone());
        self.view = View::Text(Text::new(kind, lines));
        let step = update::step_of(&query);
        vec![Request::Ask(query, step)]
    }

    fn on_answer(&mut self, query: &Query, answer: Result<Value, CallError>) -> Vec<Request> {
        let is_unknown = answer.as_ref().is_err_and(|error| error.is(Code::UnknownMethod));
        if !matches!(&self.view, View::Text(text) if text.kind == TextKind::Answer(query.clone())) {
            return Vec::new();
        }
        if is_unknown && *query == Query::Plan {
            return self.ask(Query::PlainPlan);
        }
        let (kind, lines) = match (answer, query) {
            (Err(_), Query::Why(target)) if is_unknown => {
                (Some(TextKind::Facts(target.clone())), self.facts(target))
            }
            (Err(error), _) => (None, vec![error.text]),
            (Ok(answer), Query::Why(_)) => {
                let text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
                (None, text.lines().map(str::to_owned).collect())
            }
            (Ok(answer), Query::Graph) => {
                let table = graph_table(&answer).unwrap_or_else(|error| error.to_string());
                (None, table.lines().map(str::to_owned).collect())
            }
            (Ok(answer), Query::Plan | Query::PlainPlan) => {
                let (plan, lines) = Plan::read(&answer, *query == Query::PlainPlan);
                (plan.map(TextKind::Plan), lines)
            }
        };
        if let View::Text(text) = &mut self.view {
            text.lines = lines;
            text.kind = kind.unwrap_or_else(|| TextKind::Answer(query.clone()));
        }
        Vec::new()
    }

    /// What is known of a process without the explanation of supkit's daemon.
    fn facts(&self, target: &Target) -> Vec<String> {
        let Some(process) = self.process(target) else {
            return vec!["no such process".to_owned()];
        };
        let mut lines = vec![format!("{} is {}", process.full_name(), process.state)];
        let mut fact = |name: &str, value: &str| {
            if !value.is_empty() {
                lines.push(format!("    {name}: {value}"));
            }
        };
        fact("reason", &process.reason);
        fact("pid", &process.pid.map(|pid| pid.to_string()).unwrap_or_default());
        fact("up for", &process.uptime.map(|it| format!("{it} s")).unwrap_or_default());
        fact("standard output", &process.logs[0]);
        fact("standard error", &process.logs[1]);
        lines.push(String::new());
        lines.push("Supervisor's daemon reports no more; supkit's explains the state.".to_owned());
        lines
    }
}
