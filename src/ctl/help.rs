//! The action `help`: lists the actions and describes their forms.

use std::fmt::Write;

use super::action::Action;
use super::actions::{self, ACTIONS, HELP};
use super::session::{Flow, Outcome, Session};

/// The column of descriptions, and the tab width.
const COLUMN: usize = 32;
const TAB: usize = 8;
/// The width of the list of actions.
const WIDTH: usize = 79;

#[expect(clippy::unnecessary_wraps, reason = "all actions have the same signature")]
pub(super) fn help(session: &mut Session, topic: &str) -> Outcome {
    match (topic, actions::find(topic)) {
        ("", _) => list(session, "default commands (type help <topic>):", false),
        ("supkit", _) => list(session, "supkit commands (type help <topic>):", true),
        ("help", _) => print_usage(session, HELP),
        (_, Some(action)) => print_action(session, action),
        _ => session.print_line(format_args!("*** No help on {topic}")),
    }
    Ok(Flow::Continue)
}

/// Prints the forms of an action.
pub(super) fn print_action(session: &mut Session, action: &Action) {
    print_usage(session, action.usage);
}

fn print_usage(session: &mut Session, usage: &[(&str, &str)]) {
    for (form, meaning) in usage {
        let tabs = COLUMN.saturating_sub(form.len()).div_ceil(TAB).max(1);
        session.print_line(format_args!("{form}{}{meaning}", "\t".repeat(tabs)));
    }
}

/// `help` prints exactly what Supervisor prints, because programs parse it; `help supkit` prints the
/// other actions.
fn list(session: &mut Session, title: &str, is_extension: bool) {
    let actions = ACTIONS.iter().filter(|action| action.is_extension == is_extension);
    let names: Vec<&str> = actions.map(|action| action.name).collect();
    session.print_line(format_args!("\n{title}\n{}", "=".repeat(title.len())));
    for row in columns(&names, WIDTH) {
        session.print_line(row);
    }
    session.print_line("");
}

/// Renders the reference page of the actions.
pub fn reference() -> String {
    let mut page = "# Actions of supervisorctl\n\n\
        Generated from the table of actions by a test; do not edit. Extensions are described in \
        `docs/supervisorctl.md`.\n\n| Command | Meaning |\n| --- | --- |\n"
        .to_owned();
    let usages = ACTIONS.iter().flat_map(|action| action.usage).chain(HELP);
    for (form, meaning) in usages {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{}` | {meaning} |", form.replace('|', "\\|"));
    }
    page
}

/// Arranges words in as few rows as the width allows, column by column.
fn columns(words: &[&str], width: usize) -> Vec<String> {
    let fits = |rows: &usize| {
        let widths = column_widths(words, *rows);
        widths.iter().sum::<usize>() + 2 * (widths.len() - 1) <= width
    };
    let Some(rows) = (1..words.len()).find(fits) else {
        return words.iter().map(|word| (*word).to_owned()).collect();
    };
    let widths = column_widths(words, rows);
    (0..rows).map(|row| row_text(words, rows, row, &widths)).collect()
}

fn column_widths(words: &[&str], rows: usize) -> Vec<usize> {
    words.chunks(rows).map(|column| column.iter().map(|w| w.len()).max().unwrap_or(0)).collect()
}

fn row_text(words: &[&str], rows: usize, row: usize, widths: &[usize]) -> String {
    let cells = widths.iter().enumerate().filter_map(|(column, width)| {
        let word = words.get(column * rows + row)?;
        Some(format!("{word:width$}"))
    });
    cells.collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_arranged_by_column() {
        let words = ["a", "bbb", "cc", "d", "eeee"];
        assert_eq!(columns(&words, 80), ["a  bbb  cc  d  eeee"]);
        assert_eq!(columns(&words, 13), ["a    cc  eeee", "bbb  d "]);
        assert_eq!(columns(&words, 1), words);
    }
}
