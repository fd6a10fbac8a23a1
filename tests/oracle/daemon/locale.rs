//! The locale that programs inherit, for every environment in which a daemon may start.

use std::process::Command;

use crate::support::daemon::conf;
use crate::support::{Daemon, Sandbox, Subject, oracle, wait_until};

const REST: &str = "[program:a]\ncommand=/bin/sh -c 'env > seen; locale charmap >> seen; \
    echo end >> seen; exec sleep 1000'\ndirectory={here}\nstartsecs=0\n";

const ENVIRONMENTS: &[&str] = &[
    "",
    "LANG=C",
    "LANG=POSIX",
    "LANG=",
    "LANG=C.UTF-8",
    "LANG=C.utf8",
    "LANG=en_US.UTF-8",
    "LANG=xx_YY",
    "LANG=de_DE.ISO-8859-1",
    "LANG=C LC_MESSAGES=C",
    "LC_CTYPE=C LANG=C.UTF-8",
    "LC_CTYPE=POSIX",
    "LC_CTYPE= LANG=C.UTF-8",
    "LC_CTYPE=C.UTF-8 LANG=C",
    "LC_ALL=C",
    "LC_ALL=POSIX LANG=C.UTF-8",
    "LC_ALL=xx_YY",
    "LC_ALL=C.UTF-8",
    "LC_ALL= LANG=C",
    "PYTHONCOERCECLOCALE=0",
    "PYTHONCOERCECLOCALE=0 LANG=C",
    "PYTHONCOERCECLOCALE=1",
    "PYTHONCOERCECLOCALE=1 LC_ALL=C",
    "PYTHONCOERCECLOCALE=",
    "PYTHONUTF8=0",
];

/// Sets this environment and nothing else but what a test needs.
fn with_environment<'c>(
    command: &'c mut Command,
    sandbox: &Sandbox,
    pairs: &str,
) -> &'c mut Command {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("SUPKIT_TEST_SANDBOX", sandbox.dir());
    command.envs(pairs.split(' ').filter_map(|pair| pair.split_once('=')))
}

/// The lines of a program about its locale.
fn locale_of(text: &str) -> Vec<String> {
    let is_about =
        |line: &&str| line.starts_with("LC_") || line.starts_with("LANG") || !line.contains('=');
    let mut lines: Vec<String> = text.lines().filter(is_about).map(str::to_owned).collect();
    lines.sort();
    lines
}

fn inherited(subject: Subject, pairs: &str) -> Vec<String> {
    let sandbox = Sandbox::new();
    sandbox.write("d.conf", &conf(REST));
    let mut supervisord = subject.program(&sandbox, "supervisord");
    with_environment(&mut supervisord, &sandbox, pairs);
    let mut daemon = Daemon::launch_by(supervisord, &sandbox, &[]);
    wait_until("the program has written its environment", || {
        sandbox.read("seen").ends_with("end\n")
    });
    daemon.stop();
    locale_of(&sandbox.read("seen"))
}

#[test]
fn programs_inherit_the_locale_that_supervisors_inherit() {
    for pairs in ["", "LANG=C", "LANG=C.UTF-8", "LANG=xx_YY", "LC_ALL=C", "PYTHONCOERCECLOCALE=0"] {
        let ours = inherited(Subject::Ours, pairs);
        assert_eq!(ours, inherited(Subject::Original, pairs), "{pairs:?}");
    }
}

#[test]
fn a_daemon_without_a_locale_starts_programs_with_utf8() {
    let seen = inherited(Subject::Ours, "");
    assert_eq!(seen, ["LC_CTYPE=C.UTF-8", "UTF-8", "end"]);
}

#[test]
fn the_variable_is_known_to_the_configuration() {
    for subject in [Subject::Ours, Subject::Original] {
        let sandbox = Sandbox::new();
        let rest = "[program:a]\ncommand=/bin/sh -c 'echo $X > seen; exec sleep 1000'\n\
                    directory={here}\nenvironment=X=\"%(ENV_LC_CTYPE)s\"\nstartsecs=0\n";
        sandbox.write("d.conf", &conf(rest));
        let mut supervisord = subject.program(&sandbox, "supervisord");
        with_environment(&mut supervisord, &sandbox, "LANG=C");
        let mut daemon = Daemon::launch_by(supervisord, &sandbox, &[]);
        wait_until("the program has written the value", || sandbox.read("seen").ends_with('\n'));
        daemon.stop();
        assert_eq!(sandbox.read("seen"), "C.UTF-8\n", "{subject:?}");
    }
}

/// Python itself changes the locale, so it stands for the original `pidproxy`, which waits five seconds.
#[test]
fn pidproxy_passes_on_what_pythons_children_inherit() {
    const SHOW: &str = "env; locale charmap 2> /dev/null";
    const PYTHON: &str = "import os, sys; os.execv('/bin/sh', ['sh', '-c', sys.argv[1]])";
    let sandbox = Sandbox::new();
    for pairs in ENVIRONMENTS {
        let shown = |mut command: Command, args: &[&str]| {
            let output = with_environment(&mut command, &sandbox, pairs).args(args).output();
            locale_of(&String::from_utf8_lossy(&output.expect("it runs").stdout))
        };
        let ours = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let ours = shown(ours, &["pidproxy", "a.pid", "/bin/sh", "-c", SHOW]);
        let theirs = shown(sandbox.command(oracle::bin("python")), &["-c", PYTHON, SHOW]);
        assert_eq!(ours, theirs, "{pairs:?}");
        assert!(!ours.is_empty(), "{pairs:?}");
    }
}
