//! The list of processes.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};

use super::canvas::{Side, bar, put, width};
use super::cells::{self, printable};
use super::frame::colour;
use crate::core::state::ProcessState;
use crate::top::model::Model;
use crate::top::model::row::{Column, GroupRow, Row};
use crate::top::model::state::Link;

/// What is left for names and reasons before a further column is shown.
const MIN_REASON: usize = 15;
const MIN_NAME: usize = 8;
/// `1000/1000` of a group is longer than each state.
const STATE_WIDTH: usize = 9;
/// The columns that are shown if there is room, the most important first, with their widths.
const OPTIONAL: [(Column, usize); 6] = [
    (Column::Uptime, 8),
    (Column::Pid, 7),
    (Column::Cpu, 5),
    (Column::Memory, 6),
    (Column::Restarts, 4),
    (Column::Descriptors, 5),
];

/// A column at its place.
struct Place {
    column: Column,
    x: u16,
    width: usize,
}

/// Draws the heads and the visible rows.
pub(super) fn draw(model: &mut Model, buffer: &mut Buffer, area: Rect) {
    let height = usize::from(area.height.saturating_sub(1));
    model.scroll.height = height;
    if model.cursor < model.scroll.top {
        model.scroll.top = model.cursor;
    }
    if model.cursor >= model.scroll.top + height {
        model.scroll.top = (model.cursor + 1).saturating_sub(height);
    }
    model.scroll.fit(model.rows.len());
    let places = places(model, usize::from(area.width));
    if area.height == 0 {
        return;
    }
    heads(model, buffer, &places, area.y);
    let top = model.scroll.top;
    for (line, (at, row)) in model.rows.iter().enumerate().skip(top).take(height).enumerate() {
        let y = area.y + 1 + line as u16;
        draw_row(model, buffer, &places, y, row);
        if matches!(model.link, Link::Lost { .. }) {
            buffer.set_style(Rect::new(0, y, area.width, 1), Modifier::DIM);
        }
        if at == model.cursor {
            buffer.set_style(Rect::new(0, y, area.width, 1), Modifier::REVERSED);
        }
    }
    if model.rows.is_empty() && height > 0 {
        let text = match (&model.link, model.arrangement.filter.as_str()) {
            (Link::Connecting, _) => "waiting for the daemon",
            (_, "") => "the daemon has no processes",
            _ => "no process matches the filter; Esc shows all",
        };
        let room = usize::from(area.width);
        put(buffer, (0, area.y + 1), room, Side::Left, text, Style::new());
    }
}

/// Name and state always have a place, the reason has what is left.
fn places(model: &Model, room: usize) -> Vec<Place> {
    let processes = &model.snapshot.processes;
    let longest = model.rows.iter().map(|row| width(&name(model, row))).max().unwrap_or(0);
    let name = longest.clamp(MIN_NAME, (room * 2 / 5).max(MIN_NAME)).min(room.saturating_sub(1));
    let mut left = room.saturating_sub(1 + name + 1 + STATE_WIDTH + 1);
    let mut shown = Vec::new();
    for (column, width) in OPTIONAL {
        if !column.is_known(processes) {
            continue;
        }
        if left < width + 1 + MIN_REASON {
            break;
        }
        left -= width + 1;
        shown.push((column, width));
    }
    let widths = Column::ALL.into_iter().filter_map(|column| {
        let width = match column {
            Column::Name => name,
            Column::State => STATE_WIDTH,
            Column::Reason => left,
            _ => shown.iter().find(|(it, _)| *it == column)?.1,
        };
        Some((column, width))
    });
    // The first column is for marks.
    let mut x = 1;
    let place = |(column, width)| {
        let place = Place { column, x, width };
        x += width as u16 + 1;
        place
    };
    widths.map(place).collect()
}

fn heads(model: &Model, buffer: &mut Buffer, places: &[Place], y: u16) {
    bar(buffer, y, "");
    for Place { column, x, width } in places {
        let mut head = match column {
            // The width of the numbers below it.
            Column::Restarts => "RST".to_owned(),
            column => column.head().to_owned(),
        };
        if *column == model.arrangement.sort {
            head.push(if model.arrangement.is_reversed { '▲' } else { '▼' });
        }
        let style = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        put(buffer, (*x, y), *width, side(*column), &head, style);
    }
}

fn side(column: Column) -> Side {
    if column.is_number() { Side::Right } else { Side::Left }
}

/// The name as it is shown: members are indented below the head of their group.
fn name(model: &Model, row: &Row) -> String {
    let name = match row {
        Row::Group(group) => {
            let sign = if group.is_collapsed { '▸' } else { '▾' };
            format!("{sign} {}", group.name)
        }
        Row::Process { index, is_member } => {
            let process = &model.snapshot.processes[*index];
            if *is_member { format!("  {}", process.name) } else { process.name.clone() }
        }
    };
    printable(&name)
}

fn draw_row(model: &Model, buffer: &mut Buffer, places: &[Place], y: u16, row: &Row) {
    let target = row.target(&model.snapshot.processes);
    let marked = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
    if model.marked.contains(&target) {
        put(buffer, (0, y), 1, Side::Left, "*", marked);
    }
    let note = model.notes.get(&target);
    for Place { column, x, width } in places {
        let (text, style) = match (column, note) {
            (Column::Name, _) if model.marked.contains(&target) => (name(model, row), marked),
            (Column::Name, _) => (name(model, row), Style::new()),
            (Column::Reason, Some(note)) => {
                let colour = if note.is_error { Color::Red } else { Color::Cyan };
                (note.text.clone(), Style::new().fg(colour))
            }
            _ => cell(model, row, *column),
        };
        put(buffer, (*x, y), *width, side(*column), &text, style);
    }
}

fn cell(model: &Model, row: &Row, column: Column) -> (String, Style) {
    match row {
        Row::Group(group) if column == Column::State => {
            let share = format!("{}/{}", group.running, group.count);
            let has_room = share.len() + " up".len() <= STATE_WIDTH;
            (if has_room { share + " up" } else { share }, group_colour(group))
        }
        Row::Group(group) => (cells::usage(column, &group.usage), Style::new()),
        Row::Process { index, .. } => {
            let process = &model.snapshot.processes[*index];
            let style = match column {
                Column::State => colour(process.state),
                _ => Style::new(),
            };
            (cells::cell(column, process), style)
        }
    }
}

/// Green if all run, red if one has failed.
fn group_colour(group: &GroupRow) -> Style {
    match group.worst {
        ProcessState::Running => colour(ProcessState::Running),
        state @ (ProcessState::Fatal | ProcessState::Backoff | ProcessState::Unknown) => {
            colour(state)
        }
        _ => Style::new().fg(Color::Yellow),
    }
}
