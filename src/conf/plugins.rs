//! `[rpcinterface:x]`: the Python factories of Supervisor that are built in. All others are
//! rejected with the message of a Python that lacks them.

use super::config::RpcInterface;
use super::kinds::Text;
use super::option_reader::{OptionReader, Read, Scope};
use super::python::names::Names;
use super::sections::{Opt, Section, rpcinterface as r};

/// The built-in factories.
const INTERFACES: &[(&str, RpcInterface)] = &[
    ("supervisor.rpcinterface:make_main_rpcinterface", RpcInterface::Main),
    (
        "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface",
        RpcInterface::Twiddler { whitelist: Vec::new() },
    ),
];

pub(super) fn rpc_interfaces(reader: &mut OptionReader<'_>) -> Vec<RpcInterface> {
    let known: Vec<_> = INTERFACES.iter().map(|row| row.0).collect();
    let found = factories(reader, &r::SECTION, &r::FACTORY, &known);
    let interfaces = found.into_iter().map(|(section, at)| match &INTERFACES[at].1 {
        RpcInterface::Main => RpcInterface::Main,
        RpcInterface::Twiddler { .. } => {
            let names = Names::default();
            let scope = Scope { section: &section, names: &names, program: false };
            // the errors were reported already
            let whitelist = reader.get(scope, &r::WHITELIST).unwrap_or_default();
            RpcInterface::Twiddler { whitelist }
        }
    });
    interfaces.collect()
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
        let help = format!("supkit loads no Python; it has built in: {}", known.join(", "));
        reader.refuse(scope, option.name, message, &help)
    })
}

/// Whether a text names a Python object; blanks around the colon are ignored.
pub(super) fn same(known: &str, spec: &str) -> bool {
    known.split(':').eq(spec.split(':').map(str::trim))
}
