//! Options of supervisord and supervisorctl, over a file and without one.

use crate::config::ask::Case;

const FULL: &str = "[supervisord]\nlogfile=/tmp/a.log\nloglevel=warn\npidfile=/tmp/a.pid\n\
    nodaemon=true\numask=077\nidentifier=file\nminfds=100\nminprocs=50\nuser=root\n\
    childlogdir=/tmp\ndirectory=/\nlogfile_maxbytes=1MB\nlogfile_backups=3\nsilent=true\n\
    nocleanup=true\nstrip_ansi=true\n";

const LINES: &[&str] = &[
    "",
    "-n",
    "-nn",
    "-n --nodaemon",
    "--nodaemon=1",
    "--nod",
    "-s",
    "--silent",
    "--si",
    "-k",
    "-t",
    "--strip",
    "-u root",
    "-u nobody",
    "-u 0",
    "-u nope",
    "-u 77777",
    "-u",
    "--user=root",
    "--user=",
    "-uroot",
    "-m 022",
    "-m 9",
    "-m",
    "--umask 0o22",
    "-m -1",
    "-d /tmp",
    "-d /nope",
    "-d ~",
    "-l /tmp/b.log",
    "-l /nope/b.log",
    "-l b.log",
    "-l syslog",
    "-y 5MB",
    "-y 5M",
    "-z 4",
    "-z x",
    "-e debug",
    "-e DEBUG",
    "-e warning",
    "-e nope",
    "-j /tmp/b.pid",
    "-j /nope/b.pid",
    "-i line",
    "-i %(here)s",
    "-q /tmp",
    "-q /nope",
    "-a 5",
    "-a x",
    "--minfds=5",
    "--minprocs 6",
    "--min 5",
    "--minp 6",
    "--minf 7",
    "--profile_options=cumulative,calls",
    "--profile=x",
    "-h",
    "-?",
    "--help",
    "--he",
    "-v",
    "--version",
    "-hv",
    "-vn",
    "-n -v",
    "-v -x",
    "-x",
    "--nope",
    "--",
    "-- x",
    "x",
    "x y",
    "-n x",
    "-",
    "-n -s -k -t",
    "-nskt",
    "-u root -u root",
    "-u root --user nobody",
    "-l a -l b",
    "-c a.conf",
    "-c supervisord.conf",
    "--configuration=supervisord.conf",
    "--conf supervisord.conf",
    "-c nope.conf",
    "-c {dir}/supervisord.conf",
    "-c ./supervisord.conf",
    "-c {dir}/../nope",
    "-e info -l /tmp/b.log -n -j /tmp/c -i x -m 0 -z 0 -y 0",
    "-m 022 -m 022",
    "-a 1 -a 1",
    "--logfile_maxbytes 5",
    "--logfile_b 5",
    "--logfile 5",
    "--log 5",
    "-e",
    "--childlogdir /tmp",
    "--identifier=",
    "-l ",
    "-m é",
    "-z ٣",
    "--silent=no",
    "--nocleanup --nocleanup",
];

pub fn command_lines() -> Vec<Case> {
    let mut cases = Vec::new();
    for text in ["[supervisord]\n", FULL] {
        for line in LINES {
            let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
            let named = line.contains("-c ") || line.contains("--conf");
            let mut args = if named { vec![] } else { vec!["-c", "supervisord.conf"] };
            args.extend(&words);
            cases.push(Case::new(text).args(&args));
        }
    }
    cases.extend(searches());
    cases
}

/// Without `-c`.
fn searches() -> Vec<Case> {
    let empty = Case { files: Vec::new(), ..Case::new("") };
    let mut cases = Vec::new();
    for program in
        ["bin/supervisord", "{}/x/bin/supervisord", "supervisord", "./supervisord", "/supervisord"]
    {
        for files in [
            &[][..],
            &["etc/supervisord.conf"],
            &["supervisord.conf"],
            &["etc/supervisord.conf", "supervisord.conf"],
            &["../etc/supervisord.conf"],
        ] {
            let mut case = Case { program: program.to_owned(), ..empty.clone() }.args(&["-n"]);
            for file in files.iter().filter(|file| !file.starts_with("..")) {
                case = case.file(file, format!("[supervisord]\nidentifier={file}\n"));
            }
            cases.push(case);
        }
    }
    cases
}

const CTL: &str = "[supervisorctl]\nserverurl=unix://%(here)s/../s.sock\nusername=u\npassword=p%%\n\
    prompt=me\nhistory_file=~/.h\n";

const CTL_LINES: &[&str] = &[
    "",
    "status",
    "status a b",
    "-i",
    "-i status",
    "-ii",
    "--inter",
    "--interactive=1",
    "-s http://x:1",
    "-s x",
    "-s unix:///x",
    "-s http:",
    "-s http://",
    "-s //x",
    "-s x:y",
    "-s 1x:y",
    "-s ?",
    "-s h?:x",
    "--serverurl=http://h",
    "--server http://h",
    "-u a",
    "-u a -u b",
    "-p b",
    "-p",
    "-h",
    "-? x",
    "--help status",
    "start -x",
    "-x",
    "tail -f x",
    "-- -x",
    "--nope",
    "--user=x",
    "--pass=y z",
    "-u= x",
    "-su:x",
];

const CTL_TEXTS: &[&str] = &[
    CTL,
    "[supervisorctl]\n",
    "[supervisord]\n",
    "",
    "x",
    "[supervisorctl]\nfoo\n",
    "[supervisorctl]\nserverurl=http://%(ENV_HOST_X)s:%(nope)s\n",
    "[supervisorctl]\nserverurl=unix://rel\n",
    "[supervisorctl]\nserverurl=unix://~/x\n",
    "[supervisorctl]\nserverurl=unix:///a/./b/../c\n",
    "[supervisorctl]\nserverurl=\n",
    "[supervisorctl]\nserverurl=junk\n",
    "[supervisorctl]\nprompt=%(here)s\n",
    "[supervisorctl]\nusername=100%\n",
    "[supervisorctl]\nhistory_file=\n",
    "[supervisorctl]\nprompt=\n",
    "[supervisorctl]\nhistory_file=%(here)s/h\n",
    "[supervisorctl]\n[include]\nfiles=x\n",
    "[supervisorctl]\n[ctlplugin:x]\n",
    "[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=a:b\n",
    "[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=supervisor.supervisorctl:DefaultControllerPlugin\nx=%(y)s\n",
    "[DEFAULT]\nserverurl=http://d\n[supervisorctl]\n",
    "[supervisorctl]\nserverurl=a\n  b\n",
];

pub fn clients() -> Vec<Case> {
    let mut cases = Vec::new();
    for line in CTL_LINES {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let args: Vec<&str> = ["-c", "supervisord.conf"].into_iter().chain(words.clone()).collect();
        cases.push(Case::new(CTL).args(&args).client());
        let bare = Case { files: Vec::new(), ..Case::new("") };
        cases.push(bare.args(&words).client());
    }
    cases.extend(CTL_TEXTS.iter().map(|text| Case::new(text).client()));
    cases.push(Case::new("").args(&["-c", "nope"]).client());
    cases.push(Case::new("").args(&["-c", "s/"]).file("s/", "").client());
    cases
}
