//! Macros (`<= name`): a section starts as a copy of others. Operates on raw values, before
//! references are resolved.

use std::collections::BTreeMap;

use super::fault::{Fault, Kind};
use super::layers;
use super::value::{Section, Sections, Value};
use crate::ini::text::{repr, strip};

const DEEPEST: usize = 300;

/// The options of a section merged over those of its macros.
pub(super) fn expand(raw: &Sections, name: &str) -> Result<Section, Fault> {
    Expansion { raw, doing: Vec::new(), done: BTreeMap::new() }.section(name)
}

struct Expansion<'a> {
    raw: &'a Sections,
    doing: Vec<String>,
    /// A macro that is reached on several paths is expanded once.
    done: BTreeMap<String, Section>,
}

impl Expansion<'_> {
    fn section(&mut self, name: &str) -> Result<Section, Fault> {
        let Some(own) = self.raw.get(name) else {
            return Err(Fault::new(Kind::Macro, format!("No section named {}", repr(name))));
        };
        if name == "buildout" {
            return Ok(own.clone());
        }
        let span = own.get("<").and_then(Value::span);
        if self.doing.iter().any(|known| known == name) {
            let message = format!("Infinite extending loop {}", repr(name));
            return Err(Fault::new(Kind::Macro, message).at(span));
        }
        let Some(names) = own.get("<").map(|value| value.text.clone()) else {
            return Ok(own.clone());
        };
        if let Some(done) = self.done.get(name) {
            return Ok(done.clone());
        }
        if self.doing.len() > DEEPEST {
            let message = format!("more than {DEEPEST} macros in a chain at {}", repr(name));
            return Err(Fault::new(Kind::Limit, message).at(span));
        }
        self.doing.push(name.to_owned());
        let mut result = Section::new();
        for macro_name in names.split('\n').map(strip).filter(|name| !name.is_empty()) {
            let below = self.section(macro_name).map_err(|fault| {
                fault.while_doing(format!("Loading input sections for {}", repr(name)), span)
            })?;
            result.extend(below);
        }
        self.doing.pop();
        let mut result = layers::update_section(name, result, own.clone())?;
        result.remove("<");
        self.done.insert(name.to_owned(), result.clone());
        Ok(result)
    }
}
