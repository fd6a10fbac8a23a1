//! The options of a program as the generator writes them: in which order, and how a part or a
//! recipe may spell them. Which there are, `conf` knows.

use crate::conf::sections;

/// Whether `option` is one of `[program:x]`; `redirect-stderr` is as good as `redirect_stderr`.
pub(super) fn is_program_option(option: &str) -> bool {
    let option = underscored(option);
    in_order().any(|known| known == option)
}

/// `redirect-stderr` as Supervisor spells it.
pub(super) fn underscored(option: &str) -> String {
    option.replace('-', "_")
}

/// Every option of a program, in the order of writing: that of the option table.
pub(super) fn in_order() -> impl Iterator<Item = &'static str> {
    sections::program::SECTION.rows.iter().map(|row| row.name)
}

/// The one that was probably meant.
pub(super) fn similar_to(option: &str) -> Option<&'static str> {
    let option = underscored(option);
    let near = in_order().map(|known| (distance(known, &option), known)).min()?;
    (near.0 <= 2).then_some(near.1)
}

/// How many letters must be changed, added or dropped.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_either_spelling_and_by_likeness() {
        assert!(is_program_option("redirect-stderr") && is_program_option("redirect_stderr"));
        assert!(!is_program_option("statsecs"));
        assert_eq!(similar_to("statsecs"), Some("startsecs"));
        assert_eq!(similar_to("colour"), None);
    }
}
