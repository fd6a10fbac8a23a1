//! The options of a part of collective.recipe.supervisor. They are the recipe's own; those of
//! supervisord.conf, which they set, come from [`crate::conf::sections`].

use super::section::{Extract, Source};
use crate::ini::text::words;

/// Options of the part.
pub(super) mod name {
    pub(in crate::generate::collective) const SECTIONS: &str = "sections";
    pub(in crate::generate::collective) const PROGRAMS: &str = "programs";
    pub(in crate::generate::collective) const LISTENERS: &str = "eventlisteners";
    pub(in crate::generate::collective) const GROUPS: &str = "groups";
    pub(in crate::generate::collective) const INCLUDE: &str = "include";
    pub(in crate::generate::collective) const CONF: &str = "supervisord-conf";
    pub(in crate::generate::collective) const PORT: &str = "port";
    pub(in crate::generate::collective) const HTTP_SOCKET: &str = "http-socket";
    pub(in crate::generate::collective) const FILE: &str = "file";
    pub(in crate::generate::collective) const CHMOD: &str = "chmod";
    pub(in crate::generate::collective) const CHOWN: &str = "chown";
    pub(in crate::generate::collective) const USER: &str = "user";
    pub(in crate::generate::collective) const PASSWORD: &str = "password";
    pub(in crate::generate::collective) const SERVERURL: &str = "serverurl";
    pub(in crate::generate::collective) const LOGFILE: &str = "logfile";
    pub(in crate::generate::collective) const LOGFILE_MAXBYTES: &str = "logfile-maxbytes";
    pub(in crate::generate::collective) const LOGFILE_BACKUPS: &str = "logfile-backups";
    pub(in crate::generate::collective) const LOGLEVEL: &str = "loglevel";
    pub(in crate::generate::collective) const PIDFILE: &str = "pidfile";
    pub(in crate::generate::collective) const CHILDLOGDIR: &str = "childlogdir";
    pub(in crate::generate::collective) const UMASK: &str = "umask";
    pub(in crate::generate::collective) const NODAEMON: &str = "nodaemon";
    pub(in crate::generate::collective) const NOCLEANUP: &str = "nocleanup";
    pub(in crate::generate::collective) const DAEMON_USER: &str = "supervisord-user";
    pub(in crate::generate::collective) const DAEMON_DIRECTORY: &str = "supervisord-directory";
    pub(in crate::generate::collective) const DAEMON_ENVIRONMENT: &str = "supervisord-environment";
    pub(in crate::generate::collective) const ENV_PATH: &str = "env-path";
}

/// The words of the option `sections`: which sections the recipe writes.
pub(super) mod written {
    pub(in crate::generate::collective) const GLOBAL: &str = "global";
    pub(in crate::generate::collective) const CTL: &str = "ctl";
    pub(in crate::generate::collective) const HTTP: &str = "http";
    pub(in crate::generate::collective) const RPC: &str = "rpc";
    pub(in crate::generate::collective) const SERVICES: &str = "services";
    pub(super) const DEFAULT: &str = "global ctl http rpc services";
}

// Defaults of the recipe.
pub(super) const DEFAULT_PORT: &str = "127.0.0.1:9001";
pub(super) const DEFAULT_SOCKET: &str = "inet";
pub(super) const DEFAULT_CHMOD: &str = "0700";

/// The options of one part.
pub(super) struct Options<'a>(&'a dyn Fn(&str) -> Option<&'a str>);

impl<'a> Options<'a> {
    /// `get` returns the value of every option that the part has, even if it is empty.
    pub(super) fn new(get: &'a dyn Fn(&str) -> Option<&'a str>) -> Self {
        Self(get)
    }

    pub(super) fn get(&self, option: &str) -> Option<&'a str> {
        (self.0)(option)
    }

    /// The option, unless it is empty.
    pub(super) fn given(&self, option: &str) -> Option<&'a str> {
        self.get(option).filter(|value| !value.is_empty())
    }

    /// The option or its default, and its source.
    pub(super) fn or<'d>(&self, option: &'static str, default: &'d str) -> (&'d str, Source)
    where
        'a: 'd,
    {
        (self.get(option).unwrap_or(default), self.source(option))
    }

    pub(super) fn source(&self, option: &'static str) -> Source {
        self.get(option).map_or(Source::Recipe, |value| {
            Source::Option(Extract { option, start: 0, end: value.len() })
        })
    }

    /// Whether the option `sections` contains this word.
    pub(super) fn has_section(&self, section: &str) -> bool {
        let requested = self.get(name::SECTIONS).unwrap_or(written::DEFAULT);
        words(requested).any(|word| word == section)
    }
}
