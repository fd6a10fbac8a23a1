//! Texts of many lines: help, explanations, the graph, jobs and plans.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::canvas::{Side, bar, put, wrap};
use super::cells::printable;
use crate::top::model::request::Query;
use crate::top::model::state::{Text, TextKind};

pub(super) fn draw(text: &mut Text, buffer: &mut Buffer, area: Rect) {
    if area.height == 0 {
        return;
    }
    bar(buffer, area.y, &format!(" {}", title(&text.kind)));
    let room = usize::from(area.width);
    let rows = rows(text, room);
    text.scroll.height = usize::from(area.height - 1);
    text.count = rows.len();
    text.scroll.fit(rows.len());
    let visible = rows.iter().skip(text.scroll.top).take(text.scroll.height);
    for (line, row) in visible.enumerate() {
        let row: String = row.chars().skip(text.scroll.left).collect();
        put(buffer, (0, area.y + 1 + line as u16), room, Side::Left, &row, Style::new());
    }
}

fn title(kind: &TextKind) -> String {
    match kind {
        TextKind::Help => "Keys".to_owned(),
        TextKind::Jobs => "Jobs of the daemon".to_owned(),
        TextKind::Answer(Query::Why(target)) | TextKind::Facts(target) => {
            format!("Why: {}", target.full_name())
        }
        TextKind::Answer(Query::Graph) => "Dependencies".to_owned(),
        TextKind::Answer(Query::Plan | Query::PlainPlan) => "Update".to_owned(),
        TextKind::Plan(_) => "Update: what would be done".to_owned(),
    }
}

/// A table stays as it is; sentences are wrapped.
fn rows(text: &Text, room: usize) -> Vec<String> {
    let lines = text.lines.iter().map(|line| printable(line));
    match text.kind {
        TextKind::Answer(Query::Graph) => lines.collect(),
        _ if room == 0 => lines.collect(),
        _ => lines.flat_map(|line| wrap(&line, room)).collect(),
    }
}
