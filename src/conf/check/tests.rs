use super::{Verdict, check};
use crate::conf::CommandLine;
use crate::conf::fake_host::FakeHost;
use crate::conf::read::examine;

const CONF: &str = "/etc/s.conf";

fn host(text: &str) -> FakeHost {
    FakeHost::default()
        .file(CONF, text)
        .file("/bin/a", "")
        .file("/bin/b", "")
        .variable("PATH", "/bin")
}

fn diagnostics(host: &FakeHost) -> Vec<String> {
    let examined = examine(CONF, &CommandLine::default(), host);
    let problems = check(&examined, host);
    let sources = &examined.loaded.sources;
    let line = |problem: &crate::diag::Diagnostic| {
        let (place, marked) = problem
            .span
            .map(|span| (sources.place(span).to_string(), sources.marked(span)))
            .unwrap_or_default();
        let help = problem.help.as_deref().unwrap_or("-");
        format!("{place} {} `{marked}`: {} ({help})", problem.code, problem.message)
    };
    problems.iter().map(line).collect()
}

/// The problem codes of a program section with this body.
fn codes(body: &str) -> Vec<String> {
    let text = format!("[supervisord]\n[program:x]\ncommand=/bin/a\n{body}");
    codes_of(&host(&text))
}

fn codes_of(host: &FakeHost) -> Vec<String> {
    let examined = examine(CONF, &CommandLine::default(), host);
    check(&examined, host).iter().map(|problem| problem.code.to_owned()).collect()
}

#[test]
fn a_slip_is_shown_with_its_place_and_its_remedy() {
    let text =
        "[supervisord]\n[program:x]\ncommand = /bin/a\nautostrat = true\n[groups]\nprograms = x\n";
    let host = host(text);
    insta::assert_snapshot!(diagnostics(&host).join("\n"), @"
    /etc/s.conf:4:1 unknown-option `autostrat`: unknown option `autostrat` in `[program:x]` (did you mean `autostart`?)
    /etc/s.conf:5:1 useless-section `[groups]`: the section `[groups]` does nothing (did you mean `[group:NAME]`?)
    ");
    let examined = examine(CONF, &CommandLine::default(), &host);
    assert_eq!(Verdict::of(&check(&examined, &host)), Verdict::Warnings);
}

#[test]
fn each_lint_speaks_up_for_its_case_alone() {
    for (body, want) in [
        ("", vec![]),
        ("priority=1\npriority=2\n", vec!["option-twice"]),
        ("[program:x]\npriority=2\n", vec!["section-twice"]),
        ("[program:x]\ncommand=/bin/b\n", vec!["section-twice"]),
        ("autostrat=1\n", vec!["unknown-option"]),
        ("port=1\n", vec!["unknown-option"]),
        ("[Program:y]\ncommand=/bin/a\n", vec!["useless-section"]),
        ("[ program:y]\ncommand=/bin/a\n", vec!["useless-section"]),
        ("[program: y]\ncommand=/bin/a\n", vec!["blank-in-name"]),
        ("[group:g]\nprograms=\n", vec!["no-process"]),
        ("numprocs=0\n", vec!["no-process"]),
        ("[group:g]\nprograms=x,x\n", vec!["process-twice"]),
        ("[group:g]\nprograms=x\n[group:h]\nprograms=x\n", vec!["program-in-two-groups"]),
        ("[group:y]\nprograms=x\n[program:y]\ncommand=/bin/b\n", vec!["group-twice"]),
        ("[program:y]\ncommand=/bin/nope -x\n", vec!["no-program"]),
        ("[program:y]\ncommand=nope -x\n", vec!["no-program"]),
        ("[program:y]\ncommand=b -x\n", vec![]),
        ("[program:y]\ncommand=b -x\nenvironment=PATH=\"/nope\"\n", vec!["no-program"]),
        ("[program:y]\ncommand=/tmp\n", vec!["not-executable"]),
        ("[program:y]\ncommand=\n", vec!["no-command"]),
        ("[program:y]\ncommand=b -c 'x ; y'\n", vec!["bad-command"]),
        (
            "prestart=/bin/nope -x\nstop_command=b\npoststop=/tmp\n",
            vec!["no-program", "not-executable"],
        ),
        ("directory=/nope\n", vec!["no-directory"]),
        ("directory=rel\n", vec![]),
        ("user=nope\n", vec!["bad-value"]),
        (
            "[program:y]\ncommand=/bin/nope\nuser=nope\npriority=x\nstopsignal=%(y)s\n",
            vec!["bad-value", "bad-value", "no-program", "unknown-name"],
        ),
        (
            "[rpcinterface:x]\nsupervisor.rpcinterface_factory=a:b\n[inet_http_server]\nport=localhost:1\n",
            vec!["bad-section"],
        ),
        ("[eventlistener:e]\ncommand=a\nevents=%(x)s\n", vec!["unknown-name"]),
        ("[group:g]\nprograms=x,nope\n", vec!["bad-section"]),
        ("stdout_logfile=/tmp/l\nstderr_logfile=/tmp/l\n", vec![]),
        (
            "stdout_logfile=/tmp/l\n[program:y]\ncommand=b\nstdout_logfile=/tmp/l\n",
            vec!["log-twice"],
        ),
        ("numprocs=3\nprocess_name=%(process_num)d\nstdout_logfile=/tmp/l\n", vec![]),
        ("redirect_stderr=1\nstderr_logfile=/tmp/l\n", vec!["ignored-log"]),
        ("directory=/tmp\n  priority=5\n", vec!["swallowed-option", "no-directory"]),
        ("environment=A=1,\n  user=2\n", vec![]),
        ("environment=A=~/x\n", vec!["cut-variable"]),
        ("environment=A=$X,B=2\n", vec!["bad-value", "cut-variable"]),
        ("environment=A=%(here)s/x,B=\"50%%\",C=1;D=2\n", vec![]),
        ("[supervisord]\nenvironment=A=50%%%%\n", vec!["cut-variable", "section-twice"]),
        ("[inet_http_server]\nport=localhost:1\n", vec!["no-rpcinterface"]),
        ("[inet_http_server]\nport=1\n", vec!["no-rpcinterface", "open-server"]),
        ("[DEFAULT]\nstartsecs=4\n", vec![]),
        ("[DEFAULT]\nstartsex=4\n", vec!["unknown-option"]),
        ("[group:g\nprograms=x\n", vec!["unclosed-header", "unknown-option"]),
        ("[group\n", vec!["no-option"]),
        ("[supervisorctl]\nserverurl=http://x\n", vec![]),
        ("[ctlplugin:x]\nsupervisor.ctl_factory=a:b\nfoo=1\n", vec![]),
    ] {
        let mut got = codes(body);
        let mut want: Vec<String> = want.into_iter().map(str::to_owned).collect();
        got.sort();
        want.sort();
        assert_eq!(got, want, "{body}");
    }
}

const RPC: &str = "[rpcinterface:supervisor]\n\
    supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n";

#[test]
fn servers_that_meet_are_reported() {
    let server = |name: &str, port: &str| format!("[inet_http_server:{name}]\nport={port}\n");
    let fcgi = "[fcgi-program:f]\ncommand=b\nsocket=tcp://127.0.0.1:9\n";
    for (body, want) in [
        ("[unix_http_server]\nfile=/tmp/s\n".to_owned(), vec![]),
        (server("a", "g:9") + &server("b", "g:9"), vec!["address-twice"]),
        (server("a", "g:9") + &server("b", "h:9"), vec![]),
        (server("a", "localhost:9") + &server("b", "127.0.0.1:9"), vec!["address-twice"]),
        (server("a", "localhost:9") + &server("b", "127.0.0.1:8"), vec![]),
        (server("a", "localhost:9") + fcgi, vec!["address-twice"]),
    ] {
        let text = format!("[supervisord]\n{RPC}{body}");
        assert_eq!(codes_of(&host(&text)), want, "{body}");
    }
}

#[test]
fn a_server_beyond_loopback_needs_a_password() {
    for (server, want) in [
        ("port=*:9\n", vec!["open-server"]),
        ("port=0.0.0.0:9\n", vec!["open-server"]),
        ("port=192.0.2.1:9\n", vec!["open-server"]),
        ("port=127.1.2.3:9\n", vec![]),
        ("port=localhost:9\n", vec![]),
        ("port=no.such.host:9\n", vec![]),
        ("port=*:9\nusername=u\npassword=p\n", vec![]),
        ("port=*:9\nusername=u\npassword=\n", vec!["open-server"]),
        ("port=*:9\nusername=u\npassword=p%\n", vec!["bad-format"]),
        ("port=*:9\nusername=\npassword=p\n", vec!["open-server"]),
    ] {
        let host = host(&format!("[supervisord]\n{RPC}[inet_http_server]\n{server}"));
        assert_eq!(codes_of(&host), want, "{server}");
        let examined = examine(CONF, &CommandLine::default(), &host);
        let verdict = match want.first() {
            None => Verdict::Ok,
            Some(&"open-server") => Verdict::Unsafe,
            Some(_) => Verdict::Refused,
        };
        assert_eq!(Verdict::of(&check(&examined, &host)), verdict, "{server}");
    }
}

#[test]
fn what_root_reads_may_be_changed_by_root_only() {
    let text = "[supervisord]\n[include]\nfiles=d/*.conf one.conf\n";
    let host = host(text).file("/etc/d/a.conf", "").file("/etc/one.conf", "");
    for (path, mode, want) in [
        (CONF, 0o600, vec![]),
        (CONF, 0o664, vec![]),
        (CONF, 0o606, vec!["unsafe-file"]),
        ("/etc/d/a.conf", 0o666, vec!["unsafe-file"]),
        ("/etc", 0o777, vec!["unsafe-file"]),
        ("/etc", 0o1777, vec![]),
        ("/", 0o777, vec!["unsafe-file"]),
        ("/etc/d", 0o1777, vec!["unsafe-file"]),
    ] {
        assert_eq!(codes_of(&host.clone().mode(path, mode)), want, "{path} {mode:o}");
    }
    for (path, mode, uid, gid, want) in [
        (CONF, 0o644, 0, 500, vec![]),
        (CONF, 0o664, 0, 500, vec!["unsafe-file"]),
        (CONF, 0o644, 500, 500, vec!["unsafe-file"]),
        (CONF, 0o666, 500, 500, vec!["unsafe-file"; 3]),
        ("/etc", 0o755, 500, 500, vec!["unsafe-file"]),
        ("/etc", 0o1775, 0, 500, vec![]),
        ("/etc/d", 0o2775, 0, 500, vec!["unsafe-file"]),
    ] {
        let owned = host.clone().mode(path, mode).owner(path, uid, gid);
        assert_eq!(codes_of(&owned), want, "{path} {mode:o} {uid}:{gid}");
    }
}

#[test]
fn a_clear_password_wants_a_closed_file() {
    let text = |password: &str| {
        format!(
            "[supervisord]\n{RPC}[inet_http_server]\nport=localhost:9\nusername=u\npassword={password}\n"
        )
    };
    let open = |password: &str| codes_of(&host(&text(password)).mode(CONF, 0o644));
    assert_eq!(open("secret"), ["readable-password"]);
    assert_eq!(open("{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"), [""; 0]);
    assert_eq!(open("{SHA}x"), ["bad-digest"]);
    assert_eq!(codes_of(&host(&text("secret")).mode(CONF, 0o600)), [""; 0]);
}

#[test]
fn no_password_is_shown() {
    let text = format!(
        "[supervisord]\n{RPC}[inet_http_server]\nport=localhost:9\nusername=u\npassword = aleph\npassword=beth\n\
         [supervisorctl]\npassword : 100%gimel\n  daleth\n"
    );
    let host = host(&text).mode(CONF, 0o644);
    let examined = examine(CONF, &CommandLine::default(), &host);
    let problems = check(&examined, &host);
    assert!(problems.len() >= 3, "{problems:?}");
    let shown = problems.iter().map(|problem| problem.render(&examined.loaded.sources, false));
    let shown: String = shown.collect();
    for secret in ["aleph", "beth", "gimel", "daleth"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn includes_that_lead_nowhere_are_told() {
    let text = "[supervisord]\n[include]\nfiles = d/*.conf nope.conf none/*.conf\n";
    let host = host(text).file("/etc/d/a.conf", "[include]\nfiles=x\n[program:a]\ncommand=a\n");
    insta::assert_snapshot!(diagnostics(&host).join("\n"), @"
    /etc/s.conf:3:18 no-include `nope.conf`: there is no file `/etc/nope.conf` to include (create it or leave it out)
    /etc/d/a.conf:1:1 nested-include `[include]`: an included file includes no others (name the files in the main file)
    ");
}

#[test]
fn options_of_plug_ins_are_not_called_misspelt() {
    let listener = "[eventlistener:e]\ncommand=/bin/a dependent-startup\nevents=PROCESS_STATE\n";
    for (body, want) in [
        (format!("dependent_startup_wait_for=y:running\n{listener}"), vec![]),
        ("dependent_startup=true\n".to_owned(), vec!["plugin-option"]),
        ("startinorder=true\n".to_owned(), vec!["plugin-option"]),
        ("restartpause=1\n".to_owned(), vec!["plugin-option"]),
        ("dependent_starup=true\n".to_owned(), vec!["unknown-option"]),
        ("logfile=/tmp/x\n".to_owned(), vec!["old-option"]),
        ("[supervisord]\nhttp_port=9001\n".to_owned(), vec!["old-option", "section-twice"]),
        (
            "[rpcinterface:laforge]\nsupervisor.rpcinterface_factory=\
             mr.laforge.rpcinterface:make_laforge_rpcinterface\n"
                .to_owned(),
            vec!["bad-section"],
        ),
    ] {
        let mut got = codes(&body);
        got.sort();
        assert_eq!(got, want, "{body}");
    }
    let text = "[supervisord]\nhttp_port=1\n[program:x]\ncommand=/bin/a\nrestartpause=1\nexclude=true\n\
        startinorder=1\nlog_stdout=true\n[rpcinterface:l]\n\
        supervisor.rpcinterface_factory=mr.laforge.rpcinterface:make\n";
    insta::assert_snapshot!(diagnostics(&host(text)).join("\n"), @"
    /etc/s.conf:2:1 old-option `http_port`: `http_port` is an option of Supervisor 2 (write `port` in `[inet_http_server]`, or `file` in `[unix_http_server]`)
    /etc/s.conf:5:1 plugin-option `restartpause`: `restartpause` is an option of ochinchina/supervisord, another supervisord (neither Supervisor nor supkit implements it; remove it)
    /etc/s.conf:6:1 plugin-option `exclude`: `exclude` is an option of django-supervisor, which makes such files (it has no effect here: neither Supervisor nor supkit reads it)
    /etc/s.conf:7:1 plugin-option `startinorder`: `startinorder` is read by the plug-in ordered-startup-supervisord, but no event listener runs it (supkit does not implement it; the plug-in runs with supkit: add an `[eventlistener:NAME]` for it, or remove the option)
    /etc/s.conf:8:1 old-option `log_stdout`: `log_stdout` is an option of Supervisor 2 (instead of `false` write `stdout_logfile = NONE`; otherwise remove it)
    /etc/s.conf:10:33 bad-section `mr.laforge.rpcinterface:make`: mr.laforge.rpcinterface:make cannot be resolved within [rpcinterface:l] (supkit does not have the plug-in mr.laforge and loads no Python: remove the section; built in: supervisor.rpcinterface:make_main_rpcinterface, supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface)
    ");
}

#[test]
fn a_template_or_another_kind_of_file_is_called_what_it_is() {
    for (text, want) in [
        ("[app:zope]\nuse = egg:Plone\n[server:main]\nport=80\n", vec!["no-supervisord"]),
        ("[program:x]\ncommand=/bin/a\n", vec!["no-supervisord"]),
        ("[supervisord]\n{% for x in y %}\n", vec!["no-option", "template"]),
        ("[supervisord]\nminfds={{ fds }}\n", vec!["bad-value", "template"]),
        ("[supervisord]\n[program:{{ x }}]\ncommand={{ y }}/z\n", vec!["bad-section", "template"]),
        ("[supervisord]\n; {{ x }}\n[program:x]\ncommand=/bin/a '{{.ID}}'\n", vec![]),
    ] {
        let mut got = codes_of(&host(text));
        got.sort();
        assert_eq!(got, want, "{text}");
    }
    let template = "[supervisord]\nminfds={{ fds }}\n{% if x %}\n";
    let others = ["[app:zope]\nuse = egg:Plone\n", "[program:x]\ncommand=/bin/a\n", template];
    let shown = others.map(|text| diagnostics(&host(text)).join("\n")).join("\n");
    insta::assert_snapshot!(shown, @"
     no-supervisord ``: no section of this file is one of Supervisor's (name the configuration of supervisord with `-c PATH`)
     no-supervisord ``: there is no section `[supervisord]` (check the file that includes this one, or add a line `[supervisord]`)
    /etc/s.conf:2:8 template `{{ fds }}`: the file is a template: nothing has replaced `{{ fds }}` (render the template first, and check the result)
    /etc/s.conf:3:1 no-option `{% if x %}`: neither a header nor an option (render the template first, and check the result)
    ");
}

#[test]
fn no_secret_of_an_environment_is_shown() {
    let text = "[supervisord]\npasswrd=aleph\n[program:x]\ncommand=/bin/a\n\
        environment=DB_PASSWORD=\"beth\",TOKEN=gimel daleth,URL=\"x://u:he@h\"\n\
        environment=API_KEY=~waw,B=%Q\n[program:y]\ncommand=/bin/a\nenvironment=API_KEY=~zayin/x\n";
    let host = host(text);
    let examined = examine(CONF, &CommandLine::default(), &host);
    let problems = check(&examined, &host);
    let sources = &examined.loaded.sources;
    let shown: String = problems.iter().map(|it| it.render(sources, false) + "\n").collect();
    let shown = examined.faults.iter().fold(shown, |shown, fault| shown + &fault.text);
    for secret in ["aleph", "beth", "gimel", "daleth", "he@", "waw", "zayin"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("cut-variable") && shown.contains("bad-format"), "{shown}");
}

/// A process without privileges whose hard limits are these.
fn unprivileged(text: &str) -> FakeHost {
    host(text)
        .file("/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n")
        .file("/proc/self/stat", "7 (a ) b) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 5 1 0 9 0")
        .file("/proc/self/oom_score_adj", "-10\n")
        .file("/proc/sys/fs/nr_open", "1048576\n")
        .file(
            "/proc/self/limits",
            "Limit                     Soft Limit           Hard Limit           Units\n\
             Max core file size        0                    unlimited            bytes\n\
             Max open files            1024                 4096                 files\n\
             Max nice priority         0                    0\n",
        )
}

#[test]
fn what_this_user_may_not_set_is_reported() {
    let program = "[supervisord]\n[program:x]\ncommand=/bin/a\n";
    let allowed = "rlimit_core=unlimited\nrlimit_nofile=4096\nnice=5\noom_score_adj=-10\n";
    assert_eq!(diagnostics(&unprivileged(&format!("{program}{allowed}"))), [""; 0]);
    let refused = "rlimit_nofile=1024:5000\nnice=4\noom_score_adj=-11\n";
    let text = format!("{program}{refused}");
    insta::assert_snapshot!(diagnostics(&unprivileged(&text)).join("\n"), @"
    /etc/s.conf:4:15 not-permitted `1024:5000`: this user may not set `rlimit_nofile=1024:5000`: the hard limit is 4096 (start supervisord as a user who may do that, or raise its own limit first)
    /etc/s.conf:5:6 not-permitted `4`: this user may not set `nice=4`: the niceness of this process is 5 (start supervisord as a user who may do that, or raise its own limit first)
    /etc/s.conf:6:15 not-permitted `-11`: this user may not set `oom_score_adj=-11`: only root makes a score lower than -10 (start supervisord as a user who may do that, or raise its own limit first)
    ");
    let root = unprivileged(&text).file("/proc/self/status", "CapEff:\tffffffffffffffff\n");
    assert_eq!(diagnostics(&root), [""; 0]);
    let changes_user = text.replace("[supervisord]\n", "[supervisord]\nuser=nobody\n");
    let root = unprivileged(&changes_user).file("/proc/self/status", "CapEff:\tffffffffffffffff\n");
    assert_eq!(codes_of(&root), ["not-permitted"; 3]);
    let endless = format!("{program}rlimit_nofile=unlimited\n");
    let root = unprivileged(&endless).file("/proc/self/status", "CapEff:\tffffffffffffffff\n");
    assert_eq!(codes_of(&root), ["not-permitted"]);
}
