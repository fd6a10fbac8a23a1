//! Renames a program or group everywhere in its configuration.

use super::configuration::Configuration;
use super::definition::Location;
use super::names::{Mention, Symbol};

/// All places where the program or group at an offset is named.
pub fn references(configuration: &Configuration, path: &str, offset: usize) -> Vec<Location> {
    let Some(symbol) = symbol_at(configuration, path, offset) else { return Vec::new() };
    mentions_of(configuration, &symbol)
}

/// What would be renamed.
pub fn symbol_at(configuration: &Configuration, path: &str, offset: usize) -> Option<Symbol> {
    configuration.mention_at(path, offset).map(|mention| mention.symbol)
}

/// The places to change for a new name, or why it cannot be used.
pub fn rename(
    configuration: &Configuration,
    symbol: &Symbol,
    new_name: &str,
) -> Result<Vec<Location>, String> {
    let is_forbidden = |c: char| c.is_whitespace() || c.is_control() || ":/,;#[]()%".contains(c);
    if new_name.is_empty() || new_name.contains(is_forbidden) {
        return Err(format!(
            "`{new_name}` cannot be a name: leave out blanks and the characters : / , ; # [ ] ( ) %"
        ));
    }
    let is_taken =
        |mention: &Mention<'_>| mention.symbol.name() == new_name && mention.symbol != *symbol;
    if let Some(taken) = configuration.definitions().find(is_taken) {
        let header = taken.defines.map_or("", |block| &block.name);
        return Err(format!("there is a section `[{header}]` already"));
    }
    Ok(mentions_of(configuration, symbol))
}

fn mentions_of(configuration: &Configuration, symbol: &Symbol) -> Vec<Location> {
    let mut same: Vec<Location> = Vec::new();
    for mention in configuration.mentions().into_iter().filter(|it| it.symbol == *symbol) {
        let location = Location { path: mention.file.path.clone(), range: mention.range };
        if !same.contains(&location) {
            same.push(location);
        }
    }
    same
}
