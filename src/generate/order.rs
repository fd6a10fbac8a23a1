//! Default priorities: storage starts first, then clients, then balancers and caches. Programs of a
//! tier are numbered in natural order: `instance2` before `instance10`.

use std::cmp::Ordering;

use super::deployment::{Origin, Program};
use super::options;
use super::recipe::Tier;
use crate::conf::sections::program::PRIORITY;

/// Sets the priority of programs that have none, and sorts all programs by priority.
pub(super) fn assign_priorities(programs: &mut [Program]) {
    for tier in Tier::ALL {
        let mut without: Vec<&mut Program> = programs
            .iter_mut()
            .filter(|program| program.tier == Some(tier) && program.get(PRIORITY.name).is_none())
            .collect();
        without.sort_by(|a, b| natural(&a.name, &b.name));
        for (at, program) in (0..).zip(without) {
            let priority = tier.priority() + at;
            program.set(PRIORITY.name, priority.to_string(), Origin::Supkit);
        }
    }
    programs.iter_mut().for_each(sort_settings);
    programs.sort_by(|a, b| priority(a).cmp(&priority(b)).then(natural(&a.name, &b.name)));
}

/// The order of the option table.
pub(super) fn sort_settings(program: &mut Program) {
    let rank = |option: &str| options::in_order().position(|known| known == option);
    program.settings.sort_by_key(|setting| rank(&setting.option));
}

/// The priority of a program; the default is Supervisor's.
pub(super) fn priority(program: &Program) -> i64 {
    program.get(PRIORITY.name).and_then(|text| text.trim().parse().ok()).unwrap_or(999)
}

/// Natural order: digits are compared as numbers.
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

/// Removes the text before the next number, and that number, from the front.
fn chunk<'a>(rest: &mut &'a str) -> (&'a str, &'a str) {
    let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = &rest[text..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let cut = (&rest[..text], &digits[..end]);
    *rest = &digits[end..];
    cut
}

/// Compares by value, at any length.
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
