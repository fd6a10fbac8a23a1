//! A log: its last lines in their colours.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Modifier, Style};
use ratatui_core::text::Span;

use super::canvas::{bar, width};
use super::sgr;
use crate::top::model::log::{Log, Stream};

const TAB: usize = 8;

/// A character of a line with its style.
#[derive(Clone)]
struct Glyph {
    symbol: String,
    style: Style,
    is_match: bool,
}

pub(super) fn draw(log: &mut Log, buffer: &mut Buffer, area: Rect) {
    if area.height == 0 {
        return;
    }
    bar(buffer, area.y, &format!(" {}", title(log)));
    let room = usize::from(area.width);
    let height = usize::from(area.height - 1);
    log.scroll.height = height;
    if log.is_following {
        log.scroll.go_to_end(log.len());
    }
    log.scroll.fit(log.len());
    let mut rows = Vec::new();
    for index in log.scroll.top..log.len().min(log.scroll.top + height) {
        rows.extend(rows_of(log, index, room));
    }
    // Wrapped lines need more rows: the end is what is followed.
    let skipped = if log.is_following { rows.len().saturating_sub(height) } else { 0 };
    for (line, row) in rows.iter().skip(skipped).take(height).enumerate() {
        draw_row(buffer, area.y + 1 + line as u16, room, row);
    }
}

fn title(log: &Log) -> String {
    let what = format!("{} {}", log.process.full_name(), log.channel.name());
    let state = match &log.stream {
        Stream::Opening => "opening ...".to_owned(),
        Stream::Failed(why) => why.clone(),
        Stream::Open if log.is_following => format!("{} lines, following", log.len()),
        Stream::Open => format!("line {} of {}, paused", log.scroll.top + 1, log.len()),
    };
    let search = match log.search.as_str() {
        "" => String::new(),
        search => {
            let count = log.match_count();
            format!("   `{search}` in {count} line{}", if count == 1 { "" } else { "s" })
        }
    };
    format!("{what}   {state}{search}")
}

fn rows_of(log: &Log, index: usize, room: usize) -> Vec<Vec<Glyph>> {
    let glyphs = glyphs(log.line(index).unwrap_or_default(), &log.search);
    if !log.is_wrapped {
        return vec![glyphs.into_iter().skip(log.scroll.left).collect()];
    }
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for glyph in glyphs {
        let wide = width(&glyph.symbol);
        if used + wide > room && used > 0 {
            rows.push(Vec::new());
            used = 0;
        }
        used += wide;
        rows.last_mut().into_iter().for_each(|row| row.push(glyph.clone()));
    }
    rows
}

fn glyphs(line: &str, search: &str) -> Vec<Glyph> {
    let mut glyphs: Vec<Glyph> = Vec::new();
    let mut column = 0;
    let mut push = |symbol: &str, style: Style| {
        column += width(symbol);
        glyphs.push(Glyph { symbol: symbol.to_owned(), style, is_match: false });
        column
    };
    let mut at = 0;
    for (text, style) in sgr::parts(line) {
        for (number, piece) in text.split('\t').enumerate() {
            if number > 0 {
                let blanks = TAB - at % TAB;
                for _ in 0..blanks {
                    at = push(" ", style);
                }
            }
            for grapheme in Span::raw(piece).styled_graphemes(style) {
                at = push(grapheme.symbol, grapheme.style);
            }
        }
    }
    mark_matches(&mut glyphs, search);
    glyphs
}

fn mark_matches(glyphs: &mut [Glyph], search: &str) {
    if search.is_empty() {
        return;
    }
    let mut text = String::new();
    let mut starts = Vec::new();
    for glyph in glyphs.iter() {
        starts.push(text.len());
        text.push_str(&glyph.symbol.to_lowercase());
    }
    for (start, found) in text.match_indices(search) {
        let range = start..start + found.len();
        for (glyph, at) in glyphs.iter_mut().zip(&starts) {
            glyph.is_match |= range.contains(at);
        }
    }
}

fn draw_row(buffer: &mut Buffer, y: u16, room: usize, row: &[Glyph]) {
    let mut x = 0;
    for glyph in row {
        let wide = width(&glyph.symbol);
        if x + wide > room {
            return;
        }
        let marks = Modifier::REVERSED | Modifier::BOLD;
        let style = if glyph.is_match { glyph.style.add_modifier(marks) } else { glyph.style };
        buffer.set_stringn(x as u16, y, &glyph.symbol, wide, style);
        x += wide;
    }
}
