//! What a part means for the deployment, by its recipe and options.

use super::catalogue::Catalogue;
use super::input::{Part, Template};
use super::part_options::ENABLED;
use super::recipe::{Produces, Recipe};
use crate::conf::sections::supervisord;

/// `supervisor = false`
pub(super) fn is_left_out(part: &Part) -> bool {
    let off = ["false", "no", "off", "0"];
    part.given(ENABLED).is_some_and(|text| off.contains(&text.trim().to_lowercase().as_str()))
}

/// What the recipe of a part produces; `None` if the recipe is unknown.
pub(super) fn product(catalogue: &Catalogue, part: &Part) -> Option<Produces> {
    catalogue.of(part).map(|recipe: &Recipe| recipe.produces)
}

/// Whether the part is a whole configuration, which is used as it is.
pub(super) fn is_whole_configuration(catalogue: &Catalogue, part: &Part) -> bool {
    let produces_one = product(catalogue, part) == Some(Produces::Configuration);
    !is_left_out(part) && (produces_one || fills_configuration(part))
}

/// Whether the template of a part is a whole configuration, not a fragment.
pub(super) fn fills_configuration(part: &Part) -> bool {
    let header = format!("[{}]", supervisord::SECTION.word);
    let is_whole =
        |template: &Template| template.text.lines().any(|line| line.starts_with(&header));
    part.template.as_ref().is_some_and(is_whole)
}
