//! Problems of a project as a deployment: parts that are not installed, ports that two parts use,
//! clients without a server, wrong start orders, readable passwords. Uses the recipes only; connects
//! to nothing.

mod known_parts;
mod secrets;
mod unbuilt;

use crate::buildout::Project;
use crate::conf::sections::program::{AUTOSTART, COMMAND};
use crate::diag::{Diagnostic, Span};

use super::address::Address;
use super::catalogue::Catalogue;
use super::deployment::Program;
use super::derive::Derived;
use super::input::{Input, Part};
use super::order;
use super::part_options::CONTROL_SCRIPT;
use super::recipe::Tier;
use known_parts::{KnownPart, Service, addresses, known_parts, services};
pub use secrets::OPEN_PASSWORD;

/// All problems, in the order of the checks. `project` is the buildout, if it is one.
pub fn inspect(
    project: Option<&Project>,
    input: &Input,
    catalogue: &Catalogue,
    derived: &Derived,
    is_world_readable: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let parts = known_parts(input, catalogue);
    let is_buildout = project.is_some();
    let services = services(input, &parts);
    let inspection = Inspection { input, is_buildout, derived, parts, services };
    let mut problems = Vec::new();
    if let Some(project) = project {
        problems.extend(unbuilt::parts(project, input));
        problems.extend(unbuilt::programs(project, input, derived));
    }
    problems.extend(inspection.shared_ports());
    problems.extend(inspection.shared_data());
    problems.extend(inspection.unserved());
    problems.extend(inspection.wrong_order());
    if let Some(project) = project {
        problems.extend(secrets::open(project, &inspection.parts, is_world_readable));
    }
    problems
}

struct Inspection<'a> {
    input: &'a Input,
    is_buildout: bool,
    derived: &'a Derived,
    parts: Vec<KnownPart<'a>>,
    services: Vec<Service<'a>>,
}

impl Inspection<'_> {
    fn shared_ports(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for (at, service) in self.services.iter().enumerate() {
            let earlier = self.services[..at]
                .iter()
                .filter(|it| self.starts(it.part) && self.starts(service.part));
            let mut overlapping = earlier.filter(|other| other.address.overlaps(&service.address));
            if let Some(other) = overlapping.next() {
                let message = format!(
                    "parts `{}` and `{}` both listen on {}",
                    other.part.name, service.part.name, service.address
                );
                let help = "set another port in one of them";
                let fault = Diagnostic::error("same-port", message).help(help);
                faults.push(fault.maybe_at(service.span));
            }
        }
        faults
    }

    /// Whether the program of a part starts with the daemon. A part without one may be started in
    /// another way.
    fn starts(&self, part: &Part) -> bool {
        let autostart = self.program(part).and_then(|program| program.get(AUTOSTART.name));
        autostart.is_none_or(|text| !text.trim().eq_ignore_ascii_case("false"))
    }

    /// Programs that open the same database file, which only one process can.
    fn shared_data(&self) -> Vec<Diagnostic> {
        let running = self.parts.iter().filter(|known| self.program(known.part).is_some());
        let data: Vec<(&Part, String)> =
            running.filter_map(|known| Some((known.part, known.data(self.input)?))).collect();
        let shared = data.iter().enumerate().filter_map(|(at, (part, path))| {
            let (other, _) = data[..at].iter().find(|(_, earlier)| earlier == path)?;
            Some((*other, *part, path))
        });
        shared.map(|(other, part, path)| self.same_data(other, part, path)).collect()
    }

    fn same_data(&self, other: &Part, part: &Part, path: &str) -> Diagnostic {
        let path = path.strip_prefix(&format!("{}/", self.input.directory)).unwrap_or(path);
        // The client is to be changed, not the storage.
        let tier = |part: &Part| self.program(part).and_then(|program| program.tier);
        let client = if tier(part) == Some(Tier::Storage) { other } else { part };
        let message = format!(
            "parts `{}` and `{}` both open `{path}`, which only one process can",
            other.name, part.name
        );
        let help = if self.is_buildout {
            "connect the instance to a ZEO server with `zeo-client = on`, or set another \
             `file-storage` in one of them"
        } else {
            "connect the instance to a ZEO server with `<zeoclient>`, or set another `path` in one of \
             them"
        };
        Diagnostic::error("same-data", message).help(help).maybe_at(client.span)
    }

    /// The local addresses that each part requires, with the service there, if there is one.
    fn needs(&self) -> impl Iterator<Item = (&Part, Address, Option<&Service<'_>>, Option<Span>)> {
        self.parts.iter().flat_map(move |known| {
            let needs = known.recipe.and_then(|recipe| recipe.needs.as_ref());
            let (addresses, span) = addresses(self.input, known.part, needs);
            addresses.into_iter().filter(Address::is_local).map(move |address| {
                let others = self.services.iter().filter(|it| it.part.name != known.part.name);
                let server = others.into_iter().find(|it| it.address.overlaps(&address));
                (known.part, address, server, span)
            })
        })
    }

    /// Whether an option of a part with an unknown address, or a command, contains the port.
    fn may_be_served(&self, client: &Part, address: &Address) -> bool {
        let Address::Port { port, .. } = address else { return false };
        let port = port.to_string();
        let has_port =
            |text: &str| text.split(|c: char| !c.is_ascii_digit()).any(|word| word == port);
        let unknown = self.parts.iter().filter(|known| {
            let has_address = known
                .recipe
                .is_some_and(|recipe| recipe.serves.is_some() || recipe.needs.is_some());
            !has_address && known.part.name != client.name
        });
        let mut texts = unknown.flat_map(|known| known.part.options.values());
        let programs = &self.derived.deployment.programs;
        texts.any(|value| has_port(&value.text))
            || programs.iter().any(|program| program.get(COMMAND.name).is_some_and(has_port))
    }

    fn unserved(&self) -> Vec<Diagnostic> {
        self.needs()
            .filter(|(part, address, server, _)| {
                server.is_none() && !self.may_be_served(part, address)
            })
            .map(|(part, address, _, span)| {
                let message = format!(
                    "part `{}` connects to {address}, but no part listens there",
                    part.name
                );
                let help = "correct the address, or add the part that listens there";
                Diagnostic::warning("unserved", message).help(help).maybe_at(span)
            })
            .collect()
    }

    /// The program that runs the script of a part.
    fn program(&self, part: &Part) -> Option<&Program> {
        let script = part.given(CONTROL_SCRIPT).unwrap_or(&part.name);
        let runs = |program: &&Program| {
            let command = program.get(COMMAND.name).unwrap_or_default();
            let name = command.split_whitespace().next().unwrap_or_default();
            let inside = format!("/parts/{}/", part.name);
            name.rsplit('/').next() == Some(script) || name.contains(&inside)
        };
        let programs = &self.derived.deployment.programs;
        let own =
            programs.iter().find(|program| program.part == part.name && !self.derived.is_verbatim);
        own.or_else(|| programs.iter().find(runs))
    }

    fn wrong_order(&self) -> Vec<Diagnostic> {
        let pairs = self.needs().filter_map(|(part, _, server, _)| {
            Some((self.program(part)?, self.program(server?.part)?))
        });
        pairs
            .filter(|(client, server)| {
                client.name != server.name && order::priority(client) < order::priority(server)
            })
            .map(|(client, server)| {
                let message = format!(
                    "`{}` (priority {}) starts before `{}` ({}), which it requires",
                    client.name,
                    order::priority(client),
                    server.name,
                    order::priority(server)
                );
                let help = format!("set a higher priority for `{}`", client.name);
                let warning = Diagnostic::warning("wrong-order", message).help(help);
                warning.maybe_at(client.span)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
