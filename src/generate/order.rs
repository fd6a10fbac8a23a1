//! Who starts before whom, where the project is silent: storage, then clients, then caches and
//! balancers. Programs of one tier stand one after the other, `instance2` before `instance10`.

use std::cmp::Ordering;

use super::deployment::{Origin, Program};
use super::options;
use super::recipe::Tier;

/// Gives a priority to every program that has none, and sorts all of them by it.
pub(super) fn settle(programs: &mut [Program]) {
    for tier in Tier::ALL {
        let mut silent: Vec<&mut Program> = programs
            .iter_mut()
            .filter(|program| program.tier == Some(tier) && program.get("priority").is_none())
            .collect();
        silent.sort_by(|a, b| natural(&a.name, &b.name));
        for (place, program) in (0..).zip(silent) {
            let priority = tier.priority() + place;
            program.set("priority", priority.to_string(), Origin::Supkit);
        }
    }
    let place = |option: &str| options::in_order().position(|known| known == option);
    for program in programs.iter_mut() {
        program.settings.sort_by_key(|setting| place(&setting.option));
    }
    programs.sort_by(|a, b| priority(a).cmp(&priority(b)).then(natural(&a.name, &b.name)));
}

/// The priority of a program as it will be read; Supervisor's own default is 999.
pub(super) fn priority(program: &Program) -> i64 {
    program.get("priority").and_then(|text| text.trim().parse().ok()).unwrap_or(999)
}

/// Digits are compared as numbers, so people's numbering is kept.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let ((a_text, a_number), (b_text, b_number)) = (chunk(&mut a_rest), chunk(&mut b_rest));
        let order = a_text.cmp(b_text).then_with(|| number(a_number, b_number));
        if order != Ordering::Equal {
            return order;
        }
        if a_rest.is_empty() && b_rest.is_empty() {
            return a.cmp(b);
        }
    }
}

/// Cuts off what is no number and the number behind it.
fn chunk<'a>(rest: &mut &'a str) -> (&'a str, &'a str) {
    let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = &rest[text..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let cut = (&rest[..text], &digits[..end]);
    *rest = &digits[end..];
    cut
}

/// By value, however long.
fn number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        let mut names = ["i10", "i2", "i", "i02", "j1", "i1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["i", "i1", "i02", "i2", "i10", "j1"]);
        assert_eq!(
            natural("a99999999999999999999999", "a100000000000000000000000"),
            Ordering::Less
        );
    }
}
