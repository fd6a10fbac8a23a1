//! The terminal while it shows pictures: entered, drawn, left. It is left when this is dropped, also
//! by a panic.

use std::fmt::Write as _;
use std::io;

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier};

use super::look::Look;
use crate::os::stdout;
use crate::os::tty::{self, RawMode};

/// Another screen without scrollback, no cursor, cleared.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[0m\x1b[2J";
/// For a terminal whose size is not known.
const DEFAULT_SIZE: (u16, u16) = (80, 24);
/// A larger one is not filled.
const MAX_SIZE: u16 = 1000;

pub(super) struct Screen {
    look: Look,
    /// `None` while it is left.
    raw: Option<RawMode>,
    shown: Buffer,
}

impl Screen {
    pub(super) fn enter(look: Look) -> io::Result<Self> {
        let mut screen = Self { look, raw: None, shown: Buffer::default() };
        screen.resume()?;
        Ok(screen)
    }

    /// Enters again after [`Screen::leave`]. Everything is drawn anew.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        if self.raw.is_none() {
            self.raw = Some(RawMode::enter(&io::stdin())?);
        }
        stdout::write_all(ENTER.as_bytes());
        self.forget();
        Ok(())
    }

    /// What is shown is not known any more.
    pub(super) fn forget(&mut self) {
        self.shown = Buffer::default();
    }

    pub(super) fn leave(&mut self) {
        if let Some(raw) = self.raw.take() {
            // Where there is no other screen, the prompt comes below.
            let rows = size().1;
            stdout::write_all(format!("\x1b[0m\x1b[{rows};1H\x1b[?25h\x1b[?1049l").as_bytes());
            drop(raw);
        }
    }

    /// An empty picture of the present size.
    pub(super) fn blank() -> Buffer {
        let (columns, rows) = size();
        Buffer::empty(Rect::new(0, 0, columns.min(MAX_SIZE), rows.min(MAX_SIZE)))
    }

    /// Shows a picture: writes what differs from the last one.
    pub(super) fn show(&mut self, mut picture: Buffer) {
        self.look.apply(&mut picture);
        let mut output = String::new();
        if self.shown.area != picture.area {
            self.shown = Buffer::empty(picture.area);
            output.push_str("\x1b[0m\x1b[2J");
        }
        write_cells(&mut output, self.shown.diff(&picture));
        stdout::write_all(output.as_bytes());
        self.shown = picture;
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

fn size() -> (u16, u16) {
    tty::size(&io::stdout()).filter(|(columns, _)| *columns > 0).unwrap_or(DEFAULT_SIZE)
}

fn write_cells(output: &mut String, cells: Vec<(u16, u16, &Cell)>) {
    let mut style = None;
    let mut next = None;
    for (x, y, cell) in cells {
        if next != Some((x, y)) {
            let _ = write!(output, "\x1b[{};{}H", y + 1, x + 1);
        }
        let wanted = (cell.fg, cell.bg, cell.modifier);
        if style != Some(wanted) {
            write_style(output, wanted);
            style = Some(wanted);
        }
        output.push_str(cell.symbol());
        // A wide character hides the next cell, which is not in the list.
        next = Some((x + 1, y)).filter(|_| cell.symbol().is_ascii());
    }
    if style.is_some() {
        output.push_str("\x1b[0m");
    }
}

/// The numbers of the modifiers that are used.
const MODIFIERS: [(Modifier, &str); 6] = [
    (Modifier::BOLD, ";1"),
    (Modifier::DIM, ";2"),
    (Modifier::ITALIC, ";3"),
    (Modifier::UNDERLINED, ";4"),
    (Modifier::REVERSED, ";7"),
    (Modifier::CROSSED_OUT, ";9"),
];

fn write_style(output: &mut String, (fg, bg, modifier): (Color, Color, Modifier)) {
    output.push_str("\x1b[0");
    for (one, number) in MODIFIERS {
        if modifier.contains(one) {
            output.push_str(number);
        }
    }
    write_colour(output, fg, 30);
    write_colour(output, bg, 40);
    output.push('m');
}

/// `base` is 30 for the text and 40 for the background.
fn write_colour(output: &mut String, colour: Color, base: u8) {
    let number = match colour {
        Color::Reset => return,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Indexed(index) => {
            let _ = write!(output, ";{};5;{index}", base + 8);
            return;
        }
        Color::Rgb(red, green, blue) => {
            let _ = write!(output, ";{};2;{red};{green};{blue}", base + 8);
            return;
        }
    };
    let _ = write!(output, ";{}", base + number);
}

#[cfg(test)]
mod tests {
    use ratatui_core::style::Style;

    use super::*;

    #[test]
    fn only_differences_are_written() {
        let mut before = Buffer::empty(Rect::new(0, 0, 10, 2));
        before.set_string(0, 0, "abc", Style::new());
        let mut after = before.clone();
        after.set_string(1, 0, "xy日z", Style::new().fg(Color::LightRed).bg(Color::Indexed(7)));
        after.set_style(Rect::new(0, 1, 1, 1), Modifier::REVERSED);
        let mut output = String::new();
        write_cells(&mut output, before.diff(&after));
        assert_eq!(output, "\x1b[1;2H\x1b[0;91;48;5;7mxy日\x1b[1;6Hz\x1b[2;1H\x1b[0;7m \x1b[0m");
        let mut nothing = String::new();
        write_cells(&mut nothing, after.diff(&after));
        assert_eq!(nothing, "");
    }
}
