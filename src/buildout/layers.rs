//! Merges layers: plain options override, `x +` and `x -` modify lines of lower layers. Order and
//! edge cases are the same as in zc.buildout, because projects depend on them.

use super::value::{Origin, Section, Sections, Value};

/// The error of zc.buildout for an operator without an option name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EmptyKey {
    pub(super) section: String,
    pub(super) value: Box<Value>,
}

/// Merges the sections of `upper` into `lower`.
pub(super) fn update(lower: &mut Sections, upper: Sections) -> Result<(), EmptyKey> {
    for (name, section) in upper {
        let merged = match lower.remove(&name) {
            Some(below) => update_section(&name, below, section),
            // Macros are not expanded yet, so the operators are kept.
            None if section.contains_key("<") => Ok(section),
            None => update_section(&name, Section::new(), first_layer(section)),
        };
        lower.insert(name, merged?);
    }
    Ok(())
}

/// In a section that no lower layer has, `+=` assigns and `-=` yields an empty value.
///
/// Like zc.buildout, this removes two characters from the key even if there is no blank before the
/// operator: `xy+=1` sets `x`.
fn first_layer(mut section: Section) -> Section {
    let keys: Vec<String> =
        section.keys().filter(|key| key.ends_with(['+', '-'])).cloned().collect();
    for key in keys {
        let plain = without_operator(&key);
        if section.contains_key(plain) {
            continue;
        }
        let plain = plain.to_owned();
        if let Some(mut value) = section.remove(&key) {
            if key.ends_with('-') {
                let all = Value::new(value.text.clone(), Origin::Implicit);
                value.remove(&all);
            }
            section.insert(plain, value.mark_incomplete());
        }
    }
    section
}

fn without_operator(key: &str) -> &str {
    let cut = key.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    &key[..cut]
}

/// Merges one section: first the operators in option order, then the plain options.
pub(super) fn update_section(
    name: &str,
    mut lower: Section,
    mut upper: Section,
) -> Result<Section, EmptyKey> {
    if let Some(value) = upper.remove("") {
        return Err(EmptyKey { section: name.to_owned(), value: Box::new(value) });
    }
    let mut operators: Vec<String> =
        upper.keys().filter(|key| key.ends_with(['+', '-'])).cloned().collect();
    // `x +` and `x+` are the same option and keep their file order.
    operators.sort_by_cached_key(|key| {
        let line = upper.get(key).and_then(|value| value.origin().spans().first().copied());
        (key.trim_end_matches([' ', '+']).to_owned(), key.ends_with('-'), line)
    });
    for key in operators {
        let Some(change) = upper.remove(&key) else { continue };
        let adds = key.ends_with('+');
        let sign = if adds { '+' } else { '-' };
        let plain = key.trim_end_matches([' ', sign]);
        // What is changed replaces the lower value, so that is not needed any more.
        let below = upper.remove(plain).or_else(|| lower.remove(plain));
        let mut value = below.unwrap_or_else(Value::empty);
        if adds {
            value.add(&change);
        } else {
            value.remove(&change);
        }
        upper.insert(plain.to_owned(), value);
    }
    for (key, value) in upper {
        match lower.get_mut(&key) {
            Some(below) => below.override_with(value),
            None => drop(lower.insert(key, value)),
        }
    }
    Ok(lower)
}
