//! collective.recipe.template: a file from a template. Its part may have options of its own, which the
//! template refers to.

use crate::buildout::paths::{join, normalize};
use crate::buildout::{BuildoutEnv, Project};
use crate::generate::templated::{Unfilled, filled};

use super::part::{Part, Unsupported};
use super::products::{Mode, Products};

/// Options that are not supported.
const OTHERS: [&str; 4] = ["url", "timeout", "input-encoding", "output-encoding"];
/// Values of `overwrite` that replace the file.
const YES: [&str; 4] = ["y", "yes", "1", "true"];
/// What a configuration of Supervisor has; that is a matter of the deployment.
const SUPERVISOR: [&str; 2] = ["[supervisord]", "[program:"];

pub(super) fn build(
    part: &Part<'_>,
    project: &Project,
    env: &dyn BuildoutEnv,
) -> Result<Products, Unsupported> {
    if let Some(option) = OTHERS.into_iter().find(|option| part.get(option).is_some()) {
        return Err(Unsupported::new(option, "it is for zc.buildout only"));
    }
    if !part.is("overwrite", "true", &YES) {
        return Err(Unsupported::new("overwrite", "only files that are replaced are supported"));
    }
    let (source, like) = source(part, env)?;
    let text = filled(project, part.name, &source).map_err(|unfilled| {
        let why = match unfilled {
            Unfilled::Fault(fault) => fault.message().to_owned(),
            Unfilled::Missing(reference) => format!("`${{{reference}}}` is not set"),
        };
        Unsupported::new("input", why)
    })?;
    if text.lines().any(|line| SUPERVISOR.iter().any(|it| line.starts_with(it))) {
        return Err(Unsupported::new("output", "it is a configuration of Supervisor"));
    }
    let output = part.given("output").ok_or_else(|| Unsupported::new("output", "it is not set"))?;
    let mode = match part.given("mode") {
        Some(octal) => Mode::Given(
            u32::from_str_radix(octal.trim_start_matches("0o"), 8)
                .map_err(|_| Unsupported::new("mode", "it is not octal"))?,
        ),
        None => like.map_or(Mode::Text, Mode::Like),
    };
    let mut products = Products::default();
    products.add(normalize(&join(&part.place.directory, output)), text, mode);
    Ok(products)
}

/// The text of the template, and its file.
fn source(part: &Part<'_>, env: &dyn BuildoutEnv) -> Result<(String, Option<String>), Unsupported> {
    if let Some(inline) = part.get("inline") {
        return Ok((inline.trim_start().to_owned(), None));
    }
    let input = part.given("input").ok_or_else(|| Unsupported::new("input", "it is not set"))?;
    let path = join(&part.place.directory, input);
    match (env.read(&path), input.strip_prefix("inline:")) {
        (Ok(text), _) => Ok((text, Some(path))),
        (Err(_), Some(inline)) => Ok((inline.trim_start().to_owned(), None)),
        (Err(_), None) => Err(Unsupported::new("input", format!("`{input}` cannot be read"))),
    }
}
