//! How programs are taken out of service for a rolling restart: `drain_varnish` and `drain_haproxy` for each
//! program that is a backend of a proxy of the project. A part that sets one of the options itself is not
//! changed.

use super::address::Address;
use super::deployment::{Origin, Program};
use super::input::{Control, Input, Part};
use super::options::is_spelt;
use super::order::sort_settings;
use super::part_options::PROGRAM_PREFIX;
use super::paths::Place;
use crate::conf::sections::program as p;
use crate::diag::Diagnostic;

const OPTIONS: [&str; 4] =
    [p::DRAIN_VARNISH.name, p::DRAIN_HAPROXY.name, p::DRAIN_EXEC.name, p::ENABLE_EXEC.name];

/// Adds the options; returns warnings.
pub(super) fn add(input: &Input, programs: &mut [Program], place: &Place) -> Vec<Diagnostic> {
    if !input.has_drains {
        return Vec::new();
    }
    let is_program = |part: &Part| programs.iter().any(|program| program.part == part.name);
    let proxies: Vec<&Part> = input.parts.iter().filter(|part| is_program(part)).collect();
    let mut warnings = Vec::new();
    for program in programs.iter_mut() {
        let Some(part) = input.parts.iter().find(|part| part.name == program.part) else {
            continue;
        };
        if OPTIONS.iter().any(|option| sets(part, option)) {
            continue;
        }
        for option in [p::DRAIN_VARNISH.name, p::DRAIN_HAPROXY.name] {
            let values = values(option, program, &proxies);
            match values.as_slice() {
                [] => {}
                [value] => {
                    let value = place.shorten(&value.replace('%', "%%"));
                    program.set(option, value, Origin::Supkit);
                    sort_settings(program);
                }
                several => warnings.push(ambiguous(part, option, several)),
            }
        }
    }
    warnings
}

fn sets(part: &Part, option: &str) -> bool {
    let mut given = part.options.keys().filter_map(|key| key.strip_prefix(PROGRAM_PREFIX));
    given.any(|key| is_spelt(key, option))
}

/// The values of an option that describe this program as a backend.
fn values(option: &str, program: &Program, proxies: &[&Part]) -> Vec<String> {
    let own = Address::list(program.serves.as_deref().unwrap_or_default());
    let is_own = |address: &str| {
        let to = Address::parse(address);
        to.is_some_and(|to| {
            own.iter().any(|own| if to.is_local() { own.overlaps(&to) } else { *own == to })
        })
    };
    let mut values = Vec::new();
    for proxy in proxies.iter().filter(|proxy| proxy.name != program.part) {
        let Some(proxy) = &proxy.proxy else { continue };
        let place = match (&proxy.control, option == p::DRAIN_VARNISH.name) {
            (Control::Varnish { directory: Some(directory) }, true) => format!("{directory} "),
            (Control::Varnish { directory: None }, true) => String::new(),
            (Control::Haproxy { socket }, false) => format!("{socket} "),
            _ => continue,
        };
        for server in proxy.servers.iter().filter(|server| is_own(&server.address)) {
            values.push(format!("{place}{}", server.name));
        }
    }
    values.dedup();
    values
}

fn ambiguous(part: &Part, option: &str, values: &[String]) -> Diagnostic {
    let message = format!(
        "part `{}` is a backend several times ({}), and `{option}` can name one; it is not drained",
        part.name,
        values.join("; ")
    );
    let help = format!(
        "set `{PROGRAM_PREFIX}drain-exec` and `{PROGRAM_PREFIX}enable-exec` to commands that name all of \
         them, or `{PROGRAM_PREFIX}{} =` for none",
        option.replace('_', "-")
    );
    Diagnostic::warning("several-backends", message).help(help).maybe_at(part.span)
}
