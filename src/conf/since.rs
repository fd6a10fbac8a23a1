//! Since which version of Supervisor an option exists. Facts from its documentation.

use super::section::Row;

/// The version of almost all options. Supervisor 2 had other names.
const FIRST: &str = "3.0";

/// The options that came later.
const LATER: &[(&str, &str)] = &[
    ("silent", "4.2.0"),
    ("socket_backlog", "3.4.0"),
    ("stderr_syslog", "4.0.0"),
    ("stdout_syslog", "4.0.0"),
];

/// The version of Supervisor that has the option first; `None` if none has it.
pub fn since(row: &Row) -> Option<&'static str> {
    let later = LATER.iter().find(|(name, _)| *name == row.name);
    row.is_supervisors().then(|| later.map_or(FIRST, |(_, version)| version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::sections::SECTIONS;

    #[test]
    fn each_later_option_is_one_of_supervisor() {
        for (name, version) in LATER {
            let mut rows = SECTIONS.iter().flat_map(|section| section.options());
            let row = rows.find(|row| row.name == *name).expect("an option");
            assert_eq!(since(row), Some(*version));
        }
    }
}
