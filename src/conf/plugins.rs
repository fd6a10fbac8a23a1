//! `[rpcinterface:x]`: the Python factories of Supervisor that are built in. All others are
//! rejected with the message of a Python that lacks them.

use super::config::{RpcFactory, RpcInterface};
use super::kinds::{self, Factory, Kind};
use super::option_reader::{OptionReader, Read, Reported, Scope};
use super::python::names::Names;
use super::section::{Opt, Section};
use super::section_reader::SectionReader;
use super::sections::{ctlplugin, rpcinterface as r};
use super::third_party::package_of;

/// The only built-in plug-in of supervisorctl: its own actions.
const CTL_PLUGIN: &str = "supervisor.supervisorctl:DefaultControllerPlugin";

pub(super) fn rpc_interfaces(reader: &mut OptionReader<'_>) -> Vec<RpcInterface> {
    let mut found = Vec::new();
    for section in sections(reader, &r::SECTION) {
        let interface = SectionReader::new(reader, section).read::<RpcInterface>();
        let namespace = r::SECTION.own_name(section).unwrap_or_default().to_owned();
        found.extend(interface.map(|interface| RpcInterface { namespace, ..interface }));
    }
    found
}

/// The plug-ins of supervisorctl are only checked.
pub(super) fn check_ctl_plugins(reader: &mut OptionReader<'_>) {
    for section in sections(reader, &ctlplugin::SECTION) {
        let mut section = SectionReader::new(reader, section);
        let (reader, scope) = section.parts();
        // An error is reported.
        let _ = factory(reader, scope, &ctlplugin::FACTORY, &[CTL_PLUGIN], |text| {
            kinds::is_reference_to(CTL_PLUGIN, text).then_some(())
        });
    }
}

fn sections<'a>(reader: &OptionReader<'a>, kind: &Section) -> Vec<&'a str> {
    let all = reader.loaded.document.sections().iter().map(|section| section.name.as_str());
    all.filter(|name| kind.is(name)).collect()
}

pub(super) fn rpc_factory(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Factory>,
    _: &RpcInterface,
) -> Read<RpcFactory> {
    let known: Vec<_> = RpcFactory::ALL.iter().map(|factory| factory.name()).collect();
    let (reader, scope) = reader.parts();
    let host = reader.host;
    factory(reader, scope, option, &known, |text| Factory::parse(text, host).ok())
}

/// Rejects options that an interface does not have; those of `[DEFAULT]` count. Supervisor passes
/// them to the factory when it opens the servers.
pub(super) fn reject_unknown_options(reader: &mut OptionReader<'_>, interfaces: &[RpcInterface]) {
    for RpcInterface { namespace, factory, .. } in interfaces {
        let section = format!("{}:{namespace}", r::SECTION.word);
        let known: &[&str] = match factory {
            RpcFactory::Main => &[r::FACTORY.name],
            RpcFactory::Twiddler => &[r::FACTORY.name, r::WHITELIST.name],
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

/// What the factory of a section makes. It is required.
fn factory<K: Kind, T>(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    option: &Opt<K>,
    known: &[&str],
    find: impl Fn(&str) -> Option<T>,
) -> Read<T> {
    let found = factory_text(reader, scope, option, known).and_then(|text| {
        find(&text).ok_or_else(|| refuse_factory(reader, scope, option, known, &text))
    });
    // Supervisor expands all other options as well, so their errors are reported even though the
    // options are not used.
    reader.expand_extras(scope, option.name);
    found
}

fn factory_text<K: Kind>(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    option: &Opt<K>,
    known: &[&str],
) -> Read<String> {
    let text = reader.text(scope, option)?;
    text.ok_or_else(|| {
        let message = format!("section [{}] does not specify a {}", scope.section, option.name);
        let help = format!("add `{} = {}`", option.name, known.first().unwrap_or(&""));
        reader.refuse(scope, "", message, &help)
    })
}

fn refuse_factory<K>(
    reader: &mut OptionReader<'_>,
    scope: Scope<'_>,
    option: &Opt<K>,
    known: &[&str],
    text: &str,
) -> Reported {
    let message = format!("{text} cannot be resolved within [{}]", scope.section);
    let known = known.join(", ");
    let help = match package_of(text) {
        Some(package) => format!(
            "supkit does not have the plug-in {package} and loads no Python: remove the section; \
             built in: {known}"
        ),
        None => format!("supkit loads no Python; it has built in: {known}"),
    };
    reader.refuse(scope, option.name, message, &help)
}
