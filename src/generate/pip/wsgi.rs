//! The facts in a WSGI configuration (`zope.ini`, `wsgi.ini`) in the format of `PasteDeploy`: the Zope
//! configuration that the application uses, and where the server listens.

use super::project_files::{Reader, unreadable};
use super::zope_conf::Fact;
use crate::buildout::paths::{dirname, join, normalize};
use crate::diag::Diagnostic;
use crate::ini::python::{Document, Entry, Section};

/// The option of an application by which a WSGI configuration of Zope is recognised.
const ZOPE_CONF: &str = "zope_conf";
const SERVER: &str = "server:main";
/// How often a value may refer to another one.
const MOST_REFERENCES: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wsgi {
    /// The absolute path of the Zope configuration.
    pub(super) zope_conf: Fact,
    /// The addresses of `[server:main]`, separated by blanks.
    pub(super) listens: Option<Fact>,
}

/// Whether a text is a WSGI configuration of Zope. It need not be well-formed.
pub(super) fn is_wsgi(text: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.strip_prefix(ZOPE_CONF).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(['=', ':']))
    })
}

pub(super) fn read(reader: &Reader<'_>, path: &str) -> Result<Wsgi, Box<Diagnostic>> {
    let shown = reader.shown(path);
    let (source, text) = reader.read(path).map_err(|fault| Box::new(unreadable(&shown, &fault)))?;
    let mut document = Document::default();
    document.read(source, &shown, &text).map_err(|fault| {
        let line = fault.text.lines().next().unwrap_or_default().to_owned();
        Box::new(Diagnostic::error("ini", line).maybe_at(fault.spans.first().copied()))
    })?;
    let ini = Ini { document: &document, path };
    let Some(zope_conf) = ini.zope_conf() else {
        let message = format!("no application in `{shown}` has the option `{ZOPE_CONF}`");
        return Err(Box::new(Diagnostic::error("ini", message)));
    };
    Ok(Wsgi { zope_conf, listens: ini.listens() })
}

struct Ini<'a> {
    document: &'a Document,
    path: &'a str,
}

impl Ini<'_> {
    fn zope_conf(&self) -> Option<Fact> {
        let is_app = |name: &str| ["app:", "application:"].iter().any(|it| name.starts_with(it));
        let apps = self.document.sections().iter().filter(|section| is_app(&section.name));
        let mut entries = apps.filter_map(|app| Some((app, self.entry(app, ZOPE_CONF)?)));
        let (app, entry) = entries.next()?;
        let Fact { text, span } = self.fact(app, entry);
        Some(Fact { text: normalize(&join(dirname(self.path), &text)), span })
    }

    /// In the words of waitress and gunicorn, which read these options in this order.
    fn listens(&self) -> Option<Fact> {
        let server = self.document.section(SERVER)?;
        let value = |key: &str| self.entry(server, key).map(|entry| self.fact(server, entry));
        for option in ["listen", "fast-listen", "bind", "unix_socket"] {
            if let Some(Fact { text, span }) = value(option) {
                let words = text.split([',', ' ', '\n']).filter(|word| !word.is_empty());
                let words = words.map(|word| word.trim_start_matches("unix:"));
                return Some(Fact { text: words.collect::<Vec<_>>().join(" "), span });
            }
        }
        let is_waitress = value("use").is_some_and(|kind| kind.text.contains("waitress"));
        let (host, port) = (value("host"), value("port"));
        let span = port.as_ref().or(host.as_ref()).map(|fact| fact.span);
        let port = port.map(|port| port.text).or_else(|| is_waitress.then(|| "8080".to_owned()))?;
        let host = host.map_or_else(|| "0.0.0.0".to_owned(), |host| host.text);
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
        Some(Fact { text: format!("{host}:{port}"), span: span.or_else(|| server.header())? })
    }

    fn entry<'d>(&'d self, section: &'d Section, key: &str) -> Option<&'d Entry> {
        let own = section.entry(key).or_else(|| self.document.defaults().entry(key));
        own.filter(|entry| !entry.value.trim().is_empty())
    }

    fn fact(&self, section: &Section, entry: &Entry) -> Fact {
        let text = self.expand(section, &entry.value, MOST_REFERENCES);
        Fact { text: text.trim().to_owned(), span: entry.value_span() }
    }

    /// Replaces `%(here)s` and references to options of the section or of `[DEFAULT]`.
    fn expand(&self, section: &Section, text: &str, most: usize) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("%(").filter(|_| most > 0) {
            let Some((name, after)) = after.split_once(")s") else { break };
            out.push_str(before);
            let value = match name {
                "here" => Some(dirname(self.path).to_owned()),
                "__file__" => Some(self.path.to_owned()),
                _ => {
                    let entry = self.entry(section, &name.to_lowercase());
                    entry.map(|entry| self.expand(section, &entry.value, most - 1))
                }
            };
            out.push_str(&value.unwrap_or_else(|| format!("%({name})s")));
            rest = after;
        }
        (out + rest).replace("%%", "%")
    }
}
