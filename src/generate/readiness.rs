//! When a program is ready, and what waits for that: a probe of the address that it listens on, and
//! `depends_on` where a program connects to one that is ready later. A part that sets one of these
//! options itself is not changed.

use std::net::IpAddr;

use super::address::Address;
use super::catalogue::Catalogue;
use super::deployment::{Origin, Program, Section};
use super::input::{Input, Part};
use super::options::{in_order, is_spelt};
use super::order::sort_settings;
use super::part_options::{COMMAND, PROGRAM_PREFIX};
use super::paths::Place;
use super::recipe::{Recipe, Text};
use crate::conf::sections::{group, program as p};
use crate::diag::Diagnostic;

/// The options that define a probe.
const PROBES: [&str; 6] = [
    p::READY_TCP.name,
    p::READY_UNIX.name,
    p::READY_HTTP.name,
    p::READY_EXEC.name,
    p::READY_LOG.name,
    p::READY_NOTIFY.name,
];

/// The options of readiness begin with it; presets of recipes for them need a probe.
const PREFIX: &str = "ready_";

/// Whether a preset is used only with a probe.
pub(super) fn is_of_probe(option: &str) -> bool {
    option.starts_with(PREFIX)
}

/// A probe, or why there is none.
#[derive(Debug, PartialEq, Eq)]
enum Probe {
    Option(&'static str, String),
    /// The name of a host without an address.
    UnknownHost(String),
}

/// Adds probes and dependencies; returns warnings.
pub(super) fn add(
    input: &Input,
    catalogue: &Catalogue,
    programs: &mut [Program],
    groups: &[Section],
    place: &Place,
) -> Vec<Diagnostic> {
    if !input.has_readiness {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for program in programs.iter_mut() {
        let Some((part, recipe)) = described(input, catalogue, program) else { continue };
        warnings.extend(add_probe(input, catalogue, program, part, recipe, place));
    }
    let usable = usable(programs);
    let wanted: Vec<Servers> =
        programs.iter().map(|program| servers(input, catalogue, &usable, program)).collect();
    for (at, wanted) in wanted.into_iter().enumerate() {
        add_dependencies(programs, groups, at, wanted);
    }
    warnings
}

fn described<'a>(
    input: &'a Input,
    catalogue: &'a Catalogue,
    program: &Program,
) -> Option<(&'a Part, &'a Recipe)> {
    let part = input.parts.iter().find(|part| part.name == program.part)?;
    Some((part, catalogue.of(part)?))
}

/// Whether the part has an option of its program, even an empty one.
fn sets(part: &Part, option: &str) -> bool {
    let mut given = part.options.keys().filter_map(|key| key.strip_prefix(PROGRAM_PREFIX));
    given.any(|key| is_spelt(key, option))
}

fn fill(input: &Input, part: &Part, text: Option<&Text>) -> String {
    let filled = text.map(|Text(text)| text.fill(&|name| input.find(part, name)));
    filled.and_then(Result::ok).unwrap_or_default()
}

fn add_probe(
    input: &Input,
    catalogue: &Catalogue,
    program: &mut Program,
    part: &Part,
    recipe: &Recipe,
    place: &Place,
) -> Option<Diagnostic> {
    // A command or a file of the project's own may use other addresses.
    let is_own_file = |option: &String| part.get(option).is_some_and(|it| it.contains(['/', '.']));
    if part.given(COMMAND).is_some()
        || PROBES.iter().any(|option| sets(part, option))
        || recipe.no_ready_with.0.iter().any(is_own_file)
    {
        return None;
    }
    let described = fill(input, part, recipe.ready.as_ref());
    match probe(&described, &|host| catalogue.machine().resolve(host))? {
        Probe::UnknownHost(host) => Some(unknown_host(part, &host)),
        Probe::Option(option, value) => {
            let origin = || Origin::Recipe(recipe.title.clone());
            program.set(option, place.value(option, &value.replace('%', "%%")), origin());
            for option in in_order().filter(|option| is_of_probe(option)) {
                let preset = recipe.preset(option).filter(|_| program.get(option).is_none());
                let value = preset.and_then(|it| it.fill(&|name| input.find(part, name)).ok());
                if let Some(value) = value.filter(|value| !value.is_empty()) {
                    program.set(option, value, origin());
                }
            }
            sort_settings(program);
            None
        }
    }
}

/// The option for `tcp ADDRESS ...` or `http ADDRESS ...`, of which the first address counts.
fn probe(described: &str, resolve: &dyn Fn(&str) -> Option<IpAddr>) -> Option<Probe> {
    let (method, addresses) = described.split_once(' ')?;
    let is_http = method == "http";
    let address = Address::list(addresses).into_iter().next()?;
    let (host, port) = match address {
        Address::Socket(path) => return Some(Probe::Option(p::READY_UNIX.name, path)),
        Address::Port { host, port } => (host, port),
    };
    let first = addresses.split_whitespace().next().unwrap_or_default();
    let is_ipv6 = first.contains("::");
    let host = match host.as_str() {
        "" if is_ipv6 => "[::1]".to_owned(),
        "" => "127.0.0.1".to_owned(),
        "localhost" => host,
        name => match name.trim_matches(['[', ']']).parse().ok().or_else(|| resolve(name)) {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => format!("[{ip}]"),
            None => return Some(Probe::UnknownHost(host)),
        },
    };
    Some(if is_http {
        Probe::Option(p::READY_HTTP.name, format!("http://{host}:{port}/"))
    } else {
        Probe::Option(p::READY_TCP.name, format!("{host}:{port}"))
    })
}

fn unknown_host(part: &Part, host: &str) -> Diagnostic {
    let message = format!(
        "part `{}` listens on `{host}`, which has no address on this machine; nothing waits until \
         it is ready",
        part.name
    );
    let help = format!(
        "correct the address, or set `{PROGRAM_PREFIX}ready-tcp = IP:PORT`; \
         `{PROGRAM_PREFIX}ready-tcp =` for no probe"
    );
    Diagnostic::warning("unknown-host", message).help(help).maybe_at(part.span)
}

fn has_probe(program: &Program) -> bool {
    PROBES.iter().any(|option| program.get(option).is_some_and(|value| !value.trim().is_empty()))
}

/// The started programs with a probe that a program connects to.
#[derive(Debug, Default)]
struct Servers {
    /// All of them are needed.
    required: Vec<String>,
    /// One of them suffices: a balancer or a cache sends its requests to those that serve.
    backends: Vec<String>,
}

/// The programs that others can wait for, with the addresses on which they listen.
fn usable(programs: &[Program]) -> Vec<(&Program, Vec<Address>)> {
    let is_started = |server: &Program| {
        let autostart = server.get(p::AUTOSTART.name).unwrap_or("true").to_lowercase();
        ["true", "yes", "on", "1"].contains(&autostart.trim())
    };
    let usable = programs.iter().filter(|server| is_started(server) && has_probe(server));
    usable.map(|it| (it, Address::list(it.serves.as_deref().unwrap_or_default()))).collect()
}

fn servers(
    input: &Input,
    catalogue: &Catalogue,
    usable: &[(&Program, Vec<Address>)],
    program: &Program,
) -> Servers {
    let Some((part, recipe)) = described(input, catalogue, program) else {
        return Servers::default();
    };
    if sets(part, p::DEPENDS_ON.name) {
        return Servers::default();
    }
    let reached = |addresses: &str| -> Vec<String> {
        let wanted = Address::list(addresses);
        let others = usable.iter().filter(|(server, _)| server.name != program.name);
        let reached = others.filter(|(_, served)| is_one_of(served, &wanted));
        reached.map(|(server, _)| server.name.clone()).collect()
    };
    let required = reached(program.needs.as_deref().unwrap_or_default());
    let mut backends = reached(&fill(input, part, recipe.backends.as_ref()));
    backends.retain(|name| !required.contains(name));
    Servers { required, backends }
}

/// A name or an address that is not certainly of this machine has to be the same on both sides.
fn is_one_of(served: &[Address], wanted: &[Address]) -> bool {
    wanted
        .iter()
        .any(|to| served.iter().any(|own| if to.is_local() { own.overlaps(to) } else { own == to }))
}

/// Adds those dependencies that close no circle.
fn add_dependencies(programs: &mut [Program], groups: &[Section], at: usize, servers: Servers) {
    let name = programs[at].name.clone();
    let safe = |servers: Vec<String>| -> Vec<String> {
        let safe = servers.into_iter().filter(|it| !depends(programs, groups, it, &name));
        safe.map(|server| format!("{server}:ready")).collect()
    };
    let Servers { required, backends } = servers;
    let (mut entries, backends) = (safe(required), safe(backends));
    match backends.as_slice() {
        [] | [_] => entries.extend(backends),
        several => entries.push(format!("any({})", several.join(", "))),
    }
    if !entries.is_empty() {
        programs[at].set(p::DEPENDS_ON.name, entries.join(", "), Origin::Supkit);
        sort_settings(&mut programs[at]);
    }
}

/// Whether `from` depends on `to`, directly or through others.
fn depends(programs: &[Program], groups: &[Section], from: &str, to: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let found = programs.iter().find(|program| program.name == name);
        let own = found.and_then(|it| it.get(p::DEPENDS_ON.name));
        let of_group = groups.iter().filter(|it| members_of(it).any(|member| member == name));
        let of_group = of_group.filter_map(|it| it.get(group::DEPENDS_ON.name));
        for name in own.into_iter().chain(of_group).flat_map(names_in) {
            let found = programs.iter().find(|it| it.name == name);
            open.extend(found.map(|it| it.name.as_str()));
            open.extend(members(groups, name));
        }
    }
    false
}

/// The names in a value of `depends_on`: of programs, groups and conditions.
fn names_in(depends_on: &str) -> impl Iterator<Item = &str> {
    let is_name = |name: &&str| !name.is_empty();
    depends_on
        .split(|letter: char| letter.is_whitespace() || ",:()".contains(letter))
        .filter(is_name)
}

fn members<'g>(groups: &'g [Section], name: &str) -> impl Iterator<Item = &'g str> {
    let header = format!("{}:{name}", group::SECTION.word);
    groups.iter().filter(move |section| section.name == header).flat_map(members_of)
}

fn members_of(section: &Section) -> impl Iterator<Item = &str> {
    let names = section.get(group::PROGRAMS.name).unwrap_or_default();
    names.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(described: &str) -> String {
        let resolve = |host: &str| match host {
            "plone.example.org" => Some([10, 0, 0, 7].into()),
            "six.example.org" => Some("fe80::7".parse().unwrap()),
            _ => None,
        };
        match probe(described, &resolve) {
            None => "none".to_owned(),
            Some(Probe::UnknownHost(host)) => format!("unknown {host}"),
            Some(Probe::Option(option, value)) => format!("{option} = {value}"),
        }
    }

    #[test]
    fn an_address_becomes_a_probe() {
        assert_eq!(shown("tcp 8100"), "ready_tcp = 127.0.0.1:8100");
        assert_eq!(shown("tcp 0.0.0.0:8100"), "ready_tcp = 127.0.0.1:8100");
        assert_eq!(shown("tcp [::]:8100"), "ready_tcp = [::1]:8100");
        assert_eq!(shown("tcp *:8100"), "ready_tcp = 127.0.0.1:8100");
        assert_eq!(shown("tcp [::1]:8100"), "ready_tcp = [::1]:8100");
        assert_eq!(shown("tcp 10.0.0.1:8100 8101"), "ready_tcp = 10.0.0.1:8100");
        assert_eq!(shown("tcp /run/zeo.sock"), "ready_unix = /run/zeo.sock");
        assert_eq!(shown("tcp /srv/my site/zeo.sock"), "ready_unix = /srv/my site/zeo.sock");
        assert_eq!(shown("http localhost:8080"), "ready_http = http://localhost:8080/");
        assert_eq!(shown("http plone.example.org:80"), "ready_http = http://10.0.0.7:80/");
        assert_eq!(shown("tcp six.example.org:1"), "ready_tcp = [fe80::7]:1");
        assert_eq!(shown("tcp nowhere:1"), "unknown nowhere");
        assert_eq!(shown("tcp nonsense"), "none");
        assert_eq!(shown(""), "none");
    }

    fn program(name: &str, depends_on: &str) -> Program {
        let mut program = Program {
            name: name.to_owned(),
            part: name.to_owned(),
            tier: None,
            settings: Vec::new(),
            serves: None,
            needs: None,
            span: None,
        };
        program.set(p::DEPENDS_ON.name, depends_on, Origin::Supkit);
        program
    }

    #[test]
    fn circles_are_found_through_groups() {
        let mut group = Section::new("group:all");
        group.set("programs", "b, c", Origin::Supkit);
        let programs = [
            program("a", "all:ready"),
            program("b", ""),
            program("c", "any(d:ready, b:ready)"),
            program("d", "x:e:ready"),
            program("e", ""),
        ];
        let depends = |from: &str, to: &str| depends(&programs, &[group.clone()], from, to);
        assert!(depends("a", "b") && depends("a", "e") && depends("c", "e"));
        assert!(!depends("b", "a") && !depends("e", "a"));
    }
}
