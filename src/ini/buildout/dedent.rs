//! `textwrap.dedent` as zc.buildout applies it to multi-line values.

use crate::ini::text::{is_space, strip_end};

/// Removes the common indentation and the blank lines at both ends.
pub(super) fn dedent(value: &str) -> String {
    let lines: Vec<&str> = strip_end(value).split('\n').map(blank_to_empty).collect();
    let margin = margin(&lines);
    let text: Vec<&str> =
        lines.iter().map(|line| line.strip_prefix(margin).unwrap_or(line)).collect();
    let text = text.join("\n");
    let blank = text.len() - text.trim_start_matches(is_space).len();
    let from = text[..blank].rfind('\n').map_or(0, |at| at + 1);
    text[from..].to_owned()
}

fn blank_to_empty(line: &str) -> &str {
    if line.bytes().all(|b| matches!(b, b' ' | b'\t')) { "" } else { line }
}

/// The longest white space that starts every line; tabs and blanks are different.
fn margin<'a>(lines: &[&'a str]) -> &'a str {
    let indents = lines.iter().filter(|line| !line.is_empty()).map(|line| {
        let text = line.trim_start_matches([' ', '\t']);
        &line[..line.len() - text.len()]
    });
    indents.reduce(common_prefix).unwrap_or("")
}

fn common_prefix<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    &a[..same]
}
