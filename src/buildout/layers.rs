//! One layer laid upon another: plain options win, `x +` and `x -` work on the lines below. The
//! order and the odd results are those of zc.buildout, which real projects depend on.

use super::value::{Origin, Section, Sections, Value};

/// What the oracle dies of where an operator stands alone or has lost its blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EmptyKey {
    pub(super) section: String,
    pub(super) value: Box<Value>,
}

/// All sections of `upper` upon those of `lower`.
pub(super) fn update(lower: &mut Sections, upper: Sections) -> Result<(), EmptyKey> {
    for (name, section) in upper {
        let merged = match lower.remove(&name) {
            Some(below) => update_section(&name, below, section),
            // The macros are not known yet; the operators wait for them.
            None if section.contains_key("<") => Ok(section),
            None => update_section(&name, Section::new(), first_layer(section)),
        };
        lower.insert(name, merged?);
    }
    Ok(())
}

/// In a section that no lower layer has, `+=` assigns and `-=` leaves nothing.
///
/// The oracle cuts two characters off the key for this, also where the blank before the operator
/// is missing: `xy+=1` sets `x`.
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
            section.insert(plain, value.without_ground());
        }
    }
    section
}

fn without_operator(key: &str) -> &str {
    let cut = key.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    &key[..cut]
}

/// One section upon another: first the operators in the order of their options, then the plain ones.
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
    // `x +` and `x+` are one option; they come in the order of the file.
    operators.sort_by_cached_key(|key| {
        let line = upper.get(key).and_then(|value| value.origin().spans().first().copied());
        (key.trim_end_matches([' ', '+']).to_owned(), key.ends_with('-'), line)
    });
    for key in operators {
        let Some(change) = upper.remove(&key) else { continue };
        let adds = key.ends_with('+');
        let sign = if adds { '+' } else { '-' };
        let plain = key.trim_end_matches([' ', sign]);
        let below = upper.remove(plain).or_else(|| lower.get(plain).cloned());
        let mut value = below.unwrap_or_else(Value::nothing);
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
