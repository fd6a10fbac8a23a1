//! `help`: the list of actions, and how each is written.

use std::fmt::Write;

use super::actions::{self, ACTIONS, Action};
use super::session::{Flow, Outcome, Session};

/// Where descriptions begin, and how far apart tabs stand.
const COLUMN: usize = 32;
const TAB: usize = 8;
/// The list of actions is set for a terminal of this width.
const WIDTH: usize = 79;

const HELP: &[(&str, &str)] =
    &[("help", "List the actions"), ("help <action>", "Tell how an action is written")];

#[expect(clippy::unnecessary_wraps, reason = "the shape of every action")]
pub(super) fn help(session: &mut Session, topic: &str) -> Outcome {
    match (topic, actions::find(topic)) {
        ("", _) => list(session),
        ("help", _) => say_usage(session, HELP),
        (_, Some(action)) => say_action(session, action),
        _ => session.say(format_args!("*** No help on {topic}")),
    }
    Ok(Flow::Continue)
}

/// How an action is written; said also after a mistake in writing it.
pub(super) fn of(session: &mut Session, name: &str) {
    if let Some(action) = actions::find(name) {
        say_action(session, action);
    }
}

fn say_action(session: &mut Session, action: &Action) {
    say_usage(session, action.usage);
}

fn say_usage(session: &mut Session, usage: &[(&str, &str)]) {
    for (form, meaning) in usage {
        let tabs = COLUMN.saturating_sub(form.len()).div_ceil(TAB).max(1);
        session.say(format_args!("{form}{}{meaning}", "\t".repeat(tabs)));
    }
}

fn list(session: &mut Session) {
    let title = "default commands (type help <topic>):";
    let names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
    session.say(format_args!("\n{title}\n{}", "=".repeat(title.len())));
    for row in columns(&names, WIDTH) {
        session.say(row);
    }
    session.say("");
}

/// The reference page of the actions.
pub fn reference() -> String {
    let mut page = "# Actions of supervisorctl\n\n\
        Made from the table of actions by a test; do not edit. `docs/supervisorctl.md` tells what is \
        new.\n\n| Written | Meaning |\n| --- | --- |\n"
        .to_owned();
    let usages = ACTIONS.iter().flat_map(|action| action.usage).chain(HELP);
    for (form, meaning) in usages {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{}` | {meaning} |", form.replace('|', "\\|"));
    }
    page
}

/// Sets words in as few rows as the width allows, column by column.
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
    fn words_run_down_the_columns() {
        let words = ["a", "bbb", "cc", "d", "eeee"];
        assert_eq!(columns(&words, 80), ["a  bbb  cc  d  eeee"]);
        assert_eq!(columns(&words, 13), ["a    cc  eeee", "bbb  d "]);
        assert_eq!(columns(&words, 1), words);
    }
}
