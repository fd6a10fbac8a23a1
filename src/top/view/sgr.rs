//! Colours in a log line, as styles.

use ratatui_core::style::{Color, Modifier, Style};

const COLOURS: [Color; 8] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
];
const BRIGHT: [Color; 8] = [
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// The parts of a line in which only colour sequences are left, with their styles.
pub(super) fn parts(line: &str) -> Vec<(&str, Style)> {
    let mut parts = Vec::new();
    let mut style = Style::new();
    let mut rest = line;
    while let Some((before, sequence)) = rest.split_once('\x1b') {
        parts.push((before, style));
        let (parameters, behind) = sequence.split_once('m').unwrap_or((sequence, ""));
        style = apply(style, parameters.trim_start_matches('['));
        rest = behind;
    }
    parts.push((rest, style));
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

fn apply(mut style: Style, parameters: &str) -> Style {
    let mut numbers = parameters.split([';', ':']).map(|text| text.parse::<u8>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        style = match number {
            0 => Style::new(),
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            22 => without(style, Modifier::BOLD | Modifier::DIM),
            23 => without(style, Modifier::ITALIC),
            24 => without(style, Modifier::UNDERLINED),
            27 => without(style, Modifier::REVERSED),
            30..=37 => style.fg(COLOURS[usize::from(number - 30)]),
            40..=47 => style.bg(COLOURS[usize::from(number - 40)]),
            90..=97 => style.fg(BRIGHT[usize::from(number - 90)]),
            100..=107 => style.bg(BRIGHT[usize::from(number - 100)]),
            39 => Style { fg: None, ..style },
            49 => Style { bg: None, ..style },
            38 => extended(&mut numbers).map_or(style, |colour| style.fg(colour)),
            48 => extended(&mut numbers).map_or(style, |colour| style.bg(colour)),
            _ => style,
        };
    }
    style
}

fn without(style: Style, modifier: Modifier) -> Style {
    Style { add_modifier: style.add_modifier.difference(modifier), ..style }
}

/// `5;N` or `2;R;G;B`
fn extended(numbers: &mut impl Iterator<Item = u8>) -> Option<Color> {
    match numbers.next()? {
        5 => numbers.next().map(Color::Indexed),
        2 => Some(Color::Rgb(numbers.next()?, numbers.next()?, numbers.next()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_become_styles() {
        let red = Style::new().fg(Color::Red);
        assert_eq!(
            parts("a\x1b[31mb\x1b[1mc\x1b[0md"),
            [
                ("a", Style::new()),
                ("b", red),
                ("c", red.add_modifier(Modifier::BOLD)),
                ("d", Style::new())
            ]
        );
        assert_eq!(parts("\x1b[38;5;196mx"), [("x", Style::new().fg(Color::Indexed(196)))]);
        assert_eq!(parts("\x1b[38;2;1;2;3;1mx")[0].1.fg, Some(Color::Rgb(1, 2, 3)));
        assert_eq!(
            parts("\x1b[31;39mx\x1b[mz\x1b[38m"),
            [("x", Style::new()), ("z", Style::new())]
        );
        assert_eq!(parts(""), []);
    }
}
