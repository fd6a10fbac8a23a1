//! The list of the known recipes, for the terminal and the reference.

use std::fmt::Write as _;

use super::catalogue::{Catalogue, Entry};
use super::recipe::{Adds, Computes, Produces, Recipe};
use crate::conf::sections::program::PRIORITY;

/// A paragraph for each recipe.
pub fn text(catalogue: &Catalogue) -> String {
    let paragraphs: Vec<String> = sorted(catalogue).into_iter().map(paragraph).collect();
    paragraphs.join("\n")
}

fn paragraph(entry: &Entry) -> String {
    let recipe = &entry.recipe;
    let mut out = format!("{}\n", recipe.title);
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "  {label:<9} {value}");
        }
    };
    line("recipe", &recipe.names.0.join(" "));
    line("when", &condition(recipe));
    line("produces", product(recipe));
    line(PRIORITY.name, &priority(recipe));
    for (option, value) in presets(recipe) {
        line(&option, &value);
    }
    line("reads", &recipe.reads.0.join(" "));
    line("secrets", &recipe.secrets.0.join(" "));
    line("makes", &made(recipe));
    line("serves", source(recipe.serves.as_ref()));
    line("needs", source(recipe.needs.as_ref()));
    line("backends", source(recipe.backends.as_ref()));
    line("ready", source(recipe.ready.as_ref()));
    line("config", source(recipe.configuration.as_ref()));
    line("debug", source(recipe.debug.as_ref()));
    line("data", source(recipe.data.as_ref()));
    line("log", source(recipe.log.as_ref()));
    line("built", &recipe.build_recipes.0.join(" "));
    line("options", &recipe.build_options.0.join(" "));
    line("read from", &entry.file);
    out
}

/// The page of the reference.
pub fn markdown(catalogue: &Catalogue) -> String {
    let mut out = INTRODUCTION.to_owned();
    for entry in sorted(catalogue) {
        let recipe = &entry.recipe;
        let _ = write!(out, "\n## {}\n\n", recipe.title);
        let names: Vec<String> = recipe.names.0.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(out, "{}", names.join(", "));
        if recipe.when.is_some() {
            let _ = write!(out, ", where `{}`", condition(recipe));
        }
        let _ = writeln!(out, " (`recipes/{}`)\n", entry.file);
        let _ = writeln!(out, "| | |\n|---|---|\n| produces | {} |", product(recipe));
        let mut row = |label: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(out, "| {label} | `{}` |", value.replace('|', "\\|"));
            }
        };
        row(PRIORITY.name, &priority(recipe));
        for (option, value) in presets(recipe) {
            row(&option, &value);
        }
        row("reads", &recipe.reads.0.join(" "));
        row("secrets", &recipe.secrets.0.join(" "));
        row("makes", &made(recipe));
        row("serves", source(recipe.serves.as_ref()));
        row("needs", source(recipe.needs.as_ref()));
        row("backends", source(recipe.backends.as_ref()));
        row("ready", source(recipe.ready.as_ref()));
        row("configuration", source(recipe.configuration.as_ref()));
        row("debug", source(recipe.debug.as_ref()));
        row("data", source(recipe.data.as_ref()));
        row("log", source(recipe.log.as_ref()));
        row("built without zc.buildout", &recipe.build_recipes.0.join(" "));
        row("with the options", &recipe.build_options.0.join(" "));
    }
    out
}

const INTRODUCTION: &str = "\
# Known recipes

Generated from `recipes/*.ini` with `supkit recipes --format markdown`; do not edit.

`{name}` is replaced by an option of the part, `{name|text}` by the option or, if it is not set, by the
text; `{name+offset|text}` adds the number in the option `offset` to the number at the end. `{bind.host}`
and `{bind.port}` are the halves of an address, `{option>name}` is the option `name` of the section that
`option` names. `{part}`, `{bin}`, `{parts}` and `{directory}` are the name of the part,
`${buildout:bin-directory}`, `${buildout:parts-directory}` and `${buildout:directory}`, `{configuration}` is
the file of the row `configuration`, if the project has no other (see [deploying](../deploying.md)), and
`{configuration/listens}` and `{configuration/backends}` are the addresses in it. The rows from
`command` on are presets for options of `[program:x]`; a part overrides them with
`supervisor-command`, `supervisor-startsecs` and so on. `supkit build` makes parts of the recipes in the row
`built without zc.buildout` itself (`NAME==3|4`: if version 3 or 4 is pinned), unless an option is set that the row
below does not have.
";

/// Programs in their start order, then the others.
fn sorted(catalogue: &Catalogue) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = catalogue.entries().iter().collect();
    let last = usize::MAX;
    let tier = |entry: &Entry| entry.recipe.tier.map_or(last, |tier| tier as usize);
    entries.sort_by(|a, b| tier(a).cmp(&tier(b)).then_with(|| a.recipe.title.cmp(&b.recipe.title)));
    entries
}

fn product(recipe: &Recipe) -> &'static str {
    match recipe.produces {
        Produces::Program => "a program",
        Produces::Nothing => "no program",
        Produces::Daemon => "the configuration of the daemon",
        Produces::Configuration => "the whole configuration",
        Produces::Template => {
            "a file, or the whole configuration if it has a section `[supervisord]`"
        }
    }
}

fn condition(recipe: &Recipe) -> String {
    recipe.when.as_ref().map_or_else(String::new, ToString::to_string)
}

fn priority(recipe: &Recipe) -> String {
    match (recipe.preset(PRIORITY.name), recipe.tier) {
        (Some(preset), _) => preset.source().to_owned(),
        (None, Some(tier)) => format!("{} ({})", tier.priority(), tier.name()),
        (None, None) => String::new(),
    }
}

fn presets(recipe: &Recipe) -> Vec<(String, String)> {
    let options = super::options::in_order().filter(|option| *option != PRIORITY.name);
    options
        .filter_map(|option| Some((option.to_owned(), recipe.preset(option)?.source().to_owned())))
        .collect()
}

fn made(recipe: &Recipe) -> String {
    let made = recipe.makes.0.iter().map(|pair| {
        let option = &pair.option;
        if pair.value.source().is_empty() {
            option.clone()
        } else {
            let value = pair.value.source().replace('\n', "\\n").replace('\t', "\\t");
            format!("{option}={value}")
        }
    });
    let computed = recipe.computes.map(|computes| {
        let what = match computes {
            Computes::Environment | Computes::MissingEnvironment => "the environment variables",
            Computes::Machine => "facts of the machine",
            Computes::BuildLocation => "the location of a build of zc.recipe.cmmi",
            Computes::VarnishConfiguration => {
                "generate_config, and config, verbose-headers, balancer and backends unless config is set"
            }
            Computes::Directories => "the sorted paths and the mode",
            Computes::Results => "the results of Python code, which are unknown",
        };
        what.to_owned()
    });
    let added = recipe.adds.map(|adds| {
        let what = match adds {
            Adds::ZeoStorages => {
                "sections for the server, and for the storage and client of each database"
            }
            Adds::Relstorages => "a section for each database",
        };
        what.to_owned()
    });
    made.chain(computed).chain(added).collect::<Vec<_>>().join(" ")
}

fn source(text: Option<&super::recipe::Text>) -> &str {
    text.map_or("", |text| text.0.source())
}
