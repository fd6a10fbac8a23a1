//! Every option that only supkit has, with a value that it accepts. Supervisor accepts the file and ignores
//! the option; supkit reads the same values of Supervisor's options with it as without it.

use supkit::conf::sections::{Named, SECTIONS, Section};

use super::options::need;
use crate::config::ask::{Answer, Case};

/// One of them is valid for each kind of option.
const VALUES: [&str; 26] = [
    "true",
    "7",
    "0.5",
    "tree",
    "json",
    "HUP",
    "127.0.0.1:8100",
    "http://127.0.0.1/",
    "Host: example.org",
    "200",
    "5MB",
    "q:running",
    "UTC",
    "@daily",
    "/x name",
    "/h.sock backend/server",
    "/page",
    "/a.env",
    "admin",
    "viewer",
    "x",
    "https://example.org",
    "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d",
    "errors",
    "AUTO",
    "stop",
];

/// With these the server has TLS, which is documented; so the URL that programs get is another one.
const TLS: [&str; 2] = ["certificate", "key"];

/// `schedule` changes the defaults of these, which is documented; so they are set.
const DEFAULTS_OF_TASKS: &str = "autostart = true\nautorestart = unexpected\nstartsecs = 1\n";

pub fn supkit_only() -> Vec<Case> {
    let (mut cases, mut missing) = (Vec::new(), Vec::new());
    // Supervisor has no such sections, and ignores them.
    let sections =
        SECTIONS.iter().filter(|section| !["ctlplugin", "http_user"].contains(&section.word));
    for section in sections {
        let own = section.options().filter(|row| !row.is_supervisors());
        for row in own.filter(|row| !TLS.contains(&row.name)) {
            let accepted = VALUES.iter().map(|value| case(section, row.name, value)).find(|case| {
                let place = case.write();
                matches!(case.ours(&place), Answer::Config(_))
            });
            match accepted {
                Some(case) => cases.push(case),
                None => missing.push(format!("{} {}", section.word, row.name)),
            }
        }
    }
    assert!(missing.is_empty(), "no value is accepted for {missing:?}");
    cases
}

fn case(section: &Section, option: &str, value: &str) -> Case {
    let header = match section.named {
        Named::Own => format!("{}:x", section.word),
        Named::Alone | Named::Either | Named::Never => section.word.to_owned(),
    };
    let mut text = String::from("[supervisord]\nlogfile=/tmp/l\n");
    if section.word != "supervisord" {
        text.push_str("[program:p]\ncommand=/bin/p\n[program:q]\ncommand=/bin/q\n");
        text.push_str(&format!("[{header}]\n"));
    }
    text.push_str(&format!("{}{option} = {value}\n", need(section, option)));
    if option == "schedule" {
        text.push_str(DEFAULTS_OF_TASKS);
    }
    let case = Case::new(text);
    if section.word == "supervisorctl" { case.client() } else { case }
}
