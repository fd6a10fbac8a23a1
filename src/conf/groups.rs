//! Builds groups from program sections: those of a `[group:x]`, single programs, event listener
//! pools and FastCGI programs, in Supervisor's start order.

use std::sync::Arc;

use super::config::{Group, GroupKind, Process};
use super::dependencies;
use super::fcgi;
use super::kinds::{self, Kind as _};
use super::listener;
use super::nearest::nearest;
use super::option_reader::{OptionReader, Read, Reported, Scope};
use super::program;
use super::python::names::Names;
use super::section::Section;
use super::section_reader::SectionReader;
use super::sections::{eventlistener as e, fcgi_program, group as g, program as p};

/// Collects groups.
struct GroupReader<'r, 'a> {
    reader: &'r mut OptionReader<'a>,
}

/// All valid groups in Supervisor's start order.
pub(super) fn read(reader: &mut OptionReader<'_>) -> Vec<Group> {
    let mut reader = GroupReader { reader };
    let mut taken = Vec::new();
    let mut groups: Vec<Read<Group>> = Vec::new();
    for section in reader.sections(&g::SECTION) {
        groups.push(reader.named_group(section, &mut taken));
    }
    for section in reader.sections(&p::SECTION) {
        if !taken.iter().any(|name| name == section) {
            groups.push(reader.program(section));
        }
    }
    for section in reader.sections(&e::SECTION) {
        groups.push(reader.event_listener(section));
    }
    for section in reader.sections(&fcgi_program::SECTION) {
        if !taken.iter().any(|name| name == section) {
            groups.push(reader.fcgi_program(section));
        }
    }
    let mut groups: Vec<Group> = groups.into_iter().flatten().collect();
    groups.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    dependencies::check(reader.reader, &groups);
    groups
}

impl<'a> GroupReader<'_, 'a> {
    fn sections(&self, kind: &'static Section) -> Vec<&'a str> {
        let all = self.reader.loaded.document.sections().iter().map(|s| s.name.as_str());
        all.filter(|name| kind.is(name)).collect()
    }

    /// The name after the colon, if it is a valid group name.
    fn name(&mut self, scope: Scope<'_>, kind: &Section) -> Read<String> {
        let own = kind.own_name(scope.section).unwrap_or_default();
        let name = kinds::Name::parse(own, self.reader.host);
        name.map_err(|message| self.reader.refuse(scope, "", message, kinds::Name::HINT))
    }

    fn processes(&mut self, section: &str, group: &str) -> Read<Vec<Process>> {
        let kind = Section::of(section).ok_or(Reported)?;
        let names = Names::default();
        let program = self.name(Scope { section, names: &names, program: true }, kind)?;
        program::processes(self.reader, section, &program, group)
    }

    fn named_group(&mut self, section: &'a str, taken: &mut Vec<String>) -> Read<Group> {
        let names = self.reader.here();
        let scope = Scope { section, names: &names, program: false };
        let name = self.name(scope, &g::SECTION);
        let group = SectionReader::with_here(self.reader, section).read::<Group>();
        let (name, mut group) = (name?, group?);
        let mut processes = Ok(Vec::new());
        let mut blamed = section.to_owned();
        for program in &group.programs {
            let found = self.member(scope, &blamed, program);
            if let Ok(found) = &found {
                taken.push(found.clone());
                blamed.clone_from(found);
            }
            let more = found.and_then(|found| self.processes(&found, &name));
            processes = match (processes, more) {
                (Ok(all), Ok(more)) => Ok([all, more].concat()),
                _ => Err(Reported),
            };
        }
        let mut processes = processes?;
        dependencies::add_to_all(&mut processes, &group.depends_on);
        group.name = name;
        group.processes = shared(processes);
        Ok(group)
    }

    /// The section of a program that a group names. Supervisor's message names the section that it
    /// examined last, which may be a different one.
    fn member(&mut self, scope: Scope<'_>, blamed: &str, program: &str) -> Read<String> {
        let plain = format!("{}:{program}", p::SECTION.word);
        let fcgi = format!("{}:{program}", fcgi_program::SECTION.word);
        match (self.reader.has(&plain), self.reader.has(&fcgi)) {
            (true, false) => Ok(plain),
            (false, true) => Ok(fcgi),
            (false, false) => {
                let message = format!("[{blamed}] names unknown program or fcgi-program {program}");
                let help = self.programs_help(program);
                Err(self.reader.refuse(scope, g::PROGRAMS.name, message, &help))
            }
            (true, true) => {
                let message = format!(
                    "[{blamed}] name {program} is ambiguous (exists as program and fcgi-program)"
                );
                Err(self.reader.refuse(scope, g::PROGRAMS.name, message, "rename one of the two"))
            }
        }
    }

    fn programs_help(&self, wanted: &str) -> String {
        if wanted.is_empty() {
            return "remove the comma that nothing follows".to_owned();
        }
        let sections = self.sections(&p::SECTION);
        let names = sections.iter().filter_map(|section| p::SECTION.own_name(section));
        match nearest(wanted, names) {
            Some(near) if near.trim() == wanted => {
                format!("remove the blank in `[{}:{near}]`", p::SECTION.word)
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write a section `[{}:{wanted}]`", p::SECTION.word),
        }
    }

    fn program(&mut self, section: &'a str) -> Read<Group> {
        let names = self.reader.here();
        let scope = Scope { section, names: &names, program: false };
        let name = self.name(scope, &p::SECTION);
        let priority = self.reader.get(scope, &p::PRIORITY);
        let name = name?;
        let processes = self.processes(section, &name);
        Ok(self.single(name, priority?, GroupKind::Programs, processes?))
    }

    fn event_listener(&mut self, section: &'a str) -> Read<Group> {
        let names = self.reader.here();
        let scope = Scope { section, names: &names, program: false };
        let name = e::SECTION.own_name(section).unwrap_or_default().to_owned();
        let priority = self.reader.get(scope, &e::PRIORITY);
        let pool = SectionReader::with_here(self.reader, section).read();
        listener::refuse_redirect(self.reader, scope);
        let processes = self.processes(section, &name);
        Ok(self.single(name, priority?, GroupKind::EventListener(pool?), processes?))
    }

    fn fcgi_program(&mut self, section: &'a str) -> Read<Group> {
        let names = self.reader.here();
        let scope = Scope { section, names: &names, program: false };
        let name = self.name(scope, &fcgi_program::SECTION);
        let priority = self.reader.get(scope, &p::PRIORITY);
        let socket = fcgi::socket(self.reader, scope);
        let name = name?;
        let processes = self.processes(section, &name);
        Ok(self.single(name, priority?, GroupKind::FastCgi(socket?), processes?))
    }

    /// The group of a section that is not in a `[group:x]`.
    fn single(
        &self,
        name: String,
        priority: i64,
        kind: GroupKind,
        processes: Vec<Process>,
    ) -> Group {
        let processes = shared(processes);
        Group { name, kind, processes, priority, ..Group::with_defaults(self.reader.host) }
    }
}

/// Whether a section with this header defines processes.
pub fn has_processes(header: &str) -> bool {
    [&p::SECTION, &e::SECTION, &fcgi_program::SECTION].iter().any(|section| section.is(header))
}

fn shared(processes: Vec<Process>) -> Vec<Arc<Process>> {
    processes.into_iter().map(Arc::new).collect()
}
