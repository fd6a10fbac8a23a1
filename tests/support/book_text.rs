//! Whether a command prints what its page shows. What differs from run to run is not compared: process
//! ids, times, durations, and how many blanks follow them in a table.

use std::sync::LazyLock;

use regex::Regex;

/// The outcome of a comparison.
pub enum Likeness {
    Same,
    Differs(String),
}

/// Compares lines. In the page, a line `...` stands for any number of lines, `...` in a line for any
/// text. Blank lines at the end and `^C` do not count.
pub fn like(page: &[String], printed: &[String]) -> Likeness {
    let shown: Vec<String> = trimmed(page).into_iter().map(plain).collect();
    let found: Vec<String> = trimmed(printed).into_iter().map(plain).collect();
    if matches(&shown, &found) {
        return Likeness::Same;
    }
    Likeness::Differs(format!(
        "the page shows\n  {}\nprinted was\n  {}",
        page.join("\n  "),
        printed.join("\n  ")
    ))
}

/// Without what stands for a key, and blank lines at the end.
fn trimmed(lines: &[String]) -> Vec<&str> {
    let lines = lines.iter().map(|line| line.strip_suffix("^D").unwrap_or(line));
    let mut lines: Vec<&str> = lines.filter(|line| *line != "^C").collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

fn matches(page: &[String], printed: &[String]) -> bool {
    match page.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, others)| has_pattern(first, line) && matches(rest, others)),
    }
}

/// Whether one line is displayed where the page shows the other.
pub fn is_line(page: &str, printed: &str) -> bool {
    has_pattern(&plain(page), &plain(printed))
}

/// Whether a line is that of the page, in which `...` stands for any text.
fn has_pattern(page: &str, printed: &str) -> bool {
    let mut pieces = page.split("...");
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// What differs from run to run, and the word that takes its place.
static VARIABLE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?Z?", "TIME"),
        (r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "TIME"),
        (r"uptime (\d+ days?, )?\d+:\d\d:\d\d", "uptime T"),
        (r"\b(pid|kill) \d+", "$1 N"),
        (r"\b\d+(\.\d+)? (ms|s|min|seconds?)\b", "N s"),
        (r"\b\d+(\.\d+)? ([kKMG]i?B)\b", "N B"),
        (r"---supervisor-\w{8}\.log", "---supervisor-X.log"),
        (r"checksum [0-9a-f]{16}", "checksum X"),
        (r"supervisor-history-\w{8}\.json", "supervisor-history-X.json"),
        // The directory of the test has a longer name.
        (r"\^{2,}", "^"),
        (r"\s+", " "),
    ];
    patterns.map(|(pattern, word)| (Regex::new(pattern).expect("a pattern"), word)).into()
});

/// A line without what differs from run to run.
fn plain(line: &str) -> String {
    let clean = |line: String, (pattern, word): &(Regex, &str)| {
        pattern.replace_all(&line, *word).into_owned()
    };
    VARIABLE.iter().fold(line.trim_end().to_owned(), clean)
}
