//! What surrounds a view: the header with the state of everything, and the last lines with questions,
//! results and keys.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};

use super::canvas::{Side, put, width};
use super::cells;
use crate::core::state::ProcessState;
use crate::top::model::Model;
use crate::top::model::row::severity;
use crate::top::model::snapshot::Machine;
use crate::top::model::state::{Dialog, Link, Purpose, TextKind, View};
use crate::top::model::update::Plan;

/// With less lines than these, the second line of the header and the line of the keys are left out.
const HEIGHT_OF_SUMMARY: u16 = 8;
const HEIGHT_OF_KEYS: u16 = 10;

/// Draws header and last lines; returns the place between them.
pub(super) fn draw(model: &Model, buffer: &mut Buffer) -> Rect {
    let area = *buffer.area();
    let has_summary = area.height >= HEIGHT_OF_SUMMARY;
    let has_keys = area.height >= HEIGHT_OF_KEYS;
    title(model, buffer);
    if has_summary {
        summary(model, buffer, 1);
    }
    let top = 1 + u16::from(has_summary);
    let bottom = area.height.saturating_sub(1 + u16::from(has_keys)).max(top);
    status(model, buffer, bottom);
    if has_keys {
        keys(model, buffer, bottom + 1);
    }
    Rect::new(0, top, area.width, bottom - top)
}

fn title(model: &Model, buffer: &mut Buffer) {
    let room = usize::from(buffer.area().width);
    let (link, style) = match &model.link {
        Link::Connecting => ("connecting".to_owned(), Style::new().fg(Color::Yellow)),
        Link::Up => match &model.snapshot.mood {
            None => ("connected".to_owned(), Style::new().fg(Color::Green)),
            Some(mood) => (format!("the daemon {mood}"), Style::new().fg(Color::Yellow)),
        },
        Link::Lost { since, why } => {
            let seconds = model.now.saturating_sub(*since).as_secs();
            let style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
            (format!("LOST for {seconds} s: {why}"), style)
        }
    };
    let name = match model.snapshot.identification.as_str() {
        "" => model.serverurl.clone(),
        name => format!("{name} at {}", model.serverurl),
    };
    let rest = room.saturating_sub(width(&link) + 2);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    put(buffer, (0, 0), rest, Side::Left, &name, bold);
    // The link matters more than the name.
    let link_room = width(&link).min(room);
    put(buffer, ((room - link_room) as u16, 0), link_room, Side::Right, &link, style);
}

/// The colour of a state, beside its word.
pub(super) fn colour(state: ProcessState) -> Style {
    match state {
        ProcessState::Running => Style::new().fg(Color::Green),
        ProcessState::Starting | ProcessState::Stopping => Style::new().fg(Color::Yellow),
        ProcessState::Fatal | ProcessState::Backoff | ProcessState::Unknown => {
            Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
        }
        ProcessState::Exited | ProcessState::Stopped => Style::new(),
    }
}

/// `12 processes: 2 FATAL, 10 RUNNING`
fn summary(model: &Model, buffer: &mut Buffer, y: u16) {
    let room = usize::from(buffer.area().width);
    let processes = &model.snapshot.processes;
    let plural = if processes.len() == 1 { "" } else { "es" };
    let head = format!("{} process{plural}", processes.len());
    put(buffer, (0, y), room, Side::Left, &head, Style::new());
    let mut states: Vec<ProcessState> = ProcessState::all().collect();
    states.sort_by_key(|state| severity(*state));
    let mut x = width(&head);
    let mut separator = ": ";
    for state in states {
        let count = processes.iter().filter(|process| process.state == state).count();
        if count == 0 {
            continue;
        }
        let text = format!("{count} {state}");
        put(buffer, (x as u16, y), room.saturating_sub(x), Side::Left, separator, Style::new());
        x += separator.len();
        put(buffer, (x as u16, y), room.saturating_sub(x), Side::Left, &text, colour(state));
        x += width(&text);
        separator = ", ";
    }
    // What the processes do matters more than the machine.
    let left = room.saturating_sub(x + 2);
    if let Some(machine) = model.snapshot.machine.filter(|_| model.arrangement.filter.is_empty()) {
        let fitting = totals(machine).into_iter().find(|text| width(text) <= left);
        put(buffer, (0, y), room, Side::Right, &fitting.unwrap_or_default(), Style::new());
    }
    if !model.arrangement.filter.is_empty() {
        let text = format!("   filter: {}", model.arrangement.filter);
        put(
            buffer,
            (x as u16, y),
            room.saturating_sub(x),
            Side::Left,
            &text,
            Style::new().fg(Color::Cyan),
        );
    }
}

/// What the machine uses, the longest form first.
fn totals(machine: Machine) -> [String; 3] {
    let Machine { processors, cpu, memory, available, load } = machine;
    let (used, memory) = (cells::memory(memory - available), cells::memory(memory));
    [
        format!("cpu {cpu:.0}% of {processors}, memory {used} of {memory}, load {load:.2}"),
        format!("cpu {cpu:.0}% mem {used}/{memory}"),
        format!("cpu {cpu:.0}%"),
    ]
}

/// The most important one of question, result, tasks and jobs.
fn status(model: &Model, buffer: &mut Buffer, y: u16) {
    let room = usize::from(buffer.area().width);
    let question = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
    let (text, style) = match (&model.dialog, &model.message) {
        (Some(Dialog::Confirm { question: text, .. }), _) => (format!("{text} y/N "), question),
        (Some(Dialog::Input { purpose, text }), _) => {
            let prompt = match purpose {
                Purpose::Filter => "filter: ",
                Purpose::Search => "search: ",
                Purpose::Signal(_) => "signal (HUP): ",
                Purpose::Cancel => "number of the job that is cancelled: ",
            };
            // The end of what is typed stays visible.
            let line = format!("{prompt}{text}_");
            let over = width(&line).saturating_sub(room);
            (line.chars().skip(over).collect(), question)
        }
        (None, Some(note)) if note.is_error => {
            (note.text.clone(), Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))
        }
        (None, Some(note)) => (note.text.clone(), Style::new()),
        (None, None) => (work(model), Style::new().fg(Color::Cyan)),
    };
    put(buffer, (0, y), room, Side::Left, &text, style);
}

/// What is being done.
fn work(model: &Model) -> String {
    let tasks = model.running.iter().map(|running| {
        let (done, all) = (running.done, running.task.parts.len());
        let progress = if all > 1 { format!(" ({done} of {all})") } else { String::new() };
        format!("{}{progress} ...", running.task.title)
    });
    let jobs = model.snapshot.running_jobs().map(|job| {
        let waits = match job.waits_for.as_slice() {
            [] => String::new(),
            names => format!(", waits for {}", names.join(", ")),
        };
        format!("job {}: {} {}{waits}", job.id, job.kind, job.target)
    });
    tasks.chain(jobs).collect::<Vec<_>>().join("; ")
}

fn keys(model: &Model, buffer: &mut Buffer, y: u16) {
    let text = match &model.view {
        View::List => "?:help /:filter s:start x:stop r:restart l:log w:why u:update >:sort q:quit",
        View::Log(_) => "q:back p:pause /:search n:next W:wrap Tab:other stream ?:help",
        View::Text(text) => match &text.kind {
            TextKind::Plan(Plan::Supkit) => {
                "y:apply, restart only what changed  o:one after the other  q:back"
            }
            TextKind::Plan(Plan::Plain { .. }) => "y:apply  q:back",
            TextKind::Answer(_) => "q:back r:again ?:help",
            TextKind::Jobs => "x:cancel a rolling restart  q:back",
            TextKind::Help | TextKind::Facts(_) => "q:back",
        },
    };
    let room = usize::from(buffer.area().width);
    let style = Style::new().add_modifier(Modifier::DIM);
    put(buffer, (0, y), room, Side::Left, text, style);
}
