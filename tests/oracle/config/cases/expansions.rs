//! `%(name)s` in all its forms, in all places.

use crate::config::ask::Case;

/// Names that exist in some section.
const NAMES: &[&str] = &[
    "here",
    "host_node_name",
    "program_name",
    "group_name",
    "process_num",
    "numprocs",
    "ENV_HOME",
    "ENV_FROM_D",
    "ENV_OWN",
    "ENV_",
    "nope",
];

const OPTIONS: &[&str] = &[
    "command",
    "process_name",
    "directory",
    "environment",
    "stdout_logfile",
    "stderr_logfile",
    "stdout_logfile_backups",
    "stdout_logfile_maxbytes",
    "stdout_syslog",
    "priority",
    "user",
    "umask",
    "serverurl",
    "numprocs",
    "autostart",
    "stopsignal",
    "exitcodes",
];

/// Conversions, to be filled with a name.
const FORMATS: &[&str] = &[
    "%({})s",
    "%({})10s|",
    "%({})-10s|",
    "%({}).2s",
    "%({})010d",
    "%({})02d",
    "%({})5.3d|",
    "%({})-5d|",
    "%({})+d",
    "%({}) d",
    "%({})x",
    "%({})#x",
    "%({})#o",
    "%({})X",
    "%({})o",
    "%({})i",
    "%({})u",
    "%({})f",
    "%({}).2f",
    "%({})e",
    "%({})G",
    "%({})g",
    "%({})c",
    "%({})r",
    "%({})a",
    "%({})%",
    "%({})5%",
    "%({})y",
    "%({})",
    "%({}",
    "%({})*d",
    "%({}).*d",
    "%({}).d",
    "%({}).s",
    "%({})hs",
    "%({})ld",
    "%({})lls",
    "%({})é",
    "%%({})s",
    "%%%({})s",
    "%%%%({})s",
    "%({})s %s",
    "%({})s%",
    "%({})#s",
    "%({})+s",
    "%({})05s",
    "%({})-05d|",
    "%({})+05d",
    "%({})#08x",
    "%({})0-8d|",
];

pub fn expansions() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in NAMES {
        for option in OPTIONS {
            cases.push(program(option, &format!("%({name})s")));
            cases.push(program(option, &format!("%%({name})s")));
        }
        for option in ["command", "process_name", "stdout_logfile", "environment"] {
            for format in FORMATS {
                cases.push(program(option, &format.replace("{}", name)));
            }
        }
    }
    for option in ["logfile", "identifier", "environment", "directory", "minfds"] {
        for name in NAMES {
            cases.push(daemon(option, &format!("%({name})s")));
            cases.push(daemon(option, &format!("A=\"%%({name})s\"")));
        }
    }
    cases.extend(quirks());
    cases
}

fn program(option: &str, value: &str) -> Case {
    let value = if option == "environment" {
        format!("OWN=\"own%%(process_num)d\",X=\"{value}\"")
    } else {
        value.to_owned()
    };
    let command = if option == "command" { "" } else { "command=/bin/cat\n" };
    let environment = if option == "environment" { "" } else { "environment=OWN=\"1\"\n" };
    let two = if option == "process_name" && value.contains("(process_num)") {
        "numprocs=3\n"
    } else {
        ""
    };
    Case::new(format!(
        "[supervisord]\nenvironment=FROM_D=\"d\"\n[program:x]\n{command}{environment}{two}{option} = {value}\n"
    ))
}

fn daemon(option: &str, value: &str) -> Case {
    Case::new(format!("[supervisord]\n{option} = {value}\n"))
}

fn quirks() -> Vec<Case> {
    let texts = [
        // The environment of a process is visible to the following ones.
        "[supervisord]\n[program:x]\ncommand=c\nnumprocs=3\nprocess_name=%(process_num)d\n\
         environment=A=\"%(process_num)d\",B=\"%(ENV_A)s\"\n",
        "[supervisord]\nenvironment=A=\"0\"\n[program:x]\ncommand=c %(ENV_A)s\nnumprocs=3\n\
         process_name=%(process_num)d\nenvironment=B=\"%(ENV_A)s\",A=\"%(process_num)d\"\n",
        "[supervisord]\n[program:x]\ncommand=c\nnumprocs=12\nnumprocs_start=5\n\
         process_name=p_%(process_num)s\nstdout_logfile=/tmp/%(process_num)02d.log\n",
        "[supervisord]\n[program:x]\ncommand=c %(numprocs)d\nnumprocs=0\n",
        "[supervisord]\n[program:x]\ncommand=c %(numprocs)d\nnumprocs=-2\n",
        "[supervisord]\n[program:x]\ncommand=c %(process_num)d\nnumprocs_start=-2\n",
        "[supervisord]\n[program:x]\ncommand=c\nnumprocs=2\n",
        "[supervisord]\n[program:x]\ncommand=c\nnumprocs=2\nprocess_name=%(process_num)\n",
        "[supervisord]\n[program:x]\ncommand=c\nnumprocs=2\nprocess_name=x%%(process_num)s\n",
        "[supervisord]\n[program:x]\ncommand=c\nprocess_name=%(ENV_HOME)s\n",
        "[supervisord]\n[program:x]\ncommand=c\nprocess_name=a b\n",
        "[supervisord]\n[program:x]\ncommand=c\nprocess_name=\n",
        "[supervisord]\nenvironment=A=\"%%(here)s\",B=\"%%%%\"\n[program:x]\ncommand=c %(ENV_A)s\n",
        "[supervisord]\nenvironment=HOME=\"/elsewhere\"\nlogfile=%(ENV_HOME)s/l\n\
         [program:x]\ncommand=%(ENV_HOME)s/c\nstdout_logfile=/tmp/100%%%%\n",
        "[supervisord]\nenvironment=A=\"%%%%\"\n[program:x]\ncommand=c\nstdout_logfile=/tmp/%(ENV_A)s\n",
        "[supervisord]\nenvironment=A=\"50%%%%\"\n[program:x]\ncommand=c\nenvironment=B=\"%(ENV_A)s\"\n",
        "[supervisord]\n[program:x]\ncommand=c\nstdout_logfile=/tmp/%%(program_name)s\n",
        "[supervisord]\n[program:x]\ncommand=c\nstderr_logfile=/tmp/%%(nope)s\n",
        "[supervisord]\n[program:x]\ncommand=c\nuser=%(ENV_OWN)s\nenvironment=OWN=\"root\"\n",
        "[supervisord]\n[program:x]\ncommand=c\ndirectory=%(ENV_OWN)s\nenvironment=OWN=\"/x\"\n",
        "[supervisord]\n[DEFAULT]\nx=%(here)s\ncommand=%(program_name)s\n[program:x]\n[program:y]\n",
        "[supervisord]\n[unix_http_server]\nfile=%(here)s/s\nusername=%(here)s\npassword=x\n",
        "[supervisord]\n[unix_http_server]\nfile=%(program_name)s\n",
        "[supervisord]\n[inet_http_server]\nport=%(ENV_PORT)s\nusername=%(ENV_U)s\npassword=%(ENV_P)s\n",
        "[supervisord]\n[inet_http_server]\nport=1\nusername=%(ENV_EMPTY)s\npassword=%(ENV_P)s\n",
        "[supervisord]\n[unix_http_server]\nfile=/a\nusername=%(ENV_EMPTY)s\npassword=%(ENV_EMPTY)s\n",
        "[supervisord]\n[unix_http_server]\nfile=/a\nusername=%(ENV_BLANK)s\npassword=%(ENV_P)s\n",
        "[supervisord]\n[inet_http_server]\nport=80\npassword=100%\nusername=x\n",
        "[supervisord]\n[rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\nx=%(here)s\n",
        "[supervisord]\n[fcgi-program:x]\ncommand=c\nsocket=unix://%(here)s/%(program_name)s.sock\n",
        "[supervisord]\n[fcgi-program:x]\ncommand=c\nsocket=unix:///%(process_num)s.sock\n",
        "[supervisord]\n[eventlistener:x]\ncommand=c %(group_name)s\nevents=%(ENV_EV)s\n",
        "[supervisord]\n[group:g]\nprograms=%(ENV_LIST)s\n[program:a]\ncommand=%(group_name)s\n\
         [program:b]\ncommand=%(program_name)s\n",
        "[supervisord]\nchildlogdir=%(here)s\npidfile=%(here)s/x.pid\nuser=%(ENV_OWNER)s\n",
    ];
    let with = |text: &&str| {
        Case::new(text)
            .variable("PORT", "9001")
            .variable("U", "u")
            .variable("P", "p%p")
            .variable("EMPTY", "")
            .variable("BLANK", " ")
            .variable("EV", "TICK_5,TICK_60")
            .variable("LIST", "a, b")
            .variable("OWNER", "root")
    };
    texts.iter().map(with).collect()
}
