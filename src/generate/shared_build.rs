//! Where zc.recipe.cmmi installs what it compiles: below `location`, or, with `shared`, below a
//! directory or the download cache, where builds with the same options share a directory.

use sha1::{Digest as _, Sha1};

use super::machine::Machine;
use super::part_options::buildout as own;
use crate::buildout::paths::join;
use crate::buildout::{Fault, Part};

pub(super) fn is_of(recipe: &str) -> bool {
    recipe.split(':').next() == Some("zc.recipe.cmmi")
}

/// The location; `None` if it is not known, because the download cache is set elsewhere.
pub(super) fn location(part: &mut Part<'_>, machine: &Machine) -> Result<Option<String>, Fault> {
    let shared = part.get("shared")?.filter(|shared| !shared.is_empty());
    let Some(shared) = shared else {
        let below = match part.get("location")? {
            Some(location) => Some(location),
            None => part.other(own::SECTION, own::PARTS_DIRECTORY)?,
        };
        return Ok(Some(join(&below.unwrap_or_default(), part.name())));
    };
    if machine.is_directory(&shared) {
        return Ok(Some(join(&shared, "cmmi")));
    }
    let cache = part.other(own::SECTION, "download-cache")?.filter(|cache| !cache.is_empty());
    let Some(cache) = cache else { return Ok(None) };
    let directory = part.other(own::SECTION, own::DIRECTORY)?.unwrap_or_default();
    let builds = join(&join(&directory, &cache), "cmmi/build");
    Ok(Some(join(&builds, &state_hash(part)?)))
}

/// The SHA-1 of the options that the result of the build depends on.
fn state_hash(part: &mut Part<'_>) -> Result<String, Fault> {
    let mut option = |name: &str, default: &str| -> Result<String, Fault> {
        Ok(part.get(name)?.unwrap_or_else(|| default.to_owned()))
    };
    let extra = option("extra_options", "")?;
    let extra: Vec<&str> = extra.split_whitespace().collect();
    let state = [
        option("url", "")?,
        extra.join(" "),
        option("autogen", "")?,
        option("patch", "")?,
        option("patch_options", "-p0")?,
        variables(&option("environment", "")?),
    ];
    let hash = Sha1::digest(state.concat());
    let hash: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(hash.concat())
}

/// The sorted variables. A word that sets none belongs to the value before it.
fn variables(text: &str) -> String {
    let mut variables: Vec<(String, String)> = Vec::new();
    for word in text.split_whitespace() {
        let setting = word.split_once('=').filter(|(name, _)| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            !name.is_empty() && name.chars().all(is_word) && !name.starts_with(char::is_numeric)
        });
        match (setting, variables.last_mut()) {
            (Some((name, value)), _) => {
                variables.retain(|(known, _)| known != name);
                variables.push((name.to_owned(), value.to_owned()));
            }
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            (None, None) => {}
        }
    }
    variables.sort();
    variables.into_iter().flat_map(|(name, value)| [name, value]).collect()
}
