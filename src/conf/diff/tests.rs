use super::*;
use crate::conf::config::Config;
use crate::conf::sections::{Row, program};
use crate::conf::{CommandLine, fake_host::FakeHost, read};

fn config(sections: &str) -> Config {
    let host = FakeHost::default().file("/s.conf", format!("[supervisord]\n{sections}"));
    read("/s.conf", &CommandLine::default(), &host).expect("the configuration is valid")
}

/// The changes as words: `group: action`, then `process.option`.
fn changes(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (config(old), config(new));
    let mut words = Vec::new();
    for change in diff(old.groups.iter(), &new.groups) {
        let name = &change.group().name;
        let (action, options, members) = match &change {
            GroupChange::Removed(_) => ("removed", &[][..], &[][..]),
            GroupChange::Added(_) => ("added", &[][..], &[][..]),
            GroupChange::Changed { options, members, .. } => {
                ("changed", &options[..], &members[..])
            }
            GroupChange::Replaced { options, members, .. } => {
                ("replaced", &options[..], &members[..])
            }
        };
        words.push(format!("{name}: {action}"));
        words.extend(options.iter().map(|it| it.option.to_owned()));
        for member in members {
            let name = &member.process().name;
            match member {
                MemberChange::Removed(_) => words.push(format!("{name} removed")),
                MemberChange::Added(_) => words.push(format!("{name} added")),
                MemberChange::Changed { options, .. } => {
                    words.extend(options.iter().map(|it| format!("{name}.{}", it.option)));
                }
            }
        }
    }
    words
}

fn program(options: &str) -> String {
    format!("[program:a]\ncommand=a\n{options}\n")
}

#[test]
fn a_process_is_equal_if_supervisor_would_call_it_equal() {
    for (old, new, want) in [
        ("", "", None),
        ("", "startsecs=1", None),
        ("", "startsecs=2", Some("a.startsecs")),
        ("", "stdout_logfile=/tmp/x", Some("a.stdout_logfile")),
        ("stdout_logfile=/tmp/x", "", None),
        ("stdout_logfile=/tmp/x", "stdout_logfile=NONE", Some("a.stdout_logfile")),
        ("environment=A=1,B=2", "environment=B=2,A=1", None),
        ("environment=A=1", "environment=A=2", Some("a.environment")),
        ("exitcodes=0,2", "exitcodes=2,0", Some("a.exitcodes")),
        ("stopasgroup=false", "stopasgroup=true", Some("a.stopasgroup")),
    ] {
        let found = changes(&program(old), &program(new));
        match want {
            None => assert!(found.is_empty(), "{old} -> {new}: {found:?}"),
            Some(option) => {
                assert!(found.contains(&option.to_owned()), "{old} -> {new}: {found:?}");
            }
        }
    }
}

/// A value that is neither the default nor invalid.
fn another_value(option: &Row) -> &'static str {
    match option.kind {
        "text" => "other",
        "boolean" if option.default == Some("true") => "false",
        "boolean" | "restart rule" => "true",
        "integer" | "bytes" | "exit codes" => "5",
        "octal" => "077",
        "signal" => "INT",
        "user" => "nobody",
        "log file" => "/tmp/other",
        "environment" => "OTHER=1",
        "url" => "http://other",
        "dependencies" | "varnish backend" => "b",
        "cron expression" => "0 3 * * *",
        "time zone" => "UTC",
        "environment files" => "/tmp/a.env",
        "ip:port" => "10.0.0.1:80",
        "http url" | "pages" => "http://10.0.0.1/",
        "http statuses" => "204",
        "header field" => "A: b",
        "pattern" => "x+",
        "seconds" => "7.5",
        "count" | "limit" | "niceness" | "oom score" => "7",
        "kill mode" => "tree",
        "log format" => "json",
        "bytes limit" => "1:2MB",
        "haproxy server" => "/run/h.sock a/b",
        kind => panic!("add a value for the kind {kind}"),
    }
}

/// The differential test of reloads compares the same options with Supervisor.
#[test]
fn each_option_of_a_process_counts_and_its_default_does_not() {
    for option in program::SECTION.rows {
        // The name contains the number, so that all options can change.
        let with = |value: Option<&str>| {
            let mut options = vec![("command", "a"), ("process_name", "%(process_num)d")];
            options.retain(|(name, _)| value.is_none() || *name != option.name);
            options.extend(value.map(|value| (option.name, value)));
            let lines = options.iter().map(|(name, value)| format!("{name}={value}\n"));
            format!("[program:b]\ncommand=b\n[program:a]\n{}", lines.collect::<String>())
        };
        let found = changes(&with(None), &with(Some(another_value(option))));
        let names_members = found.iter().any(|it| it.ends_with(" added"));
        let names_option = found.contains(&format!("0.{}", option.name));
        assert!(names_option || names_members, "{}: {found:?}", option.name);
        let Some(default) = option.default.filter(|_| option.name != "process_name") else {
            continue;
        };
        let found = changes(&with(None), &with(Some(default)));
        assert!(found.is_empty(), "{}: {found:?}", option.name);
    }
}

#[test]
fn changes_come_in_the_order_of_their_execution() {
    let old = "[program:gone]\ncommand=a\n[program:same]\ncommand=a\n[program:new]\ncommand=a\n";
    let new = "[program:added]\ncommand=a\npriority=1\n[program:same]\ncommand=a\n\
               [program:new]\ncommand=b\n";
    assert_eq!(changes(old, new), ["gone: removed", "new: changed", "new.command", "added: added"]);
}

#[test]
fn members_of_a_group_come_and_go() {
    let programs = "[program:a]\ncommand=a\n[program:b]\ncommand=b\n[program:c]\ncommand=c\n";
    let group = |members: &str| format!("{programs}[group:g]\nprograms={members}\n");
    let found = changes(&group("a,b"), &group("b,c"));
    let about_g: Vec<&str> =
        found.iter().map(String::as_str).skip_while(|word| !word.starts_with("g:")).collect();
    assert_eq!(about_g[..3], ["g: changed", "a removed", "c added"]);
    let reordered = changes(&group("a,b,c"), &group("c,b,a"));
    assert_eq!(reordered, ["g: changed"], "only the order differs");
}

#[test]
fn a_group_of_another_kind_is_replaced() {
    let plain = "[program:a]\ncommand=a\n";
    let pool = "[eventlistener:a]\ncommand=a\nevents=TICK_5\n";
    assert_eq!(changes(plain, pool)[0], "a: replaced");
    let socket = |url: &str| format!("[fcgi-program:a]\ncommand=a\nsocket={url}\n");
    let found = changes(&socket("unix:///tmp/a.sock"), &socket("unix:///tmp/b.sock"));
    assert_eq!(found, ["a: replaced", "socket"]);
}

#[test]
fn the_events_of_a_pool_have_no_order() {
    let pool = |events: &str| format!("[eventlistener:a]\ncommand=a\nevents={events}\n");
    assert!(changes(&pool("TICK_5,EVENT"), &pool("EVENT,TICK_5")).is_empty());
    assert_eq!(changes(&pool("TICK_5"), &pool("TICK_60")), ["a: changed", "events"]);
}
