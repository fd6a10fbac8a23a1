//! The options that the recipe reads, with their defaults. Options with other names are ignored by
//! it without a word, so this table also finds the ones that were misspelt.

use super::section::{Extract, Source};
use crate::ini::text::words;

/// Every option, with the default in the words of a person.
pub const OPTIONS: &[(&str, &str)] = &[
    ("sections", SECTIONS),
    ("supervisord-conf", "${buildout:parts-directory}/<part>/supervisord.conf"),
    ("user", ""),
    ("password", ""),
    ("port", PORT),
    ("http-socket", SOCKET),
    ("file", ""),
    ("chmod", CHMOD),
    ("chown", ""),
    ("serverurl", "made of port or file"),
    ("childlogdir", "${buildout:directory}/var/log"),
    ("logfile", "${buildout:directory}/var/log/supervisord.log"),
    ("logfile-maxbytes", "50MB"),
    ("logfile-backups", "10"),
    ("loglevel", "info"),
    ("pidfile", "${buildout:directory}/var/supervisord.pid"),
    ("umask", "022"),
    ("nodaemon", "false"),
    ("nocleanup", "false"),
    ("supervisord-user", ""),
    ("supervisord-directory", ""),
    ("supervisord-environment", ""),
    ("env-path", ""),
    (PROGRAMS, ""),
    (LISTENERS, ""),
    (GROUPS, ""),
    (INCLUDE, ""),
    ("plugins", ""),
];

pub(super) const SECTIONS: &str = "global ctl http rpc services";
pub(super) const PORT: &str = "127.0.0.1:9001";
pub(super) const SOCKET: &str = "inet";
pub(super) const CHMOD: &str = "0700";

pub(super) const PROGRAMS: &str = "programs";
pub(super) const LISTENERS: &str = "eventlisteners";
pub(super) const GROUPS: &str = "groups";
pub(super) const INCLUDE: &str = "include";

/// The options of one part, resolved.
pub struct Options<'a>(&'a dyn Fn(&str) -> Option<&'a str>);

impl<'a> Options<'a> {
    /// `get` answers for every option that the part has, even for an empty one.
    pub fn new(get: &'a dyn Fn(&str) -> Option<&'a str>) -> Self {
        Self(get)
    }

    pub fn get(&self, option: &str) -> Option<&'a str> {
        (self.0)(option)
    }

    /// The option where it says something.
    pub(super) fn given(&self, option: &str) -> Option<&'a str> {
        self.get(option).filter(|value| !value.is_empty())
    }

    /// The option or its default, and whom to name for it.
    pub(super) fn or(&self, option: &'static str, default: &'a str) -> (&'a str, Source) {
        (self.get(option).unwrap_or(default), self.source(option))
    }

    pub(super) fn source(&self, option: &'static str) -> Source {
        self.get(option).map_or(Source::Recipe, |value| {
            Source::Option(Extract { option, start: 0, end: value.len() })
        })
    }

    /// Whether the option `sections` asks for this one.
    pub fn has_section(&self, section: &str) -> bool {
        words(self.get("sections").unwrap_or(SECTIONS)).any(|word| word == section)
    }
}

/// The option that was probably meant by one that the recipe does not read: `logfile_maxbytes`.
pub fn misspelt(option: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let known = OPTIONS.iter().map(|(name, _)| *name);
    if known.clone().any(|name| name == option) {
        return None;
    }
    known.into_iter().find(|name| plain(name) == plain(option))
}
