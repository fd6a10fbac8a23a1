//! Lints for passwords and keys: readable by other users, or an invalid digest.

use super::lint_input::{LintInput, warning};
use crate::conf::sections::{
    Section, http_server, http_user, inet_http_server, supervisorctl, unix_http_server,
};
use crate::diag::Diagnostic;
use crate::ini::python::Entry;
use crate::password::{Algorithm, SHA};

pub(super) fn passwords(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let kinds: [&Section; 4] = [
        &inet_http_server::SECTION,
        &unix_http_server::SECTION,
        &http_user::SECTION,
        &supervisorctl::SECTION,
    ];
    let sections = subject.sections().filter(|s| kinds.iter().any(|kind| kind.is(&s.name)));
    let entries = sections.filter_map(|s| s.entry(http_server::PASSWORD.name));
    entries.filter_map(|entry| password(subject, entry)).collect()
}

fn password(subject: &LintInput<'_>, entry: &Entry) -> Option<Diagnostic> {
    let value = entry.value.as_str();
    if let Some(digest) = value.strip_prefix(SHA) {
        return bad_digest(digest, entry);
    }
    // A value from the environment is not in the file. From a slow hash it cannot be guessed.
    if value.is_empty() || value.contains("%(ENV_") || Algorithm::of(value).is_some() {
        return None;
    }
    let file = subject.sources.name(entry.key_span.source);
    let mode = subject.host.mode(file)?;
    (mode & 0o004 != 0).then(|| {
        let message = format!("every user of this host may read the password in `{file}`");
        warning("readable-password", message, Some(entry.key_span))
            .label(format!("the file has mode {:04o}", mode & 0o7777))
            .help(format!("`chmod 0600 {file}`, or take it from the environment: `%(ENV_NAME)s`"))
    })
}

/// Key files that other users may read.
pub(super) fn keys(subject: &LintInput<'_>) -> Vec<Diagnostic> {
    let servers = subject.draft.servers.iter();
    servers.filter_map(|server| key(subject, &server.section, &server.tls()?.key)).collect()
}

fn key(subject: &LintInput<'_>, section: &str, file: &str) -> Option<Diagnostic> {
    let mode = subject.host.mode(file)?;
    (mode & 0o004 != 0).then(|| {
        let message = format!("everybody on this host may read the key `{file}`");
        warning("readable-key", message, subject.place(section, inet_http_server::KEY.name))
            .label(format!("the file has mode {:04o}", mode & 0o7777))
            .help(format!("`chmod 0600 {file}`"))
    })
}

fn bad_digest(digest: &str, entry: &Entry) -> Option<Diagnostic> {
    let good = digest.len() == 40 && digest.chars().all(|c| c.is_ascii_hexdigit());
    (!good).then(|| {
        let message = "no password has this digest".to_owned();
        warning("bad-digest", message, Some(entry.value_span()))
            .help(format!("write `{SHA}` and 40 hexadecimal digits"))
    })
}
