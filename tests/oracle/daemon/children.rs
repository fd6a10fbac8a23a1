//! The state that a child inherits: descriptors, signals, groups, limits, environment.

use std::fs;

use crate::support::{Daemon, Sandbox, Subject, wait_until};

/// Prints its state. The shell must not change what it prints, so a program reads the mask of ignored
/// signals.
const FACTS: &str = "#!/bin/sh\n\
    {\n\
    echo descriptors $(ls /proc/self/fd)\n\
    sed -n -e 's/^SigBlk:\\t*/blocked /p' -e 's/^SigIgn:\\t*/ignored /p' \\\n\
        -e '/^Uid:/p' -e '/^Gid:/p' -e '/^Groups:/p' -e '/^Umask:/p' /proc/self/status\n\
    set -- \"$1\" $(ps -o pid=,pgid=,sess= -p $$) $(ps -o sess= -p $PPID)\n\
    [ $2 = $3 ] && echo leads its group\n\
    [ $4 = $5 ] && echo is in the session of its parent\n\
    echo files $(ulimit -Sn) $(ulimit -Hn) processes $(ulimit -Su) $(ulimit -Hu)\n\
    pwd -P\n\
    env | grep -Ev '^(_|PWD|OLDPWD|SHLVL)=' | sort\n\
    echo done\n\
    } > \"$1\" 2>&1\n\
    exec sleep 1000\n";

fn facts(subject: Subject) -> String {
    let sandbox = Sandbox::new();
    sandbox.script("facts", FACTS);
    fs::create_dir(sandbox.path("home")).expect("a directory");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(sandbox.dir(), mode).expect("the sandbox is ours");
    let as_root = nix::unistd::getuid().is_root();
    let other = if as_root {
        "[program:other]\ncommand={here}/facts {here}/other\nuser=daemon\n"
    } else {
        ""
    };
    let rest = format!(
        "environment=SHARED=\"from the daemon\",OWN=hidden\n\
         minfds=512\n\
         [program:plain]\ncommand={{here}}/facts {{here}}/plain\n\
         [program:dressed]\ncommand={{here}}/facts {{here}}/dressed\ndirectory={{here}}/home\numask=027\n\
         environment=OWN=mine,HOME=\"/a b\",PATH=\"%(ENV_PATH)s:/extra\"\nserverurl=http://x:1\n\
         [program:mute]\ncommand={{here}}/facts {{here}}/mute\nserverurl=\n\
         {other}\
         [group:team]\nprograms=plain\n\
         [unix_http_server]\nfile={{here}}/d.sock\n\
         [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = \
         supervisor.rpcinterface:make_main_rpcinterface\n"
    );
    let mut daemon = Daemon::start(subject, &sandbox, &rest);
    let mut names = vec!["plain", "dressed", "mute"];
    names.extend(as_root.then_some("other"));
    let mut all = String::new();
    for name in names {
        wait_until("the facts are written", || sandbox.read(name).ends_with("done\n"));
        let here = sandbox.dir().to_str().expect("/tmp is UTF-8");
        all.extend(["== ", name, "\n", &sandbox.read(name).replace(here, "HERE")]);
    }
    daemon.stop();
    all
}

#[test]
fn a_child_inherits_the_same_state() {
    let ours = facts(Subject::Ours);
    assert_eq!(ours, facts(Subject::Original));
    assert!(ours.contains("SUPERVISOR_GROUP_NAME=team"), "{ours}");
    assert!(ours.contains("blocked 0000000000000000"), "{ours}");
}

/// Signals that go to a whole process group, or not.
fn family(subject: Subject) -> (bool, bool) {
    let sandbox = Sandbox::new();
    let program = |name: &str, more: &str| {
        format!(
            "[program:{name}]\ncommand=/bin/bash -c 'sleep 1000 & echo $! > {{here}}/{name}; wait'\n\
             startsecs=0\nautorestart=false\n{more}"
        )
    };
    let rest = program("alone", "") + &program("whole", "stopasgroup=true\n");
    let mut daemon = Daemon::start(subject, &sandbox, &rest);
    for name in ["alone", "whole"] {
        wait_until("the grandchild is there", || sandbox.read(name).ends_with('\n'));
    }
    daemon.stop();
    let alive =
        |name: &str| fs::exists(format!("/proc/{}", sandbox.read(name).trim())).unwrap_or(false);
    wait_until("the signal has reached the group", || !alive("whole"));
    (alive("alone"), alive("whole"))
}

#[test]
fn stopasgroup_reaches_grandchildren() {
    let ours = family(Subject::Ours);
    assert_eq!(ours, family(Subject::Original));
    assert_eq!(ours, (true, false));
}
