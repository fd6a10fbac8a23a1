//! The report: what happens to each program, and the way back.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::super::deployment::print_line;
use crate::daemon::takeover::{Fate, Plan, Planned, Target};
use crate::os::stdout;

/// Prints what would happen, or as JSON what has happened if `program` runs now.
pub(super) fn print(
    target: &Target,
    version: &str,
    plan: &Plan,
    as_json: bool,
    program: Option<&Path>,
) {
    if as_json {
        stdout::write_line(&json(target, version, plan, program).to_string());
        return;
    }
    let file = &target.config.file;
    print_line(&format!("supervisord (pid {}) is Supervisor {version} with {file}", target.pid));
    let adopted: Vec<&Planned> = plan.of_fate(&Fate::Adopted).collect();
    print_group("Continue without a restart", &adopted, |_| String::new());
    let restarted: Vec<&Planned> = plan.restarted().map(|(program, _)| program).collect();
    print_group("Are restarted after the switch, in this order", &restarted, |program| {
        match &program.fate {
            Fate::Restarted(why) => format!("  {why}"),
            _ => String::new(),
        }
    });
    let idle: Vec<&Planned> = plan.of_fate(&Fate::Idle).collect();
    print_group("Do not run, and stay as they are", &idle, |_| String::new());
    print_remarks(plan);
    print_way_back(target);
}

fn print_group(title: &str, programs: &[&Planned], reason: impl Fn(&Planned) -> String) {
    if programs.is_empty() {
        return;
    }
    print_line("");
    print_line(&format!("{title} ({}):", programs.len()));
    for program in programs {
        let reported = &program.reported;
        let pid = reported.pid.map_or(String::new(), |pid| format!("pid {}", pid.0));
        let (name, state) = (reported.full_name(), reported.state.name());
        print_line(format!("  {name:<30} {state:<9} {pid:<12}{}", reason(program)).trim_end());
        for note in &program.notes {
            print_line(&format!("    {note}"));
        }
    }
}

fn print_remarks(plan: &Plan) {
    print_line("");
    match plan.connections {
        // Its own.
        0 | 1 => print_line("Clients that are connected lose their connection."),
        count => print_line(&format!(
            "Clients that are connected lose their connection ({} at the moment).",
            count - 1
        )),
    }
    print_line("The serials of events begin anew.");
    for note in &plan.notes {
        print_line(note);
    }
}

fn print_way_back(target: &Target) {
    print_line("");
    print_line("The way back restarts all programs; the configuration is not changed:");
    for command in way_back(target) {
        print_line(&format!("  {command}"));
    }
}

/// The commands that start Supervisor again.
fn way_back(target: &Target) -> [String; 2] {
    let command: Vec<String> = target.command.iter().map(|word| quoted(word)).collect();
    [
        format!("supervisorctl -c {} shutdown", quoted(&target.config.file)),
        format!("{}  # or the service that has started it", command.join(" ")),
    ]
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What has happened.
pub(super) fn print_done(target: &Target, plan: &Plan) {
    let adopted = match plan.of_fate(&Fate::Adopted).count() {
        1 => "1 program runs on".to_owned(),
        count => format!("{count} programs run on"),
    };
    print_line("");
    print_line(&format!("supkit continues with pid {}: {adopted}", target.pid));
    let restarted = match plan.restarted().count() {
        0 => return,
        1 => "1 is".to_owned(),
        count => format!("{count} are"),
    };
    print_line(&format!("{restarted} being restarted: `supervisorctl jobs` shows the progress"));
}

fn json(target: &Target, version: &str, plan: &Plan, program: Option<&Path>) -> Json {
    let programs = plan.programs.iter().map(|planned| {
        let (fate, reason) = match &planned.fate {
            Fate::Adopted => ("adopted", None),
            Fate::Restarted(why) => ("restarted", Some(why)),
            Fate::Idle => ("idle", None),
        };
        let reported = &planned.reported;
        json!({
            "group": reported.group,
            "name": reported.name,
            "state": reported.state.name(),
            "pid": reported.pid.map(|pid| pid.0),
            "fate": fate,
            "reason": reason,
            "notes": planned.notes,
        })
    });
    json!({
        "pid": target.pid,
        "version": version,
        "configuration": target.config.file,
        "switched": program.is_some(),
        "program": program.map(|path| path.display().to_string()),
        "programs": programs.collect::<Vec<_>>(),
        "notes": plan.notes,
        "connections": plan.connections.saturating_sub(1),
        "way_back": way_back(target),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("/usr/bin/python3"), "/usr/bin/python3");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
