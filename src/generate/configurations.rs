//! The configuration files of servers that a project compiles, such as `haproxy`: the recipe only
//! compiles, and another part renders the file.

use crate::buildout::paths::{basename, join, normalize};
use crate::buildout::{BuildoutEnv, Project};
use crate::diag::Diagnostic;

use super::catalogue::Catalogue;
use super::input::{Configuration, Input, Part};
use super::recipe::{Recipe, Text, words_of};
use super::server_config::{self, Addresses, Backend};
use super::{build_commands, templated};

/// The option of a part that names its configuration file.
const OPTION: &str = "config";
/// The option of a part that renders a VCL file from the addresses of its backends.
const BACKENDS: &str = "backends";
/// Parts with one of these words in a name write about a server, but do not configure it.
const OTHERS: [&str; 14] = [
    "logrotate",
    "monit",
    "munin",
    "init",
    "supervisor",
    "supervisord",
    "systemd",
    "service",
    "cron",
    "crontab",
    "rsyslog",
    "sh",
    "py",
    "md",
];
/// Options that name the file which an unknown recipe writes.
const OUTPUTS: [&str; 4] = ["output", "target", "target-file", "rendered"];

/// A file that a part writes.
struct Rendered<'a> {
    part: &'a Part,
    path: String,
}

/// Finds the configuration of each part that compiles a server.
pub(super) fn find(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
    input: &mut Input,
) {
    let found: Vec<Option<Configuration>> = input
        .parts
        .iter()
        .map(|part| configuration(project, catalogue, env, input, part))
        .collect();
    for (part, configuration) in input.parts.iter_mut().zip(found) {
        part.configuration = configuration;
    }
}

fn configuration(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
    input: &Input,
    part: &Part,
) -> Option<Configuration> {
    let recipe = catalogue.of(part)?;
    if let Some(described) = &recipe.configured_by {
        let described = filled(input, part, described)?;
        let (word, path) = described.split_once(' ').filter(|(_, path)| !path.trim().is_empty())?;
        let path = normalize(&join(&input.directory, path.trim()));
        let rendered = rendered(catalogue, input);
        let source = rendered.iter().find(|it| it.path == path);
        return Some(read_addresses(project, env, word, path, source));
    }
    let default = filled(input, part, recipe.configuration.as_ref()?)?;
    let word = recipe.compiles.as_deref()?;
    let absolute = |path: &str| normalize(&join(&input.directory, path.trim()));
    let rendered = rendered(catalogue, input);
    let own = part.given(OPTION).map(absolute);
    let started = || {
        build_commands::configuration(catalogue, input, word, recipe).map(|path| absolute(&path))
    };
    let has_marks = |file: &Rendered<'_>| {
        let text = template(project, env, file.part);
        recipe.configuration_marks.0.iter().any(|mark| text.contains(mark.as_str()))
    };
    let best = || {
        let named = best(&rendered, part, word, &default);
        named.or_else(|| rendered.iter().find(|it| has_marks(it))).map(|it| it.path.clone())
    };
    let path = own.or_else(started).or_else(best).unwrap_or_else(|| absolute(&default));
    let source = rendered.iter().find(|it| it.path == path);
    let text = source
        .map_or_else(|| env.read(&path).unwrap_or_default(), |it| template(project, env, it.part));
    Some(Configuration {
        is_foreground: recipe.foreground_unless.as_deref().is_some_and(|it| text.contains(it)),
        ..read_addresses(project, env, word, path, source)
    })
}

/// The addresses in a file of the server `word`: from the part that renders it, else from the file.
fn read_addresses(
    project: &Project,
    env: &dyn BuildoutEnv,
    word: &str,
    path: String,
    source: Option<&Rendered<'_>>,
) -> Configuration {
    let is_created = source.is_some() || env.exists(&path);
    let backends = source.and_then(|it| it.part.given(BACKENDS));
    if let Some(backends) = backends {
        let backends = backends.split_whitespace().map(str::to_owned).collect();
        return Configuration { path, is_created, backends, ..Configuration::default() };
    }
    let template = source.map(|it| text_of(project, env, it));
    let found = template.map(|text| server_config::addresses(word, &text));
    let Addresses { listens, backends, .. } = found
        .filter(|found| *found != Addresses::default())
        .unwrap_or_else(|| server_config::addresses(word, &env.read(&path).unwrap_or_default()));
    Configuration { path, is_created, listens, backends, ..Configuration::default() }
}

/// The text that a part renders, as far as it is known.
fn text_of(project: &Project, env: &dyn BuildoutEnv, source: &Rendered<'_>) -> String {
    templated::filled_lines(project, source.part, &template(project, env, source.part))
}

/// What a file of the server `word` contains: as a part renders it, or else as it is. The names of the
/// backends that a part gets as addresses are in the file only, or those of the recipe.
pub(super) fn contents(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
    input: &Input,
    word: &str,
    path: &str,
) -> Addresses {
    let rendered = rendered(catalogue, input);
    let source = rendered.iter().find(|it| it.path == path);
    let of_file = || server_config::addresses(word, &env.read(path).unwrap_or_default());
    let Some(source) = source else { return of_file() };
    if let Some(backends) = source.part.given(BACKENDS) {
        let found = of_file();
        return if found.servers.is_empty() { numbered(backends) } else { found };
    }
    let found = server_config::addresses(word, &text_of(project, env, source));
    if found == Addresses::default() { of_file() } else { found }
}

/// The names that plone.recipe.varnish gives.
fn numbered(backends: &str) -> Addresses {
    let servers = backends.split_whitespace().enumerate().map(|(at, address)| Backend {
        name: format!("backend_{at:03}"),
        address: address.to_owned(),
    });
    Addresses { servers: servers.collect(), ..Addresses::default() }
}

/// The text of a template that is not filled; it may be unknown.
fn template(project: &Project, env: &dyn BuildoutEnv, part: &Part) -> String {
    templated::source(project, env, part).unwrap_or_default()
}

pub(super) fn filled(input: &Input, part: &Part, Text(text): &Text) -> Option<String> {
    text.fill(&|name| input.find(part, name)).ok().filter(|text| !text.trim().is_empty())
}

/// The files that parts write, according to their recipes.
fn rendered<'a>(catalogue: &Catalogue, input: &'a Input) -> Vec<Rendered<'a>> {
    let files = input.parts.iter().flat_map(|part| {
        let recipe = catalogue.of(part);
        let known = recipe.and_then(|recipe| filled(input, part, recipe.renders.as_ref()?));
        let unknown = || OUTPUTS.iter().find_map(|option| part.given(option).map(str::to_owned));
        let is_unknown = recipe.is_none();
        let files = known.or_else(|| unknown().filter(|_| is_unknown)).unwrap_or_default();
        let below = recipe.and_then(|recipe| filled(input, part, recipe.renders_in.as_ref()?));
        let below = join(&input.directory, &below.unwrap_or_default());
        let paths = files.lines().map(|line| normalize(&join(&below, line.trim())));
        let is_script = |path: &String| {
            let mode = part.given("mode").map(|mode| mode.trim().trim_start_matches('0'));
            path.starts_with(&format!("{}/", normalize(&input.bin)))
                || mode.is_some_and(|mode| mode.starts_with('7'))
        };
        let paths = paths.filter(|path| !is_script(path));
        paths.map(|path| Rendered { part, path }).collect::<Vec<_>>()
    });
    files.collect()
}

/// The rendered file that is most probably the configuration of the server `word`.
fn best<'r, 'a>(
    files: &'r [Rendered<'a>],
    part: &Part,
    word: &str,
    default: &str,
) -> Option<&'r Rendered<'a>> {
    let is_word = |text: &str| words_of(text).any(|it| it.eq_ignore_ascii_case(word));
    let is_other = |text: &str| {
        words_of(text).any(|it| OTHERS.iter().any(|other| it.eq_ignore_ascii_case(other)))
    };
    let rank = |file: &Rendered<'_>| {
        let name = basename(&file.path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if file.part.name == part.name || is_other(name) || is_other(&file.part.name) {
            return None;
        }
        match () {
            () if name == basename(default) => Some(0),
            () if stem.eq_ignore_ascii_case(word) => Some(1),
            () if is_word(name) => Some(2),
            () if is_word(&file.part.name) => Some(3),
            () => None,
        }
    };
    let ranked = files.iter().filter_map(|file| Some((rank(file)?, file)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, file)| file)
}

/// A warning for each file of a started program that no part creates.
pub(super) fn missing<'a>(
    input: &Input,
    parts: impl Iterator<Item = (&'a Part, &'a Recipe)>,
) -> Vec<Diagnostic> {
    let missing = parts.filter_map(|(part, recipe)| {
        let configuration = part.configuration.as_ref().filter(|it| !it.is_created)?;
        Some((part, recipe.compiles.as_deref()?, configuration))
    });
    missing
        .map(|(part, word, configuration)| {
            let below = configuration.path.strip_prefix(&format!("{}/", input.directory));
            let path = below.unwrap_or(&configuration.path);
            let message = format!("no part creates `{path}`, the configuration of {word}");
            let help = format!("create it, or set `{OPTION}` in [{}] to its path", part.name);
            Diagnostic::warning("no-configuration", message).help(help).maybe_at(part.span)
        })
        .collect()
}
