//! The results of Python's parser, and which files are read.

use crate::config::ask::Case;

/// Unusual bodies of `[program:x]`.
const BODIES: &[&str] = &[
    "command = a\n",
    "command:a\n",
    "command : a\n",
    "COMMAND=a\n",
    "Command = a\n",
    "command=a=b:c\n",
    "command=a\n  b\n  c\n",
    "command=a\n\n  b\n",
    "command=a\n\n\n  b\n\n\n",
    "command=a\n\tb\n",
    "command=a\n  priority=5\n",
    "command=a\n  ; gone\n  b\n",
    "command=a\n; gone\n  b\n",
    "command=a\n# gone\n  b\n",
    "command=a ; c\n",
    "command=a # c\n",
    "command=a;c\n",
    "command=a#c\n",
    "command=a\t;c\n",
    "command=;a\n",
    "command= ;a\n",
    "command=a ;b #c\n",
    "command=a;b ;c #d\n",
    "command=a#b;c ;d #e\n",
    "command=#a ;b\n",
    "command=a\u{a0};c\n",
    "command=a\u{3000}#c\n",
    "command=\u{a0}a\u{a0}\n",
    "command=a\u{1c};b\n",
    "command=a\r\npriority=5\r\n",
    "command=a\rpriority=5\r",
    "command=a\u{b}b\n",
    "command=a\u{c}\n",
    "command=a\0b\n",
    "  command=a\n  priority=5\n",
    "  command=a\npriority=5\n",
    "command=a\n priority=5\nstartsecs=3\n",
    "command=a\ncommand=b\n",
    "command=a\nCOMMAND=b\n",
    "command\n",
    "command=a\nfoo\n",
    "command=a\nfoo\nbar\n  baz\n",
    "=a\ncommand=b\n",
    ":a\ncommand=b\n",
    "command=a\n[program:x]\npriority=3\n",
    "command=a\n[program:x] junk\n",
    "command=a\n[program:y]] junk ] x\ncommand=b\n",
    "command=a\n[]\n",
    "command=a\n[\n",
    "command=a\n]\n",
    "command=a\n  [program:y]\n",
    "command=a\n[program:y]\n  command=b\n",
    "command=a\n[ program:y ]\n",
    "command=a\n[program: y]\ncommand=b\n",
    "command=a\n[program:y ]\ncommand=b\n",
    "command=a\n[program:]\ncommand=b\n",
    "command=a\n[program:a b]\ncommand=b\n",
    "command=a\n[program:a:b]\ncommand=b\n",
    "command=a\n[program:a/b]\ncommand=b\n",
    "command=a\n[Program:y]\ncommand=\n",
    "command=a\n[program]\ncommand=b\n",
    "command=a\n[DEFAULT]\npriority=7\n",
    "command=a\n[default]\npriority=7\n",
    "[DEFAULT]\ncommand=d\npriority=7\n",
    "command=a\n[supervisord]\nidentifier=z\n",
    "command=a\n[unknown]\nx=y\n",
    "command=a\npriority = 5 6\n",
    "command=\n  a\n  b\n",
    "command='a b' \"c\"\n",
    "command=a \\\n  b\n",
    "command=a\\nb\n",
    "process_name=é\ncommand=ü\n",
    "command=a\nенв=1\n",
    "command = a\npriority =\n",
    "command=a\n;x=1\n#y=2\n",
    ";\n#\ncommand=a\n",
    "command=a\n\u{2028}priority=5\n",
    "command=a\u{85}\n",
    "rem x\ncommand=a\n",
    "command=a\nİ=1\n",
];

const WHOLE: &[&str] = &[
    "",
    "\n",
    ";\n",
    "x=1\n",
    "x\n",
    "[supervisord]",
    "[supervisord]\n",
    "[Supervisord]\n",
    "[supervisord ]\n",
    "[ supervisord]\n",
    " [supervisord]\n",
    "\t[supervisord]\n",
    "\u{feff}[supervisord]\n",
    "[supervisord]\n\u{feff}x=1\n",
    "[DEFAULT]\n",
    "[supervisord]x\n",
    "[supervisord]]\n",
    "[[supervisord]\n",
    "; c\n\n[supervisord]\n",
    " x\n[supervisord]\n",
    "[supervisord]\nx\n",
    "[supervisord]\n x=1\n",
    "[supervisord]\n=\n",
    "[supervisord]\n:\n",
    "[supervisord]\n[unix_http_server]\n",
    "[supervisord]\n[inet_http_server]\n",
    "[supervisord]\n[unix_http_server:a]\nfile=/a\n[unix_http_server:b]\nfile=/b\n",
    "[supervisord]\n[inet_http_serverfoo]\nport=1\n[inet_http_server]\nport=*:2\n",
    "[supervisord]\n[unix_http_server]\nfile=/a\nusername=x\n",
    "[supervisord]\n[unix_http_server]\nfile=/a\npassword=x\n",
    "[supervisord]\n[inet_http_server]\nusername=x\n",
    "[supervisord]\n[inet_http_server]\nport=1\nusername=\npassword=\n",
    "[supervisord]\n[inet_http_server]\nport=1\nusername=\n",
    "[supervisord]\n[inet_http_server]\nport=1\npassword=\n",
    "[supervisord]\n[inet_http_server]\nport=1\nusername=\npassword=x\n",
    "[supervisord]\n[inet_http_server]\nport=1\nusername=x\npassword=\n",
    "[supervisord]\n[unix_http_server]\nfile=/a\nusername =   ; none\npassword = x\n",
    "[supervisord]\n[inet_http_server]\nport=1\nusername=a\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n",
    "[supervisord]\n[unix_http_server]\nfile=/a\nchown=root:\n",
    "[supervisord]\n[rpcinterface:x]\n",
    "[supervisord]\n[rpcinterface:]\nx=1\n",
    "[supervisord]\n[rpcinterface]\n",
    "[supervisord]\n[rpcinterface:x]\nsupervisor.rpcinterface_factory=a:b\n",
    "[supervisord]\n[ctlplugin:x]\n",
    "[supervisord]\n[include]\n",
    "[supervisord]\n[include]\nfiles=\n",
    "[supervisord]\nminfds=x\nminprocs=y\n",
    "[supervisord]\numask=9\nminfds=1\nnodaemon=maybe\n",
    "[supervisord]\nuser=nope\n[program:x]\ncommand=a\npriority=x\n",
    "[supervisord]\nuser=nope\nlogfile=/nope/x\n",
    "[supervisord]\nlogfile=syslog\n",
    "[supervisord]\nlogfile=NONE\n",
    "[supervisord]\nlogfile=\n",
    "[supervisord]\nloglevel=\n",
    "[supervisord]\nx = %(nope)s\n",
];

pub fn dialect() -> Vec<Case> {
    let body = |body: &&str| Case::new(format!("[supervisord]\n[program:x]\n{body}"));
    let mut cases: Vec<Case> = BODIES.iter().map(body).collect();
    cases.extend(WHOLE.iter().map(Case::new));
    for bytes in [
        &b"[supervisord]\nidentifier=\xff\n"[..],
        b"[supervisord]\nidentifier=\xe9a\n",
        b"[supervisord]\nidentifier=\xe2\x82",
        b"[supervisord]\nidentifier=\xf0\x9f\x98\n",
        b"\xef\xbb\xbf[supervisord]\n",
        b"\xff\xfe[\0",
    ] {
        cases.push(Case::new(bytes));
    }
    cases
}

pub fn includes() -> Vec<Case> {
    let main = |files: &str| {
        Case::new(format!(
            "[supervisord]\nidentifier=%(here)s\n[include]\nfiles = {files}\n\
             [program:m]\ncommand=%(here)s/m\npriority=1\nenvironment=A=\"%%(here)s\"\n"
        ))
    };
    let full = |files: &str| {
        main(files)
            .file("conf.d/b.conf", "[program:b]\ncommand=%(here)s/b %%(here)s\n")
            .file("conf.d/a.conf", "[program:a]\ncommand=%(here)s/a\n[program:m]\npriority=2\n")
            .file("conf.d/.hidden.conf", "[program:hidden]\ncommand=h\n")
            .file("conf.d/sub/c.conf", "[program:c]\ncommand=%(here)s/c\n[supervisord]\nminfds=5\n")
            .file("conf.d/dir.conf/", "")
            .file("conf.d/z[1].conf", "[program:z1]\ncommand=z\n")
            .file("other/d.ini", "[include]\nfiles=e.ini\n[program:d]\ncommand=d\nx=%(here)s\n")
            .file("other/e.ini", "[program:e]\ncommand=e\n")
    };
    let patterns = [
        "conf.d/*.conf",
        "conf.d/a.conf",
        "conf.d/b.conf conf.d/a.conf",
        "conf.d/*.conf\n  other/*.ini",
        "{dir}/conf.d/?.conf",
        "%(here)s/conf.d/*.conf",
        "%%(here)s/x",
        "conf.d/**/*.conf",
        "*/*.conf",
        "conf.d/[ab].conf",
        "conf.d/[!a].conf",
        "conf.d/[[]*",
        "conf.d/z[[]1].conf",
        "conf.d/.*.conf",
        "nope/*.conf",
        "nope.conf",
        "conf.d",
        "conf.d/",
        "conf.d/*",
        "other/d.ini",
        "./conf.d/a.conf",
        "../nope*",
        "%(ENV_HOST_X)s*.conf",
        "%(host_node_name)s",
        "%(nope)s",
        "%(program_name)s",
        "",
        "conf.d/a.conf,conf.d/b.conf",
        "\"conf.d/a.conf\"",
        "conf.d/{a,b}.conf",
        "~/x.conf",
        "conf.d/*.conf conf.d/*.conf",
        "conf.d/a.conf ; comment",
        "conf.d/[",
        "conf.d/[]a].conf",
    ];
    let mut cases: Vec<Case> = patterns.iter().map(|files| full(files)).collect();
    for broken in
        ["x=1\n", "[program:q]\nfoo\n", "[program:q]\ncommand=c\npriority=x\n", "[program:q]\n"]
    {
        cases.push(main("q.conf").file("q.conf", broken));
    }
    cases.push(main("q.conf").file("q.conf", b"[program:q]\ncommand=\xff\n"));
    cases.push(main("q.conf").file("q.conf", "\u{feff}[program:q]\ncommand=c\n"));
    cases.push(main("q.conf").file("q.conf", "[DEFAULT]\nstartsecs=9\nx=%(here)s/y\n"));
    cases
        .push(main("q.conf").file("q.conf", "[program:m]\ncommand=other\n[group:g]\nprograms=m\n"));
    cases.push(main("q.conf").file("q.conf", "[unix_http_server]\nfile=%(here)s/s\n"));
    let deep = Case::new("").args(&["-c", "etc/s.conf"]);
    let text = "[supervisord]\n[include]\nfiles=d/*.ini\n[program:p]\ncommand=%(here)s\n";
    let inner = "[program:i]\ncommand=%(here)s\nuser=nope\n";
    cases.push(deep.clone().file("etc/s.conf", text).file("etc/d/i.ini", inner));
    let text = "[supervisord]\n[program:p]\ncommand=%(here)s\nuser=nope\n";
    cases.push(deep.clone().file("etc/s.conf", text));
    cases.push(deep.file("etc/s.conf/", ""));
    cases
}
