//! What is odd about a project as a deployment: parts that nothing builds, ports that two want,
//! clients without a server, orders that cannot work, passwords that everybody may read. Knows
//! what recipes say; connects to nothing.

mod address;
mod secrets;
mod unbuilt;

use crate::buildout::Project;
use crate::diag::{Diagnostic, Span};

use super::catalogue::Catalogue;
use super::deployment::Program;
use super::derive::{Derived, is_left_out};
use super::input::{Input, Part};
use super::order;
use super::recipe::{Recipe, Text};
use address::Address;
pub use secrets::OPEN_PASSWORD;

/// Everything that deserves a word, in the order of the checks.
pub fn inspect(
    project: &Project,
    input: &Input,
    catalogue: &Catalogue,
    derived: &Derived,
    everybody_reads: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let parts: Vec<Known<'_>> = input
        .parts
        .iter()
        .chain(&input.supervisors)
        .filter(|part| !is_left_out(part))
        .map(|part| Known { part, recipe: recipe_of(catalogue, part) })
        .collect();
    let scene = Scene { input, derived, services: services(input, &parts), parts };
    let mut faults = unbuilt::parts(project, input);
    faults.extend(unbuilt::programs(project, input, derived));
    faults.extend(scene.shared_ports());
    faults.extend(scene.unserved());
    faults.extend(scene.wrong_order());
    faults.extend(secrets::open(project, &scene.parts, everybody_reads));
    faults
}

fn recipe_of<'a>(catalogue: &'a Catalogue, part: &Part) -> Option<&'a Recipe> {
    catalogue.find(part.recipe(), &part.name, &|option| part.get(option).map(str::to_owned))
}

struct Known<'a> {
    part: &'a Part,
    recipe: Option<&'a Recipe>,
}

/// A part that listens somewhere.
struct Service<'a> {
    part: &'a Part,
    address: Address,
    span: Option<Span>,
}

struct Scene<'a> {
    input: &'a Input,
    derived: &'a Derived,
    parts: Vec<Known<'a>>,
    services: Vec<Service<'a>>,
}

/// A phrase of a recipe for a part, and the option that speaks for it.
fn told(input: &Input, part: &Part, text: &Text) -> (String, Option<Span>) {
    let filled = text.0.fill(&|name| input.find(part, name)).unwrap_or_default();
    let named = text.0.names().into_iter().find(|name| part.given(name).is_some());
    (filled, named.and_then(|name| part.span_of(name)).or(part.span))
}

fn services<'a>(input: &Input, parts: &[Known<'a>]) -> Vec<Service<'a>> {
    let addresses = parts.iter().flat_map(|known| {
        let serves = known.recipe.and_then(|recipe| recipe.serves.as_ref());
        let told = serves.map(|text| told(input, known.part, text));
        let (text, span) = told.unwrap_or_default();
        let addresses: Vec<Address> = text.split_whitespace().filter_map(Address::parse).collect();
        addresses.into_iter().map(move |address| Service { part: known.part, address, span })
    });
    addresses.collect()
}

fn at(fault: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => fault.at(span),
        None => fault,
    }
}

impl Scene<'_> {
    fn shared_ports(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for (place, service) in self.services.iter().enumerate() {
            let earlier = self.services[..place].iter();
            let mut rivals = earlier.filter(|other| other.address.meets(&service.address));
            if let Some(other) = rivals.next() {
                let message = format!(
                    "parts `{}` and `{}` both listen on {}",
                    other.part.name, service.part.name, service.address
                );
                let help = "give one of them another port";
                faults.push(at(Diagnostic::error("same-port", message).help(help), service.span));
            }
        }
        faults
    }

    /// What a part looks for on this machine, and who serves it.
    fn needs(&self) -> impl Iterator<Item = (&Part, Address, Option<&Service<'_>>, Option<Span>)> {
        self.parts.iter().flat_map(move |known| {
            let needs = known.recipe.and_then(|recipe| recipe.needs.as_ref());
            let (text, span) =
                needs.map(|text| told(self.input, known.part, text)).unwrap_or_default();
            let addresses: Vec<Address> =
                text.split_whitespace().filter_map(Address::parse).collect();
            addresses.into_iter().filter(Address::is_local).map(move |address| {
                let others = self.services.iter().filter(|it| it.part.name != known.part.name);
                let server = others.into_iter().find(|it| it.address.meets(&address));
                (known.part, address, server, span)
            })
        })
    }

    /// A part of which is not known where it listens speaks of the port, or a command does.
    fn may_be_served(&self, client: &Part, address: &Address) -> bool {
        let Address::Port { port, .. } = address else { return false };
        let port = port.to_string();
        let speaks =
            |text: &str| text.split(|c: char| !c.is_ascii_digit()).any(|word| word == port);
        let unknown = self.parts.iter().filter(|known| {
            let told = known
                .recipe
                .is_some_and(|recipe| recipe.serves.is_some() || recipe.needs.is_some());
            !told && known.part.name != client.name
        });
        let mut texts = unknown.flat_map(|known| known.part.options.values());
        let programs = &self.derived.deployment.programs;
        texts.any(|value| speaks(&value.text))
            || programs.iter().any(|program| program.get("command").is_some_and(speaks))
    }

    fn unserved(&self) -> Vec<Diagnostic> {
        self.needs()
            .filter(|(part, address, server, _)| {
                server.is_none() && !self.may_be_served(part, address)
            })
            .map(|(part, address, _, span)| {
                let message =
                    format!("part `{}` connects to {address}, where no part listens", part.name);
                let help = "correct the address, or add the part that serves it";
                at(Diagnostic::warning("unserved", message).help(help), span)
            })
            .collect()
    }

    /// The program that runs what a part makes.
    fn program(&self, part: &Part) -> Option<&Program> {
        let script = part.given("control-script").unwrap_or(&part.name);
        let runs = |program: &&Program| {
            let command = program.get("command").unwrap_or_default();
            let name = command.split_whitespace().next().unwrap_or_default();
            let inside = format!("/parts/{}/", part.name);
            name.rsplit('/').next() == Some(script) || name.contains(&inside)
        };
        let programs = &self.derived.deployment.programs;
        let own = programs.iter().find(|program| program.part == part.name && !self.derived.told);
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
                    "`{}` (priority {}) starts before `{}` ({}), which it needs",
                    client.name,
                    order::priority(client),
                    server.name,
                    order::priority(server)
                );
                let help = format!("give `{}` a higher priority", client.name);
                at(Diagnostic::warning("wrong-order", message).help(help), client.span)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
