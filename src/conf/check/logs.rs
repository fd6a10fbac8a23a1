//! Lints for shared log files and log options without effect.

use std::collections::BTreeMap;

use super::lint_input::{LintInput, warning};
use crate::conf::config::{LogTarget, Process, StreamLog};
use crate::conf::sections::{program as p, supervisord};
use crate::diag::{Diagnostic, Span};

/// A section that writes to a rotated log.
struct Writer<'a> {
    path: &'a str,
    section: &'a str,
    span: Option<Span>,
}

/// Log files that two sections write and rotate: each would rotate the other's output away.
pub(super) fn shared(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let writers = writers(subject);
    let mut firsts: BTreeMap<&str, &Writer<'_>> = BTreeMap::new();
    let mut found: Vec<Diagnostic> = Vec::new();
    for writer in &writers {
        let first = *firsts.entry(writer.path).or_insert(writer);
        if first.section == writer.section {
            continue;
        }
        let (path, one, other) = (writer.path, first.section, writer.section);
        let message = format!("`[{one}]` and `[{other}]` both write and rotate `{path}`");
        let mut diagnostic = warning("log-twice", message, writer.span)
            .help("give each a log of its own, or set its `maxbytes` to 0");
        if let Some(span) = first.span {
            diagnostic = diagnostic.via(span, "the other is here");
        }
        if !found.iter().any(|old| old.span == diagnostic.span) {
            found.push(diagnostic);
        }
    }
    found
}

fn writers<'a>(subject: &LintInput<'a>) -> Vec<Writer<'a>> {
    let section = supervisord::SECTION.word;
    let mut writers = Vec::new();
    let daemon = subject.draft.supervisord.as_ref();
    if let Some(daemon) = daemon.filter(|daemon| daemon.logfile_maxbytes > 0) {
        let span = subject.place(section, supervisord::LOGFILE.name);
        writers.push(Writer { path: &daemon.logfile, section, span });
    }
    for process in subject.draft.groups.iter().flat_map(|group| &group.processes) {
        writers.extend(writer(subject, process, process.stdout(), p::STDOUT_LOGFILE.name));
        writers.extend(writer(subject, process, process.stderr(), p::STDERR_LOGFILE.name));
    }
    writers
}

fn writer<'a>(
    subject: &LintInput<'a>,
    process: &'a Process,
    log: StreamLog<'a>,
    option: &str,
) -> Option<Writer<'a>> {
    let LogTarget::File(path) = log.target else { return None };
    let device = path.starts_with("/dev/") || path.starts_with("/proc/");
    let section = process.program.as_str();
    (!device && log.maxbytes > 0).then(|| Writer {
        path,
        section,
        span: subject.place(section, option),
    })
}

/// Log options that are set but have no effect.
pub(super) fn pointless(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    subject.programs().into_iter().filter_map(|process| ignored_stderr(subject, process)).collect()
}

fn ignored_stderr(subject: &LintInput<'_>, process: &Process) -> Option<Diagnostic> {
    let entry = subject.entry(&process.program, p::STDERR_LOGFILE.name)?;
    let named = !["auto", "none", "off", "syslog"].contains(&entry.value.to_lowercase().as_str());
    (process.redirect_stderr && named).then(|| {
        let message = format!("`{}` has no effect", entry.key);
        warning("ignored-log", message, Some(entry.value_span()))
            .label(format!("`{}` sends errors where output goes", p::REDIRECT_STDERR.name))
            .help("remove one of the two")
    })
}
