//! The type of a method, and the versions that are reported to clients.

use std::fmt::Write;

use super::access::Access;
use super::answer::Answer;
use super::args::Args;
use super::context::Context;
use crate::core::state::Mood;

/// The version of Supervisor that is reported to clients.
pub const SUPERVISOR_VERSION: &str = "4.3.0";
pub const API_VERSION: &str = "3.0";

pub struct Method {
    pub name: &'static str,
    pub namespace: Namespace,
    pub params: &'static [Param],
    pub returns: &'static str,
    pub help: &'static str,
    /// What it does, and so which account may call it.
    pub access: Access,
    /// In which moods of the daemon the method is available.
    pub(super) availability: Availability,
    pub(super) run: fn(&mut Context<'_>, &Args<'_>) -> Answer,
}

pub struct Param {
    pub name: &'static str,
    pub kind: &'static str,
    pub is_optional: bool,
    /// It is not written to the audit log.
    pub is_secret: bool,
}

/// The namespace of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    Supervisor,
    System,
    Twiddler,
    /// Extensions of supkit; not listed by `system.listMethods`, whose result is the same as
    /// Supervisor's.
    Supkit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    Always,
    /// Not while shutting down or restarting.
    Running,
    /// Not while shutting down.
    NotShutdown,
}

impl Method {
    /// The name without the namespace.
    pub fn own_name(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, own)| own)
    }

    pub(super) fn is_available(&self, mood: Mood) -> bool {
        match self.availability {
            Availability::Always => true,
            Availability::Running => !matches!(mood, Mood::Restarting | Mood::Shutdown),
            Availability::NotShutdown => mood != Mood::Shutdown,
        }
    }

    /// The help text in the format that clients of Supervisor parse.
    pub fn documentation(&self) -> String {
        let mut text = format!("{}\n\n", self.help);
        for Param { name, kind, is_optional, .. } in self.params {
            let note = if *is_optional { "optional" } else { "" };
            let _ = writeln!(text, "{}", format!("@param {kind} {name} {note}").trim_end());
        }
        let _ = writeln!(text, "@return {} result", self.returns);
        text
    }
}
