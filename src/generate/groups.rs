//! The groups that a project requests with `supervisor-group` in a part or `supervisor-groups` in
//! the part for Supervisor. Other programs keep their own names.

use crate::conf::sections::group;
use crate::diag::Diagnostic;

use super::base_sections::Daemons;
use super::deployment::{Origin, Program, Section, header};
use super::input::Part;
use super::order;
use super::part_options::{GROUP, GROUPS};
use super::recipe::Tier;

/// The requested groups in the order of their names.
pub(super) fn requested<'a>(
    parts: impl Iterator<Item = &'a Part>,
    daemons: Daemons<'_>,
    programs: &[Program],
) -> Result<Vec<Section>, Vec<Diagnostic>> {
    let mut builder = GroupBuilder { programs, groups: Vec::new(), faults: Vec::new() };
    for part in parts {
        if let Some(name) = part.given(GROUP) {
            let members = programs.iter().filter(|program| program.part == part.name);
            let members = members.map(|program| program.name.clone()).collect();
            builder.add(name.trim(), members, part, GROUP);
        }
    }
    if let Some((part, text)) = daemons.given(GROUPS) {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            builder.line(line, part);
        }
    }
    builder.groups.sort_by(|a, b| order::natural(&a.name, &b.name));
    if builder.faults.is_empty() { Ok(builder.groups) } else { Err(builder.faults) }
}

struct GroupBuilder<'a> {
    programs: &'a [Program],
    groups: Vec<Section>,
    faults: Vec<Diagnostic>,
}

impl GroupBuilder<'_> {
    /// `NAME: PROGRAM PROGRAM`, or `NAME` for all programs of tier client.
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
        let header = header(&group::SECTION, name);
        for member in &members {
            if !self.programs.iter().any(|program| program.name == *member) {
                self.faults.push(no_member(name, member, part, option));
            }
        }
        let mut section = match self.groups.iter().position(|group| group.name == header) {
            Some(at) => self.groups.remove(at),
            None => Section { name: header, settings: Vec::new(), span: part.span_of(option) },
        };
        let mut all: Vec<String> = section
            .get(group::PROGRAMS.name)
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
        section.set(group::PROGRAMS.name, all.join(","), origin.clone());
        section.set(group::PRIORITY.name, priority.to_string(), origin);
        self.groups.push(section);
    }
}

fn no_member(group: &str, member: &str, part: &Part, option: &str) -> Diagnostic {
    let message = format!("group `{group}` lists the program `{member}`, which does not exist");
    Diagnostic::error("no-such-program", message)
        .help("`supkit generate --dry-run` prints the names of the programs")
        .maybe_at(part.span_of(option))
}
