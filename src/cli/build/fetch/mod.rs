//! Fetches what a project extends from the network into the extends-cache: URLs that are not there, and
//! files there whose text is not the one that was fetched.

mod absolute_form;
mod http;
mod proxy;
mod record;
mod url;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::buildout::Project;
use crate::buildout::paths::basename;
use crate::diag::{Diagnostic, Span};
use crate::os::files::write_atomically;
use crate::os::lock::Lock;

use super::super::deployment::{print_line, report_error};
use super::super::generate::Source;
use super::failure::Failure;
use super::live::Live;
use super::workshop::Workshop;
use http::{Client, FetchError};
pub(super) use record::FetchRecord;

/// The time limit without `socket-timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Fetcher<'a> {
    workshop: &'a Workshop,
    /// Whether texts that are in the cache are fetched again.
    is_newest: bool,
    record: FetchRecord,
    done: BTreeSet<String>,
}

/// A text that is to be fetched.
struct Wanted {
    url: String,
    span: Option<Span>,
    file: String,
    /// Whether the text in the cache can be used without it.
    is_optional: bool,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(workshop: &'a Workshop, is_newest: bool) -> Self {
        let record = workshop.fetched();
        Self { workshop, is_newest, record, done: BTreeSet::new() }
    }

    /// Fetches what a project lacks. Returns whether it is to be read again, because a text may name
    /// further ones.
    pub(super) fn fetch(
        &mut self,
        project: &Project,
        source: &Source,
        lock: &mut Lock,
    ) -> Result<bool, Failure> {
        let wanted = self.wanted(project);
        if wanted.is_empty() {
            return Ok(false);
        }
        lock.sign().context("cannot write the lock")?;
        for wanted in &wanted {
            let fetched = if self.done.insert(wanted.url.clone()) {
                self.fetch_one(wanted, project)
            } else {
                let message = format!("its text was written to {}, but is not read", wanted.file);
                Err(FetchError::new(message, "set `extends-cache` in the main file"))
            };
            if let Err(error) = fetched {
                if !wanted.is_optional {
                    return Err(self.fault(wanted, &error, source));
                }
                let url = shown(&wanted.url);
                report_error(&format!("kept the text of {url} in the cache: {}", error.message));
            }
        }
        Ok(true)
    }

    /// Takes the texts in the cache as they are.
    pub(super) fn trust(&mut self, project: &Project) {
        for cached in project.cached() {
            if let Ok(text) = std::fs::read(&cached.file) {
                self.record.note(basename(&cached.file), &text);
            }
        }
    }

    /// Notes what was fetched.
    pub(super) fn finish(mut self, project: &Project) -> Result<()> {
        let names: Vec<&str> = project.cached().iter().map(|it| basename(&it.file)).collect();
        self.record.keep(&names);
        self.workshop.save_fetched(&self.record)
    }

    fn wanted(&self, project: &Project) -> Vec<Wanted> {
        let missing = project.unavailable().iter().map(|gap| Wanted {
            url: gap.url.clone(),
            span: gap.span,
            file: gap.file.clone(),
            is_optional: false,
        });
        let is_newest = self.is_newest && !is_offline(project);
        let cached = project.cached().iter().filter(|it| !self.done.contains(&it.url));
        let cached = cached.filter_map(|it| {
            let is_other = self.is_other(&it.file);
            let (url, file) = (it.url.clone(), it.file.clone());
            let wanted = Wanted { url, span: it.span, file, is_optional: !is_other };
            (is_other || is_newest).then_some(wanted)
        });
        missing.chain(cached).collect()
    }

    fn is_other(&self, file: &str) -> bool {
        std::fs::read(file).is_ok_and(|text| self.record.differs(basename(file), &text))
    }

    fn fetch_one(&mut self, wanted: &Wanted, project: &Project) -> Result<(), FetchError> {
        if is_offline(project) {
            let what = if self.is_other(&wanted.file) {
                format!("{} is not the text that was fetched", wanted.file)
            } else {
                "it is not in the extends-cache".to_owned()
            };
            let message = format!("{what}, and nothing is fetched with `offline = true`");
            return Err(FetchError::new(message, "build once without --offline"));
        }
        let what = format!("fetch {}", shown(&wanted.url));
        let mut live = Live::begin(&what);
        let variables = |name: &str| std::env::var(name).ok();
        let client = Client { timeout: timeout(project), variables: &variables };
        let text = client.get(&wanted.url);
        live.end();
        let text = text?;
        let file = Path::new(&wanted.file);
        if std::fs::read(file).is_ok_and(|old| old != text) {
            print_line(&format!("{} has changed", shown(&wanted.url)));
        }
        write(file, &text).map_err(|error| {
            FetchError::new(format!("{error:#}"), "correct this and build again")
        })?;
        self.record.note(basename(&wanted.file), &text);
        Ok(())
    }

    fn fault(&self, wanted: &Wanted, error: &FetchError, source: &Source) -> Failure {
        // What was fetched before is not lost.
        if let Err(error) = self.workshop.save_fetched(&self.record) {
            return Failure::Other(error);
        }
        let message = format!("cannot fetch `{}`: {}", shown(&wanted.url), error.message);
        let fault = Diagnostic::error("url", message).help(error.help.clone());
        match source.faults::<()>(Err(vec![fault.maybe_at(wanted.span)])) {
            Err(error) => Failure::Project(error),
            Ok(()) => Failure::Other(anyhow::anyhow!("cannot fetch `{}`", shown(&wanted.url))),
        }
    }
}

fn is_offline(project: &Project) -> bool {
    ["offline", "install-from-cache"].iter().any(|option| {
        project.get("buildout", option).ok().flatten().is_some_and(|value| value == "true")
    })
}

fn timeout(project: &Project) -> Duration {
    let given = project.get("buildout", "socket-timeout").ok().flatten();
    let seconds = given.and_then(|text| text.trim().parse().ok()).filter(|seconds| *seconds > 0);
    seconds.map_or(TIMEOUT, Duration::from_secs)
}

fn write(file: &Path, text: &[u8]) -> Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    write_atomically(file, text, Some(0o644))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// A URL without its password.
pub(super) fn shown(url: &str) -> String {
    url::Url::parse(url).map_or_else(|| url.to_owned(), |url| url.to_string())
}
