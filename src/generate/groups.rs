//! `[group:x]`, where a project asks for it: by `supervisor-group` of a part, or by
//! `supervisor-groups` of the part that stands for Supervisor. Without a wish there is none, and
//! every program is called by its own name.

use crate::diag::Diagnostic;

use super::deployment::{Origin, Program, Section};
use super::frame::{Daemons, GROUPS};
use super::input::Part;
use super::order;
use super::recipe::Tier;

/// The groups that the parts wish for, in the order of their names.
pub(super) fn asked_for<'a>(
    parts: impl Iterator<Item = &'a Part>,
    daemons: Daemons<'_>,
    programs: &[Program],
) -> Result<Vec<Section>, Vec<Diagnostic>> {
    let mut wishes = Wishes { programs, groups: Vec::new(), faults: Vec::new() };
    for part in parts {
        if let Some(group) = part.given("supervisor-group") {
            let members = programs.iter().filter(|program| program.part == part.name);
            let members = members.map(|program| program.name.clone()).collect();
            wishes.add(group.trim(), members, part, "supervisor-group");
        }
    }
    if let Some((part, text)) = daemons.given(GROUPS) {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            wishes.line(line, part);
        }
    }
    wishes.groups.sort_by(|a, b| order::natural(&a.name, &b.name));
    if wishes.faults.is_empty() { Ok(wishes.groups) } else { Err(wishes.faults) }
}

struct Wishes<'a> {
    programs: &'a [Program],
    groups: Vec<Section>,
    faults: Vec<Diagnostic>,
}

impl Wishes<'_> {
    /// `NAME: PROGRAM PROGRAM`, or `NAME` alone for all clients.
    fn line(&mut self, line: &str, part: &Part) {
        let (name, members) = line.split_once(':').unwrap_or((line, ""));
        let words = members.split([' ', ',', '\t']).filter(|word| !word.is_empty());
        let mut members: Vec<String> = words.map(str::to_owned).collect();
        if members.is_empty() {
            let clients = self.programs.iter().filter(|program| program.tier == Some(Tier::Client));
            members = clients.map(|program| program.name.clone()).collect();
        }
        self.add(name.trim(), members, part, GROUPS);
    }

    fn add(&mut self, name: &str, members: Vec<String>, part: &Part, option: &str) {
        let origin = Origin::Project(part.span_of(option));
        let header = format!("group:{name}");
        for member in &members {
            if !self.programs.iter().any(|program| program.name == *member) {
                self.faults.push(no_member(name, member, part, option));
            }
        }
        let mut group = match self.groups.iter().position(|group| group.name == header) {
            Some(place) => self.groups.remove(place),
            None => Section { name: header, settings: Vec::new(), span: part.span_of(option) },
        };
        let mut all: Vec<String> = group
            .get("programs")
            .map(|text| text.split(',').map(str::to_owned).collect())
            .unwrap_or_default();
        all.extend(members);
        all.sort_by(|a, b| order::natural(a, b));
        all.dedup();
        if all.is_empty() {
            return;
        }
        let first = self.programs.iter().filter(|program| all.contains(&program.name));
        let priority = first.map(order::priority).min().unwrap_or(999);
        group.set("programs", all.join(","), origin.clone());
        group.set("priority", priority.to_string(), origin);
        self.groups.push(group);
    }
}

fn no_member(group: &str, member: &str, part: &Part, option: &str) -> Diagnostic {
    let message = format!("group `{group}` wants a program `{member}`, which nobody makes");
    let fault = Diagnostic::error("no-such-program", message)
        .help("name programs that `supkit generate --dry-run` shows");
    match part.span_of(option) {
        Some(span) => fault.at(span),
        None => fault,
    }
}
