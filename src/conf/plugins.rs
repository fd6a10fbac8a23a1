//! `[rpcinterface:x]`: which of Supervisor's Python factories are built in. All others are
//! refused in the words of a Python that lacks them.

use super::config::RpcInterface;
use super::kinds::Text;
use super::python::percent::Names;
use super::reader::{Noted, Read, Reader, Scope};
use super::sections::{Opt, Section, rpcinterface as r};

/// The factories that need no Python.
const INTERFACES: &[(&str, RpcInterface)] = &[
    ("supervisor.rpcinterface:make_main_rpcinterface", RpcInterface::Main),
    ("supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface", RpcInterface::Twiddler),
];

pub(super) fn rpc_interfaces(reader: &mut Reader<'_>) -> Vec<RpcInterface> {
    let specs = specs(reader, &r::SECTION, &r::FACTORY);
    let names: Vec<_> = INTERFACES.iter().map(|row| row.0).collect();
    let known: Vec<Read<RpcInterface>> = specs
        .into_iter()
        .map(|found| {
            let (section, spec) = found?;
            let known = INTERFACES.iter().find(|row| same(row.0, &spec)).map(|row| row.1);
            known.ok_or_else(|| unresolved(reader, &section, &r::FACTORY, &spec, &names))
        })
        .collect();
    known.into_iter().flatten().collect()
}

/// The factory of every section of a kind. Supervisor expands the other options as well, so what
/// they cannot expand is a fault, though nobody reads them here.
pub(super) fn specs(
    reader: &mut Reader<'_>,
    kind: &Section,
    factory: &Opt<Text>,
) -> Vec<Read<(String, String)>> {
    let names = Names::default();
    let sections = reader.loaded.document.sections().iter().filter(|s| kind.is(&s.name));
    let mut specs = Vec::new();
    for section in sections {
        let scope = Scope { section: &section.name, names: &names, program: false };
        specs.push(spec(reader, scope, factory).map(|spec| (section.name.clone(), spec)));
    }
    specs
}

/// Whether a text names a Python object: blanks around the colon do not count.
pub(super) fn same(known: &str, spec: &str) -> bool {
    known.split(':').eq(spec.split(':').map(str::trim))
}

fn spec(reader: &mut Reader<'_>, scope: Scope<'_>, factory: &Opt<Text>) -> Read<String> {
    let spec = reader.text(scope, factory)?;
    let said = format!("section [{}] does not specify a {}", scope.section, factory.name);
    let help = format!("add `{} = MODULE:FACTORY`", factory.name);
    let spec = spec.ok_or_else(|| reader.refuse(scope, "", said, &help));
    reader.expand_extras(scope, factory.name);
    spec
}

pub(super) fn unresolved(
    reader: &mut Reader<'_>,
    section: &str,
    factory: &Opt<Text>,
    spec: &str,
    known: &[&str],
) -> Noted {
    let names = Names::default();
    let scope = Scope { section, names: &names, program: false };
    let said = format!("{spec} cannot be resolved within [{section}]");
    let help = format!("supkit loads no Python; it has built in: {}", known.join(", "));
    reader.refuse(scope, factory.name, said, &help)
}
