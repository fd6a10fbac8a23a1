//! Which parts are proxies: by the command of their program, or by their recipe.

use crate::buildout::paths::{basename, join, normalize};
use crate::buildout::{BuildoutEnv, Project};
use crate::conf::sections::program;

use super::catalogue::Catalogue;
use super::configurations;
use super::input::{Control, Input, Part, Proxy};
use super::part_options::COMMAND;
use super::recipe::Text;
use super::server_config::Addresses;

/// The option of a part that names the working directory of varnishd.
const NAME: &str = "name";

const VARNISH: &str = "varnish";
const HAPROXY: &str = "haproxy";

/// A proxy before its backends are known.
struct Found {
    word: &'static str,
    /// Its configuration file, absolute.
    path: String,
    /// The working directory of varnishd.
    directory: Option<String>,
}

/// Finds what the parts that are proxies pass requests to. Their configurations are known.
pub(super) fn find(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
    input: &mut Input,
) {
    let parts = input.parts.iter();
    let found: Vec<Option<Proxy>> =
        parts.map(|part| proxy(project, catalogue, env, input, part)).collect();
    for (part, proxy) in input.parts.iter_mut().zip(found) {
        part.proxy = proxy;
    }
}

fn proxy(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
    input: &Input,
    part: &Part,
) -> Option<Proxy> {
    let found = by_command(catalogue, input, part).or_else(|| by_recipe(catalogue, part))?;
    let Found { word, path, directory } = found;
    let Addresses { servers, admin, .. } =
        configurations::contents(project, catalogue, env, input, word, &path);
    let control = match word {
        VARNISH => Control::Varnish { directory },
        _ => Control::Haproxy { socket: admin? },
    };
    (!servers.is_empty()).then_some(Proxy { control, servers })
}

/// `varnishd -n DIRECTORY -f FILE`, `haproxy -f FILE`
fn by_command(catalogue: &Catalogue, input: &Input, part: &Part) -> Option<Found> {
    let preset = || {
        let preset = catalogue.of(part)?.preset(program::COMMAND.name)?;
        configurations::filled(input, part, &Text(preset.clone()))
    };
    let command = part.given(COMMAND).map(str::to_owned).or_else(preset)?;
    let words: Vec<&str> = command.split_whitespace().collect();
    let word = match basename(words.first()?) {
        "varnishd" => VARNISH,
        HAPROXY => HAPROXY,
        _ => return None,
    };
    let value = |flag: &str| {
        let at = words.iter().position(|word| word.starts_with(flag))?;
        let attached = words[at].strip_prefix(flag).filter(|rest| !rest.is_empty());
        attached.or_else(|| words.get(at + 1).copied()).map(|word| word.trim_matches(['"', '\'']))
    };
    let absolute = |path: &str| normalize(&join(&input.directory, path));
    let path = value("-f").map(absolute);
    let path = path.or_else(|| part.configuration.as_ref().map(|it| it.path.clone()))?;
    Some(Found { word, path, directory: value("-n").map(str::to_owned) })
}

/// A recipe that writes a script for varnishd.
fn by_recipe(catalogue: &Catalogue, part: &Part) -> Option<Found> {
    let Text(described) = catalogue.of(part)?.configured_by.as_ref()?;
    let is_varnish = described.source().split(' ').next() == Some(VARNISH);
    let path = part.configuration.as_ref().filter(|_| is_varnish)?.path.clone();
    let directory = part.given(NAME).map(|name| name.trim().to_owned());
    Some(Found { word: VARNISH, path, directory })
}
