//! The commands of the book that need neither a network nor root. `docs/tested-commands.md` lists the
//! pages of the other tests.

use crate::support::book::{run, typed};
use crate::support::book_text::{Likeness, like};

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn is_like(page: &str, printed: &str) -> bool {
    matches!(like(&lines(page), &lines(printed)), Likeness::Same)
}

#[test]
fn what_differs_from_run_to_run_is_not_compared_and_all_else_is() {
    let page = "web   RUNNING   pid 7, uptime 0:00:10";
    assert!(is_like(page, "web   RUNNING   pid 12345, uptime 1 day, 0:00:02\n\n"));
    assert!(!is_like(page, "web   STARTING"));
    assert!(is_like("a\n...\nz", "a\nb\nc\nz") && is_like("a\n...\nz", "a\nz"));
    assert!(!is_like("a\n...\nz", "a\nb"));
    assert!(is_like("error: ...: no ... file", "error: x: no such file"));
    assert!(!is_like("error: ... file", "error: x: no files"));
    assert!(!is_like("", "text") && !is_like("text", ""));
}

#[test]
fn what_a_person_types_is_found_by_its_prompt() {
    let shown = "Kind? [zope] plain\nPort? [80]\nUsername:admin\nPassword:\n\
                 web RUNNING\nsupervisor> stop web\nline\n^C\nsupervisor> ^D";
    let keys = ["plain\r", "\r", "admin\r", "secret\r", "stop web\r", "\x03", "\x04"];
    let found = typed(&lines(shown));
    assert_eq!(found.iter().map(|typed| typed.keys.as_str()).collect::<Vec<_>>(), keys);
}

#[test]
fn troubleshooting() {
    run("troubleshooting.md");
}

#[test]
fn guarantees() {
    run("guarantees.md");
}

#[test]
fn migrating_from_collective_recipe() {
    run("migrating-from-collective-recipe.md");
}

#[test]
fn migrating_from_go_supervisord() {
    run("migrating-from-go-supervisord.md");
}
