//! The completions of supervisorctl in the shells themselves: bash is tested beside its page of the
//! manual in `tests/offline`, zsh and fish here, because they must be installed.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::daemon::{SERVER, conf};
use crate::support::terminal::Terminal;
use crate::support::{Sandbox, printed, wait_until};

const SUPKIT: &str = env!("CARGO_BIN_EXE_supkit");

const PROGRAMS: &str = "[program:web]\ncommand=/bin/sleep 1000\n\
                        [group:pool]\nprograms=one,two\n[program:one]\ncommand=/bin/sleep 1000\n\
                        [program:two]\ncommand=/bin/sleep 1000\nautostart=false\n";

/// A running daemon with `d.conf`, and the completions in `file`.
fn daemon(shell: &str, file: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let supkit = |args: &[&str]| {
        let output = sandbox.command(SUPKIT).args(args).output().expect("it runs");
        assert!(output.status.success(), "{args:?}: {}", printed(&output));
        output.stdout
    };
    let text = supkit(&["completions", shell, "supervisorctl"]);
    fs::write(sandbox.path(file), text).expect("the file can be written");
    supkit(&["link", "."]);
    sandbox.write("d.conf", &conf(&format!("{SERVER}{PROGRAMS}")));
    supkit(&["supervisord", "-c", "d.conf"]);
    wait_until("the daemon answers", || sandbox.path("d.sock").exists());
    sandbox
}

/// Finds the programs of the sandbox, and no settings of a person.
fn shell(sandbox: &Sandbox, name: &str) -> Command {
    let mut shell = sandbox.command(name);
    let path = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{path}", sandbox.dir().display())).env("HOME", sandbox.dir());
    shell
}

const ALL: [&str; 5] = ["all", "pool:*", "pool:one", "pool:two", "web"];

#[test]
fn fish_offers_actions_options_and_the_programs_of_the_daemon() {
    let sandbox = daemon("fish", "completions.fish");
    let offered = |words: &str| {
        let script = "source completions.fish; complete --do-complete $argv[1]";
        let mut fish = shell(&sandbox, "fish");
        let fish = fish.args(["--no-config", "--command", script, words]).stdin(Stdio::null());
        let output = fish.output().expect("fish is installed");
        assert!(output.status.success() && output.stderr.is_empty(), "{}", printed(&output));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let word = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        let mut words: Vec<String> = text.lines().map(word).collect();
        words.sort();
        words
    };
    let actions = ["reload", "reload-program", "remove", "reopen", "reread", "restart"];
    assert_eq!(offered("supervisorctl re"), actions);
    for options in ["-c d.conf", "--configuration d.conf", "--configuration=d.conf"] {
        assert_eq!(offered(&format!("supervisorctl {options} rel")), actions[..2]);
        assert_eq!(offered(&format!("supervisorctl {options} stop ")), ALL);
    }
    assert_eq!(offered("supervisorctl --ser"), ["--serverurl"]);
    assert_eq!(offered("supervisorctl -c d.conf help shut"), ["shutdown"]);
    assert_eq!(offered("supervisorctl -c d.conf stop web w"), ["web"]);
    assert_eq!(offered("supervisorctl -c d.conf restart pool:t"), ["pool:two"]);
    assert_eq!(offered("supervisorctl -c d.conf version "), [""; 0]);
    // Without a daemon only `all` is known.
    assert_eq!(offered("supervisorctl -s unix:///nowhere start "), ["all"]);
}

#[test]
fn zsh_offers_actions_options_and_the_programs_of_the_daemon() {
    let sandbox = daemon("zsh", "_supervisorctl");
    let mut zsh = shell(&sandbox, "zsh");
    let mut terminal = Terminal::run(zsh.arg("-f").env("PS1", "ready> "));
    terminal.expect("ready> ");
    // What is displayed before belongs to another line.
    let enter = |terminal: &mut Terminal, keys: &str| {
        terminal.press("\x15clear; print READ''Y\r");
        terminal.expect("READY");
        terminal.expect("ready> ");
        terminal.press(keys);
    };
    enter(&mut terminal, "fpath=($PWD $fpath); autoload -U compinit; compinit -u -D\r");
    for (words, offered) in [
        ("supervisorctl rel", &["reload", "reload-program"][..]),
        ("supervisorctl -c d.conf stop ", &ALL),
        ("supervisorctl --configuration d.conf stop ", &ALL),
        ("supervisorctl --configuration=d.conf stop ", &ALL),
        ("supervisorctl -c d.conf restart pool:", &ALL[1..4]),
        ("supervisorctl -s unix:///nowhere start ", &["all"]),
        ("supervisorctl -c d.conf help shut", &["shutdown"]),
        ("supervisorctl --ser", &["--serverurl"]),
    ] {
        enter(&mut terminal, &format!("{words}\t\t"));
        for word in offered {
            // As it has to be typed.
            terminal.shows(&word.replace('*', "\\*"));
        }
    }
    terminal.press("\x15exit\r");
    terminal.ends();
}
