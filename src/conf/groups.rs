//! Builds groups from program sections: those of a `[group:x]`, single programs, event listener
//! pools and FastCGI programs, in Supervisor's start order.

use std::sync::Arc;

use super::config::{Environment, Group, GroupKind, Pool, Process, ResultHandler};
use super::dependencies;
use super::events::EventType;
use super::fcgi;
use super::kinds::{self, Kind as _};
use super::nearest::nearest;
use super::option_reader::{OptionReader, Read, Reported, Scope};
use super::plugins;
use super::program;
use super::python::names::Names;
use super::sections::{self, Section, eventlistener as e, fcgi_program, group as g, program as p};

/// Collects groups; the environment is that of `[supervisord]`.
pub(super) struct GroupReader<'r, 'a> {
    pub(super) reader: &'r mut OptionReader<'a>,
    pub(super) environment: &'r Environment,
    pub(super) warnings: &'r mut Vec<String>,
}

/// All valid groups in Supervisor's start order.
pub(super) fn read(mut reader: GroupReader<'_, '_>) -> Vec<Group> {
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
        let (environment, warnings) = (self.environment, &mut *self.warnings);
        program::processes(self.reader, section, &program, group, environment, warnings)
    }

    fn named_group(&mut self, section: &'a str, taken: &mut Vec<String>) -> Read<Group> {
        let names = super::supervisord::here(self.reader);
        let scope = Scope { section, names: &names, program: false };
        let name = self.name(scope, &g::SECTION);
        let programs = self.reader.exactly(scope, &g::PROGRAMS);
        let priority = self.reader.get(scope, &g::PRIORITY);
        let depends_on = self.reader.if_any(scope, &g::DEPENDS_ON).unwrap_or_default();
        let (name, programs) = (name?, programs?);
        let mut processes = Ok(Vec::new());
        let mut blamed = section.to_owned();
        for program in programs {
            let found = self.member(scope, &blamed, &program);
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
        dependencies::add_to_all(&mut processes, &depends_on);
        Ok(Group {
            name,
            priority: priority?,
            kind: GroupKind::Programs,
            processes: shared(processes),
        })
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
        let names = super::supervisord::here(self.reader);
        let scope = Scope { section, names: &names, program: false };
        let name = self.name(scope, &p::SECTION);
        let priority = self.reader.get(scope, &p::PRIORITY);
        let name = name?;
        let processes = self.processes(section, &name);
        Ok(Group {
            priority: priority?,
            kind: GroupKind::Programs,
            processes: shared(processes?),
            name,
        })
    }

    fn event_listener(&mut self, section: &'a str) -> Read<Group> {
        let names = super::supervisord::here(self.reader);
        let scope = Scope { section, names: &names, program: false };
        let name = e::SECTION.own_name(section).unwrap_or_default().to_owned();
        let priority = self.reader.get(scope, &e::PRIORITY);
        let buffer_size = self.buffer_size(scope);
        let result_handler = self.result_handler(scope);
        let events = self.events(scope);
        self.refuse_redirect(scope);
        let processes = self.processes(section, &name);
        let pool =
            Pool { buffer_size: buffer_size?, events: events?, result_handler: result_handler? };
        let kind = GroupKind::EventListener(pool);
        Ok(Group { name, priority: priority?, kind, processes: shared(processes?) })
    }

    fn buffer_size(&mut self, scope: Scope<'_>) -> Read<i64> {
        let size = self.reader.get(scope, &e::BUFFER_SIZE)?;
        if size < 1 {
            let message = format!("[{}] section sets invalid buffer_size ({size})", scope.section);
            return Err(self.reader.refuse(scope, e::BUFFER_SIZE.name, message, "write 1 or more"));
        }
        Ok(size)
    }

    fn result_handler(&mut self, scope: Scope<'_>) -> Read<ResultHandler> {
        let spec = self.reader.exactly(scope, &e::RESULT_HANDLER)?;
        let all = ResultHandler::ALL.iter().copied();
        let known = all.clone().find(|handler| plugins::same(handler.name(), &spec));
        let names: Vec<_> = all.map(ResultHandler::name).collect();
        let message = format!("{spec} cannot be resolved within [{}]", scope.section);
        let help = format!("supkit loads no Python; it has built in: {}", names.join(", "));
        known.ok_or_else(|| self.reader.refuse(scope, e::RESULT_HANDLER.name, message, &help))
    }

    fn events(&mut self, scope: Scope<'_>) -> Read<Vec<EventType>> {
        let names = self.reader.exactly(scope, &e::EVENTS)?;
        if names.is_empty() {
            let message = format!("[{}] section requires an \"events\" line", scope.section);
            let help = "add `events = PROCESS_STATE`, or another type";
            return Err(self.reader.refuse(scope, "", message, help));
        }
        let mut events = Vec::new();
        for name in &names {
            match EventType::from_name(name) {
                Some(event) if events.contains(&event) => {}
                Some(event) => events.push(event),
                None => return Err(self.unknown_event(scope, &name.to_uppercase())),
            }
        }
        Ok(events)
    }

    fn unknown_event(&mut self, scope: Scope<'_>, name: &str) -> Reported {
        let message = format!("Unknown event type {name} in [{}] events", scope.section);
        let help = match nearest(name, EventType::all().map(|row| row.1)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if name.is_empty() => "remove the comma that nothing follows".to_owned(),
            None => "EVENT stands for all of them".to_owned(),
        };
        self.reader.refuse(scope, e::EVENTS.name, message, &help)
    }

    fn refuse_redirect(&mut self, scope: Scope<'_>) {
        if self.reader.get(scope, &p::REDIRECT_STDERR) == Ok(true) {
            let message = format!(
                "[{}] section sets redirect_stderr=true but this is not allowed because it will \
                 interfere with the eventlistener protocol",
                scope.section
            );
            self.reader.refuse(scope, p::REDIRECT_STDERR.name, message, "remove the option");
        }
    }

    fn fcgi_program(&mut self, section: &'a str) -> Read<Group> {
        let mut names = super::supervisord::here(self.reader);
        let scope = Scope { section, names: &names, program: false };
        let name = self.name(scope, &fcgi_program::SECTION);
        let priority = self.reader.get(scope, &p::PRIORITY);
        let options = fcgi::options(self.reader, scope);
        let name = name?;
        names.text("program_name", name.as_str());
        let scope = Scope { section, names: &names, program: false };
        let socket = options.and_then(|options| fcgi::socket(self.reader, scope, &options));
        let processes = self.processes(section, &name);
        let kind = GroupKind::FastCgi(socket?);
        Ok(Group { name, priority: priority?, kind, processes: shared(processes?) })
    }
}

/// Whether a section with this header defines processes.
pub fn has_processes(header: &str) -> bool {
    [&sections::program::SECTION, &e::SECTION, &fcgi_program::SECTION]
        .iter()
        .any(|section| section.is(header))
}

fn shared(processes: Vec<Process>) -> Vec<Arc<Process>> {
    processes.into_iter().map(Arc::new).collect()
}
