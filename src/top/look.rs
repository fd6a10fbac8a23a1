//! What a terminal can show, by its environment. It is applied to a finished picture.

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::style::Color;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    has_colour: bool,
    has_unicode: bool,
}

/// Terminals that cannot move the cursor.
const DUMB: [&str; 3] = ["", "dumb", "unknown"];
/// Terminals without colours; others end with `-m` or `-mono`.
const MONO: [&str; 6] = ["vt52", "vt100", "vt102", "vt220", "vt320", "vt420"];

impl Look {
    /// `None` if the terminal cannot show a picture.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let terminal = given("TERM").unwrap_or_default();
        if DUMB.contains(&terminal.as_str()) {
            return None;
        }
        let is_mono = MONO.contains(&terminal.as_str())
            || terminal.ends_with("-m")
            || terminal.ends_with("-mono");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(given);
        let locale = locale.unwrap_or_default().to_lowercase();
        Some(Self {
            has_colour: !is_mono && given("NO_COLOR").is_none(),
            has_unicode: locale.contains("utf-8") || locale.contains("utf8"),
        })
    }

    /// Replaces what the terminal cannot show.
    pub(super) fn apply(self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            if !self.has_colour {
                cell.set_fg(Color::Reset).set_bg(Color::Reset);
            }
            if !self.has_unicode && !cell.symbol().is_ascii() {
                to_ascii(cell);
            }
        }
    }
}

fn to_ascii(cell: &mut Cell) {
    let symbol = match cell.symbol() {
        "…" => "~",
        "▼" | "▾" => "v",
        "▲" => "^",
        "▸" => ">",
        _ => "?",
    };
    cell.set_symbol(symbol);
}

#[cfg(test)]
mod tests {
    use ratatui_core::layout::Rect;
    use ratatui_core::style::Style;

    use super::*;

    fn look(environment: &str) -> Option<Look> {
        let pairs = environment.split(' ').filter_map(|pair| pair.split_once('='));
        let pairs: Vec<(&str, &str)> = pairs.collect();
        Look::of(|wanted| {
            let pair = pairs.iter().find(|(name, _)| *name == wanted)?;
            Some(pair.1.to_owned())
        })
    }

    #[test]
    fn the_environment_decides() {
        let of = |environment| look(environment).map(|look| (look.has_colour, look.has_unicode));
        assert_eq!(of("TERM=xterm LANG=C.UTF-8"), Some((true, true)));
        assert_eq!(of("TERM=xterm LANG=C"), Some((true, false)));
        assert_eq!(of("TERM=xterm LC_ALL=C LANG=de_DE.utf8"), Some((true, false)));
        assert_eq!(of("TERM=xterm NO_COLOR=1"), Some((false, false)));
        assert_eq!(of("TERM=xterm NO_COLOR="), Some((true, false)));
        assert_eq!(of("TERM=vt100"), Some((false, false)));
        assert_eq!(of("TERM=screen-mono LC_CTYPE=en_US.UTF-8"), Some((false, true)));
        assert_eq!(of("TERM=dumb"), None);
        assert_eq!(of("LANG=C.UTF-8"), None);
    }

    #[test]
    fn signs_and_colours_are_replaced() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "▾a…é", Style::new().fg(Color::Red));
        look("TERM=vt100").expect("it can move").apply(&mut buffer);
        let shown: String = buffer.content.iter().map(Cell::symbol).collect();
        assert_eq!(shown, "va~?  ");
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset));
    }
}
