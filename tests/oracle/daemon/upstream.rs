//! What Supervisor's own end-to-end tests check, by the numbers of its issues. Those that need a
//! client are with the client's tests.

use std::process::Stdio;

use crate::support::daemon::conf;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const PROGRAMS: &str = "
[program:issue-291a]
command=/bin/sh -c 'echo \"KEPT=$SUPKIT_TEST_PERCENT\"'
[program:issue-550]
command=/bin/sh -c 'echo \"$THIS_SHOULD\"'
[program:issue-638]
command=/usr/bin/printf '\\210\\n'
[program:issue-986]
command=/bin/bash -c \"echo 'dhcrelay -d -q -a %%h:%%p %%P -i Vlan1000 192.168.0.1'\"
[program:issue-1170a]
command=/bin/bash -c \"echo '%(ENV_FOO)s'\"
[program:issue-1170b]
command=/bin/bash -c \"echo '%(ENV_FOO)s'\"
environment=FOO=\"set from [program] section\"
[program:test_öäü]
command=/bin/bash -c \"echo 'Øresund'\"
[eventlistener:issue-1170c]
command=/bin/bash -c \"echo '%(ENV_FOO)s' >&2\"
environment=FOO=\"set from [eventlistener] section\"
events=PROCESS_STATE_FATAL
";

const ONCE: &str = "startsecs=0\nstartretries=0\nautorestart=false\n";

fn outputs(subject: Subject) -> Vec<String> {
    let sandbox = Sandbox::new();
    let mut rest = "loglevel=debug\nenvironment=FOO=\"set from [supervisord] section\",\
                    THIS_SHOULD=BE_IN_CHILD_ENV\n"
        .to_owned();
    for section in PROGRAMS.split_inclusive('\n') {
        rest.push_str(section);
        if section.starts_with("command=") {
            rest.push_str(ONCE);
        }
    }
    sandbox.write("d.conf", &conf(&rest));
    let mut command = subject.program(&sandbox, "supervisord");
    command.args(["-n", "-s", "-c"]).arg(sandbox.path("d.conf"));
    command.env("SUPKIT_TEST_PERCENT", "foo_%s_%_%%_%%%_%2_bar").stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    let log = || sandbox.read("d.log");
    wait_until("all have ended", || log().matches("exited: ").count() == 8);
    child.kill().unwrap();
    child.wait().unwrap();
    let log = log();
    let lines: Vec<&str> = log.lines().collect();
    let headings = lines.iter().enumerate().filter(|(_, line)| line.ends_with(" output:"));
    let mut outputs: Vec<String> =
        headings.map(|(at, line)| format!("{} {}", &line[24..], lines[at + 1])).collect();
    outputs.sort();
    outputs
}

#[test]
fn percent_signs_environments_and_odd_bytes_arrive_as_they_should() {
    let ours = outputs(Subject::Ours);
    assert_eq!(ours, outputs(Subject::Original));
    let expected = [
        "'issue-1170a' stdout output: set from [supervisord] section",
        "'issue-1170b' stdout output: set from [program] section",
        "'issue-1170c' stderr output: set from [eventlistener] section",
        "'issue-291a' stdout output: KEPT=foo_%s_%_%%_%%%_%2_bar",
        "'issue-550' stdout output: BE_IN_CHILD_ENV",
        "'issue-638' stdout output: Undecodable: b'\\x88\\n'",
        "'issue-986' stdout output: dhcrelay -d -q -a %h:%p %P -i Vlan1000 192.168.0.1",
        "'test_öäü' stdout output: Øresund",
    ];
    assert_eq!(ours, expected.map(|line| format!("DEBG {line}")));
}

/// Issue 733: a listener ends the daemon when a program is FATAL.
#[test]
fn one_line_of_shell_can_end_the_daemon_on_fatal() {
    for subject in [Subject::Ours, Subject::Original] {
        let sandbox = Sandbox::new();
        let rest = "[program:nonexistent]\ncommand={here}/nonexistent\nstartsecs=0\nstartretries=0\n\
                    autorestart=false\n\
                    [eventlistener:fatalexit]\nevents=PROCESS_STATE_FATAL\n\
                    command=sh -c 'while true; do printf \"READY\\n\"; read line; kill -15 $PPID; \
                    printf \"RESULT 2\\n\"; printf \"OK\"; done'\nstartsecs=0\nstartretries=0\n";
        let mut daemon = Daemon::start(subject, &sandbox, rest);
        daemon.wait_for_log("gave up: nonexistent entered FATAL state");
        daemon.wait_for_log("received SIGTERM indicating exit request");
        assert_eq!(daemon.wait().code(), Some(0));
    }
}

/// Issue 1224: a main log that cannot seek.
#[test]
fn the_activity_log_may_be_standard_output() {
    let run = |subject| {
        let sandbox = Sandbox::new();
        let rest = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
        let text =
            conf(rest).replace("logfile={here}/d.log", "logfile=/dev/stdout\nlogfile_maxbytes=0");
        sandbox.write("d.conf", &text);
        let daemon = Daemon::launch(subject, &sandbox, &["-s"]);
        wait_until("cat runs", || sandbox.read("out").contains("success: cat"));
        drop(daemon);
        let out = crate::support::daemon::normalised(&sandbox.read("out"), &sandbox);
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(run(Subject::Ours), run(Subject::Original));
}

/// Issues 1251 and 1578: phrases in the help texts of the programs.
#[test]
fn help_and_sample_have_the_phrases_that_are_looked_for() {
    let help_of = |name: &str, args: &[&str]| {
        let sandbox = Sandbox::new();
        let output = Subject::Ours.program(&sandbox, name).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}");
        String::from_utf8(output.stdout).unwrap()
    };
    let cases: [(&str, &[&str], [&str; 2]); 3] = [
        (
            "supervisord",
            &["-?"],
            [
                "supervisord -- run a set of applications",
                "-l/--logfile FILENAME -- use FILENAME as",
            ],
        ),
        (
            "supervisorctl",
            &["-?"],
            ["supervisorctl -- control applications", "-i/--interactive -- start an interactive"],
        ),
        ("echo_supervisord_conf", &[], ["Sample supervisor config file", "[supervisord]"]),
    ];
    for (name, args, phrases) in cases {
        let text = help_of(name, args);
        for phrase in phrases {
            assert!(text.contains(phrase), "{name} lacks {phrase:?}:\n{text}");
        }
    }
}
