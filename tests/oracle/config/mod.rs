//! The same configurations through Supervisor 4.3.0 and through ours: both accept the
//! same ones with the same values, and reject the same ones with the same message.

mod ask;
mod cases;
mod dump;
mod host;

use ask::{Answer, Case, Oracle};

/// Runs every case through both and reports all that differ.
fn compare(cases: impl IntoIterator<Item = Case>) {
    let mut oracle = Oracle::start();
    let (mut count, mut different) = (0, Vec::new());
    for case in cases {
        count += 1;
        let place = case.write();
        let theirs = oracle.ask(&case, &place);
        let ours = case.ours(&place);
        if !ours.agrees(&theirs) {
            different.push(format!("{}\n{}", case.describe(), ours.against(&theirs)));
        }
    }
    assert!(count > 0);
    let shown = different.iter().take(25).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(different.is_empty(), "{} of {count} differ:\n\n{shown}", different.len());
}

#[test]
fn every_option_takes_what_supervisor_takes() {
    compare(cases::options());
}

/// Without supkit's options nothing is different, and with them one file serves both.
#[test]
fn supervisors_options_are_the_same_with_and_without_those_of_supkit() {
    compare(cases::supkit_only());
}

#[test]
fn names_expand_where_supervisor_expands_them() {
    compare(cases::expansions());
}

#[test]
fn the_dialect_is_configparsers() {
    compare(cases::dialect());
}

#[test]
fn files_are_included_as_supervisor_includes_them() {
    compare(cases::includes());
}

#[test]
fn groups_and_their_programs_are_supervisors() {
    compare(cases::groups());
}

#[test]
fn the_command_line_is_supervisors() {
    compare(cases::command_lines());
}

#[test]
fn supervisorctl_reads_what_supervisorctl_reads() {
    compare(cases::clients());
}

#[test]
fn configurations_of_the_real_world_are_read_alike() {
    compare(cases::real_world());
}

#[test]
fn configurations_made_at_random_are_read_alike() {
    compare(cases::random());
}

#[test]
fn a_second_file_changes_the_same_groups_as_in_supervisor() {
    compare(cases::reloads());
}

#[test]
fn texts_made_of_odd_pieces_are_read_alike() {
    compare(cases::fuzzed_texts());
}

/// Fails if the oracle is absent; otherwise no test would compare anything.
#[test]
fn the_oracle_answers() {
    let case = Case::new("[supervisord]\n");
    let place = case.write();
    match Oracle::start().ask(&case, &place) {
        Answer::Config(config) => assert_eq!(config["supervisord"]["identifier"], "supervisor"),
        Answer::Refused(text) => panic!("{text}"),
    }
}
