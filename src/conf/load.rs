//! Reads the main file and the files that its `[include]` names, and merges them into one document
//! as Supervisor does.

use std::rc::Rc;

use super::config::Notes;
use super::expand;
use super::fault::Fault;
use super::glob;
use super::host::{Host, ReadFailure};
use super::python::names::{Layers, Names};
use super::python::{path, words};
use super::secrets::{SecretNames, mask_sources};
use super::sections::include;
use super::sections::inet_http_server;
use crate::diag::{Diagnostic, SourceId, SourceMap, Span};
use crate::ini::python::{Document, ParseError, ParseErrorKind, Section};
use crate::ini::text;

/// The loaded files, up to the first one that could not be read.
#[derive(Debug, Default)]
pub struct Loaded {
    pub document: Document,
    pub sources: SourceMap,
    pub notes: Notes,
    /// The value of `%(here)s`.
    pub here: String,
    /// The path of the main file as given.
    pub file: String,
    /// Why loading stopped.
    pub fault: Option<Fault>,
    /// The absolute patterns of `files=`.
    pub includes: Vec<Include>,
}

/// A pattern of `files=` with its position.
#[derive(Clone, Debug)]
pub struct Include {
    pub pattern: String,
    pub span: Span,
    pub has_matches: bool,
    /// The files that could not be read; Python skips them.
    pub unreadable: Vec<String>,
}

/// The placeholder for the directory of a file.
const HERE: &str = "%(here)s";

/// Reads a file and the files that it includes. `environ` has the `ENV_` names.
pub fn load(file: &str, environ: &Rc<Names>, host: &dyn Host) -> Loaded {
    let here = path::abspath(path::dirname(file), &host.current_dir());
    let mut loaded = Loaded { here, file: file.to_owned(), ..Loaded::default() };
    loaded.fault = loaded.everything(environ, host).err();
    loaded.hide_passwords();
    loaded
}

/// Reads one file without its includes, as supervisorctl does.
pub fn load_one(file: &str, host: &dyn Host) -> Loaded {
    let here = path::dirname(&super::kinds::normalize_path(file, host)).to_owned();
    let mut loaded = Loaded { here, file: file.to_owned(), ..Loaded::default() };
    loaded.fault = loaded.main_file(host).err();
    loaded.hide_passwords();
    loaded
}

impl Loaded {
    fn everything(&mut self, environ: &Rc<Names>, host: &dyn Host) -> Result<(), Fault> {
        self.main_file(host)?;
        if self.document.section(include::SECTION.word).is_none() {
            return Ok(());
        }
        let here = self.here.clone();
        self.document.replace(HERE, &here);
        let base = path::abspath(&self.file, &host.current_dir());
        let base = path::dirname(&base);
        for (pattern, span) in self.patterns(environ, host)? {
            let pattern = path::join(base, &pattern);
            let found = glob::sorted(&pattern, host);
            if found.is_empty() {
                self.notes.warnings.push(format!("No file matches via include \"{pattern}\""));
            }
            let at = self.includes.len();
            let (has_matches, unreadable) = (!found.is_empty(), Vec::new());
            self.includes.push(Include { pattern, span, has_matches, unreadable });
            for file in found {
                if !self.included_file(&file, host)? {
                    self.includes[at].unreadable.push(file);
                }
            }
        }
        Ok(())
    }

    fn main_file(&mut self, host: &dyn Host) -> Result<(), Fault> {
        let bytes = host.read(&self.file).map_err(|why| {
            let what = match why {
                ReadFailure::Missing => "find",
                ReadFailure::Unreadable => "read",
            };
            let text = format!("could not {what} config file {}", self.file);
            let help = match why {
                ReadFailure::Missing => "name the file with `-c PATH`",
                ReadFailure::Unreadable => "is it a file that this user may read?",
            };
            let diagnostic = Diagnostic::error("no-config-file", text.clone()).help(help);
            Fault::new(text, diagnostic)
        })?;
        let file = self.file.clone();
        self.parse(&file, bytes)
    }

    /// Returns whether the file can be read. Python skips a file that it cannot open.
    fn included_file(&mut self, file: &str, host: &dyn Host) -> Result<bool, Fault> {
        self.notes.infos.push(format!("Included extra file \"{file}\" during parsing"));
        let read = host.read(file);
        let is_readable = read.is_ok();
        if let Ok(bytes) = read {
            self.parse(file, bytes)?;
        }
        let here = path::abspath(path::dirname(file), &host.current_dir());
        self.document.replace(HERE, &here);
        Ok(is_readable)
    }

    /// The patterns of `files=`, with the position of each.
    fn patterns(&self, environ: &Rc<Names>, host: &dyn Host) -> Result<Vec<(String, Span)>, Fault> {
        let section = include::SECTION.word;
        let Some(entry) = self.document.entry(section, include::FILES.name) else {
            return Err(self.no_files());
        };
        let mut names = Names::default();
        names.text("here", self.here.as_str());
        names.text("host_node_name", host.host_name());
        names.update(environ);
        let layers = Layers { below: &Names::default(), above: &names };
        let title = include::FILES.name;
        let files =
            expand::expand(&entry.value, layers, format_args!("{section}.{title}"), Some(entry))?;
        let place = |word: &str| match entry.value.find(word) {
            Some(at) => entry.locate(at, at + word.len()),
            None => entry.value_span(),
        };
        Ok(words(&files).map(|word| (word.to_owned(), place(word))).collect())
    }

    /// Hides secrets in the source lines that diagnostics show: the whole value of a secret option,
    /// and secret variables in others.
    fn hide_passwords(&mut self) {
        let all = self.document.sections().iter().chain([self.document.defaults()]);
        let mut names = SecretNames::default();
        // The path of a key is no secret.
        let mut is_secret = |key: &str| names.contain(key) && key != inet_http_server::KEY.name;
        let secret = all.flat_map(|section| &section.entries).filter(|e| is_secret(&e.key));
        let spans = secret.flat_map(|entry| {
            let keys = entry.replaced.iter().chain([&entry.key_span]);
            let lines = keys.map(|key| self.rest_of_line(*key)).collect::<Vec<_>>();
            lines.into_iter().chain(entry.lines.iter().copied())
        });
        for span in spans.collect::<Vec<_>>() {
            self.sources.mask(span);
        }
        mask_sources(&mut self.sources);
    }

    /// The text after a key and its delimiter.
    fn rest_of_line(&self, key: Span) -> Span {
        let rest = self.sources.text(key.source).get(key.end..).unwrap_or_default();
        let end = rest.find('\n').unwrap_or(rest.len());
        let start = rest[..end].find(['=', ':']).map_or(end, |at| at + 1);
        let start = start + (rest[start..end].len() - rest[start..end].trim_start().len());
        Span::new(key.source, key.end + start, key.end + end)
    }

    fn no_files(&self) -> Fault {
        let text = ".ini file has [include] section, but no files setting".to_owned();
        let mut diagnostic = Diagnostic::error("missing-option", "`[include]` names no files")
            .help("add `files = PATTERN`, or remove the section");
        diagnostic.span = self.document.section(include::SECTION.word).and_then(Section::header);
        Fault::new(text, diagnostic)
    }

    fn parse(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let decoded = text::decode(bytes);
        let source = self.sources.add(name, shown);
        let text = decoded.map_err(|(text, at)| not_text(text, source, at))?;
        self.document.read(source, name, &text).map_err(|error| not_ini(error, &text))
    }
}

fn not_text(text: String, source: SourceId, at: usize) -> Fault {
    let diagnostic = Diagnostic::error("not-utf8", "the file is not UTF-8")
        .at(Span::new(source, at, at + 1))
        .label("this byte")
        .help("save the file as UTF-8");
    Fault::new(text, diagnostic)
}

fn not_ini(error: ParseError, text: &str) -> Fault {
    let span = error.spans.first().copied();
    let line = span.and_then(|span| text.get(span.start..span.end)).unwrap_or_default();
    let (message, help) = match error.kind {
        _ if line.starts_with('[') => ("this section header is not closed", "close it with `]`"),
        ParseErrorKind::NoSection => (
            "something stands before the first section",
            "begin the file with a header such as `[supervisord]`, without a byte order mark",
        ),
        ParseErrorKind::NoDelimiter => (
            "neither a header nor an option",
            "write `name = value`, begin a comment with `;`, or indent the line to continue a value",
        ),
    };
    let mut diagnostic = Diagnostic::error("no-option", message).help(help);
    diagnostic.span = span;
    Fault::new(error.text, diagnostic)
}
