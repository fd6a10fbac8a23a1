//! Two files, read one after the other: which groups differ.

use crate::config::ask::Case;

/// Bodies of one program; each is compared with each.
const BODIES: &[&str] = &[
    "",
    "command=b\n",
    "priority=5\n",
    "priority=999\n",
    "autostart=false\n",
    "autorestart=true\n",
    "startsecs=3\n",
    "startretries=4\n",
    "user=nobody\n",
    "umask=022\n",
    "directory=/tmp\n",
    "stdout_logfile=/tmp/x\n",
    "stdout_logfile=NONE\n",
    "stdout_logfile=AUTO\n",
    "redirect_stderr=true\n",
    "stdout_logfile_maxbytes=1\n",
    "stderr_logfile_backups=1\n",
    "stdout_capture_maxbytes=1\n",
    "stdout_events_enabled=true\n",
    "stdout_syslog=true\n",
    "stderr_logfile=/tmp/x\n",
    "stderr_events_enabled=true\n",
    "stderr_syslog=true\n",
    "stopsignal=INT\n",
    "stopsignal=SIGTERM\n",
    "stopwaitsecs=1\n",
    "stopasgroup=true\n",
    "killasgroup=true\n",
    "exitcodes=0,2\n",
    "exitcodes=2,0\n",
    "environment=A=1,B=2\n",
    "environment=B=2,A=1\n",
    "environment=A=1\n",
    "serverurl=http://x\n",
    "serverurl=AUTO\n",
    "numprocs=2\nprocess_name=%(process_num)d\n",
    "numprocs=2\nnumprocs_start=1\nprocess_name=%(process_num)d\n",
    "numprocs_start=1\n",
    "process_name=other\n",
];

const WHOLE: &[(&str, &str)] = &[
    ("[program:a]\ncommand=a\n", "[program:b]\ncommand=a\n"),
    (
        "[program:a]\ncommand=a\n",
        "[program:b]\ncommand=b\n[program:a]\ncommand=a\n[program:c]\ncommand=c\npriority=1\n",
    ),
    ("[program:a]\ncommand=a\n", "[program:a]\ncommand=a\n[group:g]\nprograms=a\n"),
    ("[group:a]\nprograms=b\n[program:b]\ncommand=a\nprocess_name=a\n", "[program:a]\ncommand=a\n"),
    (
        "[group:g]\nprograms=a,b\n[program:a]\ncommand=a\n[program:b]\ncommand=b\n",
        "[group:g]\nprograms=b,a\n[program:a]\ncommand=a\n[program:b]\ncommand=b\n",
    ),
    (
        "[group:g]\nprograms=a\n[program:a]\ncommand=a\n",
        "[group:g]\nprograms=a\npriority=3\n[program:a]\ncommand=a\n",
    ),
    (
        "[eventlistener:e]\ncommand=e\nevents=TICK_5\n",
        "[eventlistener:e]\ncommand=e\nevents=TICK_5,TICK_60\n",
    ),
    (
        "[eventlistener:e]\ncommand=e\nevents=TICK_5\n",
        "[eventlistener:e]\ncommand=e\nevents=tick_5,TICK_5\n",
    ),
    (
        "[eventlistener:e]\ncommand=e\nevents=TICK_5\n",
        "[eventlistener:e]\ncommand=e\nevents=TICK_5\nbuffer_size=3\n",
    ),
    ("[eventlistener:e]\ncommand=e\nevents=TICK_5\n", "[program:e]\ncommand=e\npriority=-1\n"),
    (
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\n",
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://H:1\n",
    ),
    (
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\n",
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:2\n",
    ),
    (
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\n",
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\nsocket_backlog=5\n",
    ),
    (
        "[fcgi-program:f]\ncommand=f\nsocket=unix:///s\n",
        "[fcgi-program:f]\ncommand=f\nsocket=unix:///s\nsocket_mode=0600\nsocket_owner=root\n",
    ),
    (
        "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\n",
        "[program:f]\ncommand=f\nsocket=x\npriority=4\n",
    ),
    ("[program:f]\ncommand=f\n", "[fcgi-program:f]\ncommand=f\nsocket=tcp://h:1\npriority=4\n"),
    ("environment=A=1\n[program:a]\ncommand=a\n", "environment=A=2\n[program:a]\ncommand=a\n"),
    (
        "environment=A=1\n[program:a]\ncommand=a\n",
        "environment=A=1\nidentifier=x\n[program:a]\ncommand=a\n",
    ),
    ("environment=A=1\n[program:a]\ncommand=a %(ENV_A)s\n", "[program:a]\ncommand=a %(ENV_A)s\n"),
    ("environment=A=1\n[program:a]\ncommand=a\n", "[program:a]\ncommand=a %(ENV_A)s\n"),
    (
        "environment=A=1\n[program:a]\ncommand=a %(ENV_A)s\n",
        "environment=B=\"%(ENV_A)s2\"\n[program:a]\ncommand=a %(ENV_A)s %(ENV_B)s\n",
    ),
    ("environment=A=1\n[program:a]\ncommand=a\n", "[program:a]\ncommand=a %(ENV_B)s\n"),
    ("[program:a]\ncommand=a\n", "[program:a]\ncommand=a\npriority=x\n"),
    ("[program:a]\ncommand=a\n", ""),
    ("", "[program:b]\ncommand=a\n[program:a]\ncommand=a\n"),
];

pub fn reloads() -> Vec<Case> {
    let head = "[supervisord]\nchildlogdir={dir}\n";
    let pair =
        |old: &str, new: &str| Case::new(format!("{head}{old}")).then(format!("{head}{new}"));
    let program = |body: &str| format!("[program:x]\ncommand=a\n{body}");
    let mut cases: Vec<Case> = WHOLE.iter().map(|(old, new)| pair(old, new)).collect();
    for old in BODIES {
        for new in BODIES
            .iter()
            .filter(|new| old.is_empty() || new.is_empty() || new.len() % 3 == old.len() % 3)
        {
            cases.push(pair(&program(old), &program(new)));
        }
    }
    cases
}
