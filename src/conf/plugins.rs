//! `[rpcinterface:x]`: the Python factories of Supervisor that are built in. All others are
//! rejected with the message of a Python that lacks them.

use super::config::{RpcFactory, RpcInterface};
use super::kinds::Text;
use super::option_reader::{OptionReader, Read, Scope};
use super::python::names::Names;
use super::sections::{Opt, Section, rpcinterface as r};
use super::third_party::package_of;

/// The built-in factories.
const INTERFACES: &[(&str, RpcFactory)] = &[
    ("supervisor.rpcinterface:make_main_rpcinterface", RpcFactory::Main),
    (
        "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface",
        RpcFactory::Twiddler { whitelist: Vec::new() },
    ),
];

pub(super) fn rpc_interfaces(reader: &mut OptionReader<'_>) -> Vec<RpcInterface> {
    let known: Vec<_> = INTERFACES.iter().map(|row| row.0).collect();
    let found = factories(reader, &r::SECTION, &r::FACTORY, &known);
    let interfaces = found.into_iter().map(|(section, at)| {
        let factory = match &INTERFACES[at].1 {
            RpcFactory::Main => RpcFactory::Main,
            RpcFactory::Twiddler { .. } => {
                let names = Names::default();
                let scope = Scope { section: &section, names: &names, program: false };
                // the errors were reported already
                let whitelist = reader.get(scope, &r::WHITELIST).unwrap_or_default();
                RpcFactory::Twiddler { whitelist }
            }
        };
        let namespace = r::SECTION.own_name(&section).unwrap_or_default().to_owned();
        RpcInterface { namespace, factory }
    });
    interfaces.collect()
}

/// Rejects options that an interface does not have; those of `[DEFAULT]` count. Supervisor passes
/// them to the factory when it opens the servers.
pub(super) fn reject_unknown_options(reader: &mut OptionReader<'_>, interfaces: &[RpcInterface]) {
    for RpcInterface { namespace, factory } in interfaces {
        let section = format!("{}:{namespace}", r::SECTION.word);
        let known: &[&str] = match factory {
            RpcFactory::Main => &[r::FACTORY.name],
            RpcFactory::Twiddler { .. } => &[r::FACTORY.name, r::WHITELIST.name],
        };
        let Some(document) = reader.section(&section) else { continue };
        let mut keys = reader.loaded.document.entries(document).map(|entry| entry.key.as_str());
        if let Some(key) = keys.find(|key| !known.contains(key)) {
            let names = Names::default();
            let scope = Scope { section: &section, names: &names, program: false };
            let message = format!("Could not make {namespace} rpc interface");
            let is_default = reader.loaded.document.defaults().entry(key).is_some();
            let from = if is_default { " from `[DEFAULT]`" } else { "" };
            let help = format!("remove `{key}`{from}: `[{section}]` has no such option");
            reader.refuse(scope, key, message, &help);
        }
    }
}

/// The factories of all sections of a kind, as indexes into the known ones, each with its section
/// name.
pub(super) fn factories(
    reader: &mut OptionReader<'_>,
    kind: &Section,
    option: &Opt<Text>,
    known: &[&str],
) -> Vec<(String, usize)> {
    let names = Names::default();
    let sections = reader.loaded.document.sections().iter().filter(|s| kind.is(&s.name));
    let mut found = Vec::new();
    for section in sections {
        let scope = Scope { section: &section.name, names: &names, program: false };
        let at = factory(reader, scope, option, known);
        found.extend(at.into_iter().map(|at| (section.name.clone(), at)));
        // Supervisor expands all other options as well, so their errors are reported even though
        // the options are not used.
        reader.expand_extras(scope, option.name);
    }
    found
}

fn factory(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    option: &Opt<Text>,
    known: &[&str],
) -> Read<usize> {
    let section = scope.section;
    let Some(spec) = reader.text(scope, option)? else {
        let message = format!("section [{section}] does not specify a {}", option.name);
        let help = format!("add `{} = {}`", option.name, known.first().unwrap_or(&""));
        return Err(reader.refuse(scope, "", message, &help));
    };
    known.iter().position(|known| same(known, &spec)).ok_or_else(|| {
        let message = format!("{spec} cannot be resolved within [{section}]");
        let known = known.join(", ");
        let help = match package_of(&spec) {
            Some(package) => format!(
                "supkit does not have the plug-in {package} and loads no Python: remove the section; \
                 built in: {known}"
            ),
            None => format!("supkit loads no Python; it has built in: {known}"),
        };
        reader.refuse(scope, option.name, message, &help)
    })
}

/// Whether a text names a Python object; blanks around the colon are ignored.
pub(super) fn same(known: &str, spec: &str) -> bool {
    known.split(':').eq(spec.split(':').map(str::trim))
}
