//! Whether all parts of a project can be built without zc.buildout, and what they are then made of.

use std::collections::BTreeMap;

use crate::buildout::{BuildoutEnv, Project};
use crate::diag::Span;
use crate::generate::catalogue::Catalogue;
use crate::generate::part_options::is_for_deployment;
use crate::generate::recipe::{Builder, Recipe};

use super::environment::{Distributions, Requirements, key, name_of};
use super::part::{Part, Place, Unsupported};
use super::products::Products;
use super::{directories, egg, instance, template, varnish, zeoserver};

/// Why zc.buildout is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub why: String,
    pub span: Option<Span>,
}

/// What the parts of a project are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub requirements: Requirements,
    pub products: Products,
    /// The parts in the order in which they are built.
    pub parts: Vec<String>,
}

/// Options of `[buildout]` with which only zc.buildout builds, unless they have this value.
const BUILDOUT_OPTIONS: [(&str, &str); 7] = [
    ("extensions", ""),
    ("develop", ""),
    ("update-versions-file", ""),
    ("allow-hosts", "*"),
    ("relative-paths", "false"),
    ("allow-unknown-extras", "false"),
    ("include-site-packages", "false"),
];

/// What stands for all options of a recipe.
const ALL: &str = "*";

/// `found` are the distributions in the environment; `None` before it is made, when scripts of eggs
/// are not known yet.
pub fn decide(
    project: &Project,
    catalogue: &Catalogue,
    env: &dyn BuildoutEnv,
    place: &Place,
    found: Option<&Distributions>,
) -> Result<Plan, Reason> {
    for (option, harmless) in BUILDOUT_OPTIONS {
        let value = project.get("buildout", option).ok().flatten().unwrap_or_default();
        if !value.trim().is_empty() && value.trim() != harmless {
            let why = format!("[buildout] sets `{option}`");
            return Err(Reason { why, span: project.span("buildout", option) });
        }
    }
    let pins = pins(project);
    let mut plan = Plan::default();
    let reached = project.reached_parts().map_err(|fault| Reason {
        why: format!("the parts cannot be read: {}", fault.message()),
        span: None,
    })?;
    for name in reached {
        let (part, recipe) = known(project, catalogue, place, &pins, &name)?;
        let requirement = part.or("recipe", "").to_owned();
        let unsupported = |unsupported: Unsupported| {
            let Unsupported { option, why } = unsupported;
            let span = project.span(&name, &option).or_else(|| project.span(&name, "recipe"));
            Reason { why: format!("`{option}` of part `{name}` is not supported: {why}"), span }
        };
        let mut eggs: Vec<&str> = Vec::new();
        let products = match recipe {
            Builder::Egg => {
                eggs.extend(egg::eggs(&part));
                egg::build(&part, found)
            }
            Builder::Eggs => {
                eggs.extend(egg::eggs(&part));
                Ok(Products::default())
            }
            Builder::Zeoserver => {
                eggs.extend(part.lines("eggs"));
                eggs.push(&requirement);
                zeoserver::build(&part)
            }
            Builder::Instance => {
                eggs.extend(part.lines("eggs"));
                eggs.push(&requirement);
                instance::build(&part, found)
            }
            Builder::VarnishScript => varnish::build(&part),
            Builder::Directories => directories::build(&part),
            Builder::Template => template::build(&part, project, env),
            Builder::Deployment => Ok(Products::default()),
        };
        plan.products.extend(products.map_err(unsupported)?);
        plan.requirements.add(eggs.into_iter().map(str::to_owned));
        plan.parts.push(name.clone());
    }
    plan.requirements.pins = pins.iter().map(|(name, version)| pin(name, version)).collect();
    plan.requirements.arguments = arguments(project);
    let may_pick = project.get("buildout", "allow-picked-versions").ok().flatten();
    plan.requirements.may_pick = may_pick.is_none_or(|value| value.trim() != "false");
    Ok(plan)
}

/// A part whose recipe has a builder that knows all of its options.
fn known<'a>(
    project: &Project,
    catalogue: &Catalogue,
    place: &'a Place,
    pins: &BTreeMap<String, String>,
    name: &'a str,
) -> Result<(Part<'a>, Builder), Reason> {
    let mut options = BTreeMap::new();
    let unreadable = |option: &str| Reason {
        why: format!("`{option}` of part `{name}` cannot be read"),
        span: project.span(name, option),
    };
    for option in project.names(name).map_err(|_| unreadable("recipe"))? {
        let value = project.get(name, &option).map_err(|_| unreadable(&option))?;
        options.extend(value.map(|value| (option, value)));
    }
    let part = Part { name, place, options };
    let written = part.or("recipe", "").trim().to_owned();
    let recipe = catalogue.find(&written, name, &|option| part.get(option).map(str::to_owned));
    let unknown = |why: String| Reason { why, span: project.span(name, "recipe") };
    let (recipe, builder) = recipe
        .and_then(|recipe| Some((recipe, recipe.builds?)))
        .ok_or_else(|| unknown(format!("part `{name}` has the recipe `{written}`")))?;
    check_version(recipe, &written, pins)
        .map_err(|why| unknown(format!("part `{name}`: {why}")))?;
    let given = project.expanded(name).unwrap_or_default();
    for option in given.keys() {
        let is_known = ["recipe", "<"].contains(&option.as_str())
            || is_for_deployment(option)
            || recipe.build_options.0.iter().any(|known| known == option || known == ALL);
        if !is_known {
            let why = format!("part `{name}` sets `{option}`");
            return Err(Reason { why, span: project.span(name, option) });
        }
    }
    Ok((part, builder))
}

/// The builder makes what certain versions of the recipe make.
fn check_version(
    recipe: &Recipe,
    written: &str,
    pins: &BTreeMap<String, String>,
) -> Result<(), String> {
    let mut known =
        recipe.build_recipes.0.iter().map(|word| word.split_once("==").unwrap_or((word, "")));
    let Some((name, versions)) = known.find(|(name, _)| *name == written) else {
        return Err(format!("only zc.buildout builds the recipe `{written}`"));
    };
    if versions.is_empty() {
        return Ok(());
    }
    let distribution = name_of(name);
    let pinned = pins.iter().find(|(name, _)| key(name) == key(distribution)).map(|(_, pin)| pin);
    let is_known = |pin: &&String| {
        versions.split('|').any(|it| *pin == it || pin.starts_with(&format!("{it}.")))
    };
    let builds = format!("supkit builds what {} makes", versions.replace('|', ", "));
    match pinned {
        Some(pin) if is_known(&pin) => Ok(()),
        Some(pin) => Err(format!("{distribution} is pinned to {pin}, and {builds}")),
        None => Err(format!("{distribution} is not pinned, and {builds}")),
    }
}

/// The versions that the project pins.
fn pins(project: &Project) -> BTreeMap<String, String> {
    let section = project.get("buildout", "versions").ok().flatten();
    let section = section.unwrap_or_else(|| "versions".to_owned());
    let options = project.options(section.trim()).unwrap_or_default();
    let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    options
        .into_iter()
        .map(|(name, version)| (name, version.trim().to_owned()))
        .filter(|(name, version)| is_name(name) && !version.is_empty())
        .collect()
}

fn pin(name: &str, version: &str) -> String {
    let is_exact = version.starts_with(|c: char| c.is_alphanumeric());
    format!("{name}{}{version}", if is_exact { "==" } else { "" })
}

/// The arguments of pip for the options that select distributions.
fn arguments(project: &Project) -> Vec<String> {
    let get = |option: &str| project.get("buildout", option).ok().flatten().unwrap_or_default();
    let mut arguments = Vec::new();
    if !get("index").trim().is_empty() {
        arguments.extend(["--index-url".to_owned(), get("index").trim().to_owned()]);
    }
    for link in get("find-links").split_whitespace() {
        arguments.extend(["--find-links".to_owned(), link.to_owned()]);
    }
    if get("prefer-final").trim() == "false" {
        arguments.push("--pre".to_owned());
    }
    arguments
}
