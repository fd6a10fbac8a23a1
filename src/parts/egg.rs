//! zc.recipe.egg: the scripts of eggs.

use super::environment::Distributions;
use super::part::{Part, Unsupported};
use super::products::Products;
use super::script::{Call, interpreter};
use crate::buildout::paths::join;

/// The scripts that the deployment has.
const OWN: [&str; 6] =
    ["supervisord", "supervisorctl", "pidproxy", "echo_supervisord_conf", "supkit", "buildout"];

/// The eggs of a part.
pub(super) fn eggs<'p>(part: &'p Part<'_>) -> Vec<&'p str> {
    match part.get("eggs") {
        Some(_) => part.lines("eggs"),
        None => vec![part.name],
    }
}

/// `found` is `None` before the eggs are installed: their scripts are not known yet.
pub(super) fn build(
    part: &Part<'_>,
    found: Option<&Distributions>,
) -> Result<Products, Unsupported> {
    let mut products = Products::default();
    let names = part.get("scripts").map(Names::of);
    // `scripts =` suppresses all.
    if names.as_ref().is_some_and(|names| names.0.is_empty()) {
        return Ok(products);
    }
    let mut calls: Vec<(String, String, String)> = Vec::new();
    for egg in eggs(part) {
        let scripts = found.and_then(|found| found.find(egg)).map(|egg| egg.scripts.clone());
        calls.extend(scripts.unwrap_or_default());
    }
    for text in part.or("entry-points", "").split_whitespace() {
        calls.push(entry_point(text)?);
    }
    let extra_paths = extra_paths(part);
    for (name, module, attribute) in &calls {
        let name = match &names {
            Some(names) => names.find(name),
            None => Some(name.as_str()),
        };
        let Some(name) = name.filter(|name| !OWN.contains(name)) else { continue };
        let call = Call {
            part: part.name,
            module,
            attribute,
            arguments: part.or("arguments", ""),
            initialization: part.or("initialization", ""),
            extra_paths: &extra_paths,
        };
        products.program(part.bin(name), call.text(&part.place.python));
    }
    if let Some(name) = part.given("interpreter") {
        let text = interpreter(part.name, &part.place.python, &extra_paths);
        products.program(part.bin(name), text);
    }
    Ok(products)
}

pub(super) fn extra_paths(part: &Part<'_>) -> Vec<String> {
    part.lines("extra-paths").iter().map(|path| join(&part.place.directory, path)).collect()
}

/// `NAME=MODULE:ATTRIBUTE`
fn entry_point(text: &str) -> Result<(String, String, String), Unsupported> {
    let parts = text.split_once('=').and_then(|(name, place)| {
        let (module, attribute) = place.split_once(':')?;
        Some((name.to_owned(), module.to_owned(), attribute.to_owned()))
    });
    parts.ok_or_else(|| Unsupported::new("entry-points", format!("`{text}` cannot be read")))
}

/// `scripts`: which scripts are made, and their names: `NAME` or `NAME=OTHER`.
struct Names<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Names<'a> {
    fn of(text: &'a str) -> Self {
        let words = text.split_whitespace();
        Self(words.map(|word| word.split_once('=').unwrap_or((word, word))).collect())
    }

    fn find(&self, script: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| *name == script).map(|(_, other)| *other)
    }
}
