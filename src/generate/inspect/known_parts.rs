//! The parts of a project with their recipes, and the services that they offer.

use crate::diag::Span;
use crate::generate::catalogue::Catalogue;
use crate::generate::input::{Input, Part};
use crate::generate::part_roles::is_left_out;
use crate::generate::recipe::{Recipe, Text};

use super::address::Address;

pub(super) struct KnownPart<'a> {
    pub(super) part: &'a Part,
    pub(super) recipe: Option<&'a Recipe>,
}

/// An address that a part listens on, with the position of the option that sets it.
pub(super) struct Service<'a> {
    pub(super) part: &'a Part,
    pub(super) address: Address,
    pub(super) span: Option<Span>,
}

/// All parts that are not left out.
pub(super) fn known_parts<'a>(input: &'a Input, catalogue: &'a Catalogue) -> Vec<KnownPart<'a>> {
    let parts = input.parts.iter().chain(&input.supervisors).filter(|part| !is_left_out(part));
    parts.map(|part| KnownPart { part, recipe: catalogue.of(part) }).collect()
}

pub(super) fn services<'a>(input: &Input, parts: &[KnownPart<'a>]) -> Vec<Service<'a>> {
    let services = parts.iter().flat_map(|known| {
        let serves = known.recipe.and_then(|recipe| recipe.serves.as_ref());
        let (addresses, span) = addresses(input, known.part, serves);
        addresses.into_iter().map(move |address| Service { part: known.part, address, span })
    });
    services.collect()
}

/// The addresses in a text of a recipe, filled for a part, and the position of the first option in
/// it that the part sets.
pub(super) fn addresses(
    input: &Input,
    part: &Part,
    text: Option<&Text>,
) -> (Vec<Address>, Option<Span>) {
    let Some(Text(template)) = text else { return (Vec::new(), None) };
    let filled = template.fill(&|name| input.find(part, name)).unwrap_or_default();
    let option = template.names().into_iter().find(|name| part.given(name).is_some());
    let span = option.and_then(|name| part.span_of(name)).or(part.span);
    (filled.split_whitespace().filter_map(Address::parse).collect(), span)
}
