//! The parts of a project with their recipes, and the services that they offer.

use crate::buildout::paths::{join, normalize};
use crate::diag::Span;
use crate::generate::catalogue::Catalogue;
use crate::generate::input::{Input, Part};
use crate::generate::part_roles::is_left_out;
use crate::generate::recipe::{Recipe, Text};

use crate::generate::address::Address;

pub(super) struct KnownPart<'a> {
    pub(super) part: &'a Part,
    pub(super) recipe: Option<&'a Recipe>,
}

impl KnownPart<'_> {
    /// The path of the database file that its program opens.
    pub(super) fn data(&self, input: &Input) -> Option<String> {
        let recipe = self.recipe?;
        if recipe.no_data_with.0.iter().any(|option| self.part.given(option).is_some()) {
            return None;
        }
        let fill =
            |text: &Option<Text>| text.as_ref()?.0.fill(&|name| input.find(self.part, name)).ok();
        let data = fill(&recipe.data)?;
        let below = fill(&recipe.data_directory).unwrap_or_default();
        Some(normalize(&join(&input.directory, &join(&below, &data))))
    }
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
    (Address::list(&filled), span)
}
