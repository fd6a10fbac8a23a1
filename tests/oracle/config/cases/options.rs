//! Every option of the table with valid, nearly valid and invalid values.

use supkit::conf::sections::{Named, SECTIONS, Section};

use crate::config::ask::Case;

/// Values that are valid, barely valid or invalid for some kind.
const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "+7",
    " 5 ",
    "1_000",
    "1__0",
    "_1",
    "007",
    "0o22",
    "0O17",
    "0x10",
    "1.5",
    "1e3",
    "٣",
    "２",
    "99999999999999999999",
    "-99999999999999999999",
    "2147483648",
    "true",
    "TRUE",
    "True",
    "yes",
    "on",
    "off",
    "no",
    "false",
    "False ",
    "y",
    "t",
    "none",
    "None",
    "NONE",
    "auto",
    "AUTO",
    "Auto ",
    "syslog",
    "SYSLOG",
    "unexpected",
    "Unexpected",
    "5MB",
    "5mb",
    "5 MB",
    "5M",
    "5kb",
    "5KiB",
    "1.5GB",
    "2GB",
    "GB",
    "mb",
    "-1KB",
    "TERM",
    "term",
    "SIGTERM",
    "SigInt",
    "9",
    "15",
    "64",
    "65",
    "33",
    "32",
    "RTMIN",
    "RTMIN+1",
    "SIG_DFL",
    "SIG_IGN",
    "CLD",
    "IO",
    "POLL",
    "SIG",
    "0,2",
    "0, 2",
    "0,,2",
    "0,256",
    "-1,0",
    "1,2,",
    "a,b",
    "root",
    "nobody",
    "0 ",
    "root:root",
    "root:",
    ":root",
    "root:0",
    "0:0",
    "root:nope",
    "nope",
    "65534",
    "4294967295",
    "77777",
    "22",
    "022",
    "0777",
    "8",
    "0o8",
    "+022",
    "-022",
    "warn",
    "WARN",
    "warning",
    "crit",
    "critical",
    "10",
    "blather",
    "trace",
    "debug",
    "/tmp",
    "/tmp/x",
    "/nope/x",
    "~",
    "~/x",
    "~root/x",
    "~nope/x",
    "x",
    "./x",
    "../x",
    "/dev/stdout",
    "9001",
    "*:9001",
    ":9001",
    "127.0.0.1:9001",
    "LOCALHOST:80",
    "a:b:1",
    "host:",
    "host:0",
    "host:65536",
    "host: 80",
    "[::1]:9001",
    "a b:1",
    "unix:///tmp/s.sock",
    "unix://tmp/s.sock",
    "unix:///tmp/../s",
    "tcp://localhost:9002",
    "tcp://LocalHost:٣",
    "tcp://:1",
    "tcp://a:0",
    "tcp://a:99999",
    "tcp://a:1/x",
    "http://x",
    "A=1",
    "A=\"1\",B='2'",
    "A=1,B=2",
    "A",
    "A=",
    "A=1 B=2",
    "A=1;B=2",
    "A='x",
    "A=\"a,b\"",
    "A=~/x",
    "A=a@b",
    "A=http://x?y",
    "A=é",
    "EVENT",
    "event",
    "PROCESS_STATE,TICK_5",
    "TICK_7",
    "EVENT,",
    "EVENT, EVENT",
    "supervisor.dispatchers:default_handler",
    "supervisor.dispatchers : default_handler",
    "supervisor.rpcinterface:make_main_rpcinterface",
    "no.such:thing",
    "no such",
    "%",
    "%%",
    "%(x)s",
    "%(here)s",
    "%(here)d",
    "%(ENV_HOME)s",
    "%(program_name)s",
    "%(group_name)s",
    "%(process_num)d",
    "%(process_num)02d",
    "%(numprocs)s",
    "%(host_node_name)s",
    "%s",
    "%(here",
    "100%",
    "%%(here)s",
    "%(here)s/x",
    "%(ENV_NOPE)s",
    "a b",
    "a:b",
    "a/b",
    "é",
    "a#b",
    "a;b",
    "'q'",
    "\"q\"",
];

/// What each section needs beside the option in question.
pub(super) fn need(section: &Section, option: &str) -> String {
    let lines: &[(&str, &str)] = match section.word {
        "unix_http_server" => &[("file", "/tmp/s.sock")],
        "inet_http_server" => &[("port", "9001")],
        "rpcinterface" => {
            &[("supervisor.rpcinterface_factory", "supervisor.rpcinterface:make_main_rpcinterface")]
        }
        "program" => &[("command", "/bin/cat")],
        "eventlistener" => &[("command", "/bin/cat"), ("events", "TICK_5")],
        "fcgi-program" => &[("command", "/bin/cat"), ("socket", "unix:///tmp/f.sock")],
        "group" => &[("programs", "p")],
        "include" => &[("files", "x.conf")],
        _ => &[],
    };
    let kept = lines.iter().filter(|line| line.0 != option);
    kept.map(|(key, value)| format!("{key} = {value}\n")).collect()
}

/// The first option of each kind is tested with every value, the others with a part of them each.
pub fn options() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut kinds = Vec::new();
    for section in SECTIONS.iter().filter(|section| section.word != "ctlplugin") {
        for (at, row) in section.options().enumerate().filter(|row| row.1.is_supervisors()) {
            let first = !kinds.contains(&row.kind);
            kinds.push(row.kind);
            let (skip, step) = if first { (0, 1) } else { (at % 11, 11) };
            let values = VALUES.iter().skip(skip).step_by(step);
            let values = values.filter(|value| !is_foreign(row.name, value));
            cases.extend(values.map(|value| case(section, row.name, value)));
        }
    }
    cases
}

/// Python objects that exist and are no result handler: Supervisor accepts them and fails later.
fn is_foreign(option: &str, value: &str) -> bool {
    option == "result_handler" && value.starts_with("supervisor.rpcinterface")
}

fn case(section: &Section, option: &str, value: &str) -> Case {
    let header = match section.named {
        Named::Own => format!("{}:x", section.word),
        Named::Alone | Named::Either | Named::Never => section.word.to_owned(),
    };
    let mut text = String::from("[supervisord]\nlogfile=/tmp/l\n");
    if section.word == "group" {
        text.push_str("[program:p]\ncommand=/bin/p\n");
    }
    let need = need(section, option);
    if section.word != "supervisord" {
        text.push_str(&format!("[{header}]\n"));
    }
    text.push_str(&format!("{need}{option} = {value}\n"));
    if section.word == "supervisorctl" {
        let case = Case::new(text);
        return case.client();
    }
    Case::new(text)
}
