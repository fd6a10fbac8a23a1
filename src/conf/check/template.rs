//! Files that are templates: what a template engine should have replaced is still there.

use super::lint_input::{LintInput, warning};
use crate::diag::{Diagnostic, SourceMap, Span};

const HELP: &str = "render the template first, and check the result";

/// One warning for each file.
pub(super) fn templates(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let ids = subject.sources.ids();
    let first = ids.filter_map(|id| {
        let line = lines(subject.sources.text(id)).find_map(|(start, line)| {
            let (from, to) = marker(line)?;
            Some(Span::new(id, start + from, start + to))
        })?;
        let shown = subject.sources.marked(line);
        let message = format!("the file is a template: nothing has replaced `{shown}`");
        Some(warning("template", message, Some(line)).help(HELP))
    });
    first.collect()
}

/// Replaces the remedy of problems in such lines: their cause is the template.
pub(super) fn explain(problems: &mut [Diagnostic], sources: &SourceMap) {
    for problem in problems {
        let Some(span) = problem.span else { continue };
        let text = sources.text(span.source);
        let is_here =
            |(start, line): &(usize, &str)| (*start..=start + line.len()).contains(&span.start);
        if lines(text).find(is_here).is_some_and(|(_, line)| marker(line).is_some()) {
            problem.help = Some(HELP.to_owned());
        }
    }
}

/// The lines that are not comments, each with its offset.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end())
    });
    lines.filter(|(_, line)| !line.starts_with(['#', ';']))
}

/// The first `{{ name }}`, `{{ name | filter }}`, `{% ... %}` or `<% ... %>` of a line. The format
/// strings of Docker, `{{.Name}}` and `{{json .State}}`, are none.
fn marker(line: &str) -> Option<(usize, usize)> {
    let pairs = [("{{", "}}"), ("{%", "%}"), ("<%", "%>")];
    let found = pairs.iter().filter_map(|(open, close)| {
        let start = line.find(open)?;
        let inside = &line[start + 2..];
        let length = inside.find(close)?;
        let is_template = *open != "{{" || is_name(&inside[..length]);
        is_template.then_some((start, start + 2 + length + 2))
    });
    found.min()
}

fn is_name(inside: &str) -> bool {
    let name = inside.trim_start_matches('-').split('|').next().unwrap_or_default().trim();
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_recognised_and_format_strings_are_not() {
        for line in [
            "[program:{{ name }}]",
            "command={{venv}}/bin/x",
            "{% if x %}",
            "numprocs={{ workers | default(4) }}",
            "port=<%= @port %>",
            "user={{- user }}",
        ] {
            assert!(marker(line).is_some(), "{line}");
        }
        for line in [
            "command=docker ps --format '{{.ID}}'",
            "command=docker inspect -f '{{json .State}}' x",
            "command=sh -c 'a() { { x; } }'",
            "command=date +%%{%%Y}",
        ] {
            assert!(marker(line).is_none(), "{line}");
        }
    }
}
