//! Both clients on both daemons: the output and exit status of every action.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::ctl::{Answer, settled, transcript};
use crate::support::daemon::SERVER;
use crate::support::{Daemon, Sandbox, Subject, wait_until};

const PROGRAMS: &str = "[program:web]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:pair]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=%(program_name)s-%(process_num)d\n\
    startsecs=0\npriority=5\n\
    [program:talk]\ncommand=/bin/sh -c 'echo out; echo err >&2; exec cat'\nstartsecs=0\n\
    stdout_logfile={here}/talk.out\nstderr_logfile={here}/talk.err\n\
    [program:mute]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n\
    [program:lost]\ncommand=/nowhere/at/all\nautostart=false\n\
    [program:plain]\ncommand={here}/d.conf\nautostart=false\n\
    [program:crash]\ncommand=/bin/false\nautostart=false\nstartsecs=3\nstartretries=0\n\
    [program:late]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\npriority=7\n\
    [program:one]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:a-program-with-a-long-name]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n\
    [group:many]\nprograms=one,a-program-with-a-long-name\n";

fn first_conf() -> String {
    format!("{SERVER}{PROGRAMS}")
}

/// `web` changed, `pair` is gone, `fresh` is new.
fn second_conf() -> String {
    let text = first_conf().replace("[program:web]\n", "[program:web]\npriority=3\n");
    text.replace("[program:pair]", "[program:fresh]")
}

/// All other pairs must print what the original client prints with the original daemon.
fn compare(confs: &[(&str, &str)], commands: &str) {
    let run = |client: Subject, daemon: Subject| {
        let sandbox = Sandbox::new();
        let daemon = Daemon::start(daemon, &sandbox, confs[0].1);
        daemon.wait_for_count("entered RUNNING state", 6);
        wait_until("talk has spoken", || {
            !sandbox.read("talk.out").is_empty() && !sandbox.read("talk.err").is_empty()
        });
        transcript(client, &sandbox, confs, commands)
    };
    std::thread::scope(|scope| {
        let expected = scope.spawn(|| run(Subject::Original, Subject::Original));
        let run = &run;
        let others = OTHERS.map(|(client, daemon)| scope.spawn(move || run(client, daemon)));
        let expected = expected.join().expect("the originals get on");
        for (got, who) in others.into_iter().zip(OTHERS) {
            assert_same(&got.join().expect("they get on"), &expected, &format!("{who:?}"));
        }
    });
}

/// The same without a daemon: an invalid command line, an absent server.
fn compare_alone(confs: &[(&str, &str)], commands: &str, settle: fn(Answer) -> Answer) {
    let run = |client: Subject| {
        let sandbox = Sandbox::new();
        let answers = transcript(client, &sandbox, confs, commands);
        answers.into_iter().map(settle).collect::<Vec<_>>()
    };
    assert_same(&run(Subject::Ours), &run(Subject::Original), "alone");
}

/// The rest is help, whose text differs.
fn first_line(answer: Answer) -> Answer {
    let out = answer.out.lines().next().unwrap_or_default().to_owned();
    Answer { out, ..answer }
}

/// Between the two lines of Supervisor's error, ours shows the place and the remedy.
fn without_diagnosis(answer: Answer) -> Answer {
    let is_theirs = |line: &&str| line.starts_with("Error: ") || line.starts_with("For help, ");
    let lines: Vec<&str> = answer.err.lines().filter(is_theirs).collect();
    Answer { err: lines.join("\n"), ..answer }
}

fn assert_same(got: &[Answer], expected: &[Answer], who: &str) {
    let different: Vec<_> = got.iter().zip(expected).filter(|(got, want)| got != want).collect();
    let shown = different.iter().map(|(got, want)| format!("--- want\n{want:?}--- got\n{got:?}"));
    let shown: String = shown.collect();
    assert!(different.is_empty(), "{who}: {} answers differ\n{shown}", different.len());
    assert_eq!(got.len(), expected.len());
}

/// Client and daemon.
const OTHERS: [(Subject, Subject); 3] = [
    (Subject::Ours, Subject::Original),
    (Subject::Original, Subject::Ours),
    (Subject::Ours, Subject::Ours),
];

#[test]
fn looking_and_acting() {
    let commands = "status; status web; status nope; status web nope pair:*; status pair:; \
        status nope:*; status nope:x; status many:one web; status all; status lost; avail; \
        pid; pid web; pid web nope; pid lost; pid all; pid nope:*; version; help; \
        help nosuch; help status x; ?; !x; EOF; foo; -x; quit; exit; exit now; STATUS; \
        status-x; statusx web; start web; start nope; start nope:*; start lost; \
        start plain; start crash; start web nope lost; start late; status late crash; \
        start pair:*; start pair; start many:*; status many:*; stop lost; \
        stop nope; stop nope:*; stop web; stop web; status web; stop pair:*; \
        stop many:one nope pair:pair-1; start web pair:*; signal FOO web; signal CONT web; \
        signal 18 web nope; signal sigcont pair:*; signal CONT nope:*; signal CONT lost; \
        signal FOO nope; signal CONT all; signal FOO pair:*; \
        clear web; clear nope; clear web nope; clear all; restart web; restart nope; \
        restart nope:*; restart pair:*; restart late web; stop all; \
        add; add web; add nope; remove; remove web; remove nope; remove web nope; stop web; \
        remove web; status web; add web; start web; open foo; open ftp://x; \
        open unix://nowhere.sock; fg nope; fg lost; fg pair:*; fg a b";
    compare(&[("one", &first_conf())], commands);
}

#[test]
fn configurations_that_change() {
    let (one, two) = (first_conf(), second_conf());
    let broken = format!("{two}[program:broken]\nautostart=perhaps\n");
    let confs = [("one", one.as_str()), ("two", &two), ("broken", &broken)];
    let commands = "reread; update; update nope; update nope web; update all; @two; reread; avail; \
        status; update nope fresh; status; update web; avail; update; reread; update; \
        status; @broken; reread; update; avail; @one; reread; add pair; add pair fresh; \
        remove fresh; stop fresh; remove fresh; reread; update; status; shutdown";
    compare(&confs, commands);
}

#[test]
fn logs() {
    let commands = "tail talk; tail talk stderr; tail -2 talk; tail -0 talk STDOUT; tail -x talk; \
        tail -+3 talk; tail - talk; tail --2 talk; tail talk stdin; tail mute; tail nope; \
        tail nope stderr; tail many:*; tail -f; tail -5; tail -5 talk foo; tail late; \
        maintail -x; maintail foo; tail -f nope";
    compare(&[("one", &first_conf())], commands);
}

#[test]
fn all_at_once() {
    let calm = first_conf()
        .replace("[program:crash]\ncommand=/bin/false", "[program:zcat]\ncommand=/bin/cat");
    let commands = "start all; status; signal CONT all; stop all; stop all; start web all; restart all; \
        clear all; status; pid all; shutdown";
    compare(&[("one", &calm)], commands);
}

#[test]
fn mistakes() {
    let commands = "start; stop; restart; signal; signal HUP; clear; fg; tail; tail a b c d; \
        tail -f a b c; maintail a b; avail x; reread x; version x; shutdown x; reload x";
    let run = |client| {
        let sandbox = Sandbox::new();
        let conf = first_conf();
        let _daemon = Daemon::start(Subject::Original, &sandbox, &conf);
        let answers = transcript(client, &sandbox, &[("one", &conf)], commands);
        answers.into_iter().map(first_line).collect::<Vec<_>>()
    };
    // Several names after -f are an extension.
    let commands_of_both = |answers: Vec<Answer>| {
        answers.into_iter().filter(|a| a.command != "tail -f a b c").collect()
    };
    let (got, want): (Vec<_>, Vec<_>) =
        (commands_of_both(run(Subject::Ours)), commands_of_both(run(Subject::Original)));
    assert_same(&got, &want, "mistakes");
}

#[test]
fn no_daemon() {
    let refused = "[supervisorctl]\nserverurl=http://127.0.0.1:1\n";
    let missing = "[supervisorctl]\nserverurl=unix://{here}/none/d.sock\n";
    let actions = "status; status nope; avail; pid; pid x; version; start x; stop x; restart x; \
        signal HUP x; clear x; tail x; tail -f x; maintail; maintail -f; fg x; add x; remove x; \
        reread; update; shutdown; reload; open unix:///none/here; open http://127.0.0.1:1; help; \
        add; remove; -s unix://d.conf status; -s unix://d.conf/x pid; -s ftp://x status; \
        -s http://127.0.0.1:x status; -s http://127.0.0.1:70000 pid";
    let commands = format!("@refused; {actions}; @missing; {actions}");
    compare_alone(&[("refused", refused), ("missing", missing)], &commands, |answer| answer);
}

#[test]
fn command_lines_and_files() {
    let confs = [
        ("good", "[supervisorctl]\nserverurl = unix://%(here)s/../none.sock\n"),
        ("none", "[supervisorctlx]\n"),
        ("bare", "[supervisorctl]\n"),
        ("bad", "[supervisorctl]\nserverurl=%(nowhere)s\n"),
        ("here", "[supervisorctl]\nprompt=%(here)s\n"),
        ("plugin", "[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=no.such:thing\n"),
        ("half", "[supervisorctl]\n[ctlplugin:x]\nfoo=bar\n"),
    ];
    let commands = "@good; -x; --bogus; -s; -s nourl pid; -s http: pid; --serverurl=http://127.0.0.1:1 pid; \
        --serv http://127.0.0.1:1 pid; -s http://127.0.0.1:1 -s http://127.0.0.1:1 pid; \
        -u a -u b pid; -i -i pid; -i pid; -c d.conf pid; --interactive=1 pid; \
        -u a --username=b pid; -ubob -pword -s unix://x/none.sock status; status -x; -- pid; pid; \
        @none; pid; @bare; -s unix://none.sock pid; @bad; pid; @here; pid; \
        @plugin; pid; @half; pid";
    compare_alone(&confs, commands, without_diagnosis);
}

/// The same with a password.
fn guarded() -> String {
    first_conf()
        .replace("{here}/d.sock\n[super", "{here}/d.sock\nusername=me\npassword=s3cret\n[super")
}

#[test]
fn names_and_passwords() {
    let commands = "status web; pid; reread; shutdown; -u me -p s3cret pid; -u me -p wrong pid; \
        -u me -p s3cret tail -f nope; tail -f web; -u me pid; -p s3cret pid; -u me -p s3cret status";
    compare(&[("one", &guarded())], commands);
}

/// The output and exit status of a client with these lines as its input.
fn fed(client: Subject, sandbox: &Sandbox, lines: &str) -> (String, Option<i32>) {
    fed_to(client.program(sandbox, "supervisorctl"), sandbox, lines)
}

fn fed_to(mut command: Command, sandbox: &Sandbox, lines: &str) -> (String, Option<i32>) {
    command.args(["-c", "d.conf"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    (settled(&String::from_utf8_lossy(&output.stdout), sandbox), output.status.code())
}

#[test]
fn lines_from_a_pipe() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Original, &sandbox, &first_conf());
    daemon.wait_for_count("entered RUNNING state", 6);
    let scripts = [
        "",
        "\n\n",
        "pid web\nstatus nope\nnonsense\n  version  \n",
        "shutdown\nn\nreload\nno\nversion",
        "shutdown\n",
        "exit\npid\n",
        "quit now\n",
        "EOF\npid\n",
        "help help me\n? nosuch\n!ls\n",
        "open http://127.0.0.1:1\nstatus\nopen unix://{here}/d.sock\npid\n",
        "fg nope\nfg\n",
    ];
    for script in scripts {
        let script = script.replace("{here}", sandbox.dir().to_str().expect("UTF-8"));
        let got = fed(Subject::Ours, &sandbox, &script);
        let want = fed(Subject::Original, &sandbox, &script);
        let first_words = |(text, status): (String, _)| {
            let lines = text.lines().filter(|line| !line.starts_with("fg <process>"));
            (
                lines
                    .filter(|line| *line != "\t\tCtrl-C to exit")
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
                status,
            )
        };
        assert_eq!(first_words(got), first_words(want), "{script:?}");
    }
}

#[test]
fn a_password_from_a_pipe() {
    let sandbox = Sandbox::new();
    let daemon = Daemon::start(Subject::Original, &sandbox, &guarded());
    daemon.wait_for_count("entered RUNNING state", 6);
    for script in ["me\nwrong\nme\ns3cret\npid web\n", "", "me\ns3cret\nopen http://127.0.0.1:1\n"]
    {
        let [ours, original] = [Subject::Ours, Subject::Original].map(|client| {
            // Without a terminal a client reads the answers from standard input.
            let mut command = sandbox.command("setsid");
            let inside = client.program(&sandbox, "supervisorctl");
            command.arg("--wait").arg(inside.get_program()).args(inside.get_args());
            fed_to(command, &sandbox, script)
        });
        assert_eq!(ours, original, "{script:?}");
    }
}

#[test]
fn a_configuration_is_found_without_being_named() {
    let conf = |name: &str| format!("[supervisorctl]\nserverurl=unix://{{here}}/{name}\n");
    let both = [Subject::Ours, Subject::Original].map(|client| {
        let sandbox = Sandbox::new();
        let mut printed = String::new();
        // The better place last.
        for (file, socket) in [("etc/supervisord.conf", "b"), ("supervisord.conf", "a")] {
            sandbox.write(file, &conf(socket));
            let mut command = client.program(&sandbox, "supervisorctl");
            let output = command.arg("version").stdin(Stdio::null()).output().expect("it runs");
            printed += &settled(&String::from_utf8_lossy(&output.stdout), &sandbox);
        }
        printed
    });
    assert_eq!(both[0], both[1]);
    assert_eq!(both[0], "unix://HERE/b no such file\nunix://HERE/a no such file\n");
}
