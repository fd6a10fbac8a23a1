//! `supkit man` and `supkit completions`.

use std::fs;
use std::process::Command;

use crate::support::daemon::{SERVER, conf};
use crate::support::{Sandbox, printed, wait_until};

fn supkit(sandbox: &Sandbox, args: &[&str]) -> String {
    let output =
        sandbox.command(env!("CARGO_BIN_EXE_supkit")).args(args).output().expect("it runs");
    assert!(output.status.success(), "{args:?}: {}", printed(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn every_program_and_every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    supkit(&sandbox, &["man", "man/man1"]);
    let page = |name: &str| {
        let text = fs::read_to_string(sandbox.path(format!("man/man1/{name}.1"))).expect(name);
        assert!(text.contains(".TH ") && text.contains("\n.SH NAME\n"), "{text}");
        text
    };
    for name in ["supkit", "supkit-generate", "supkit-link", "pidproxy", "echo_supervisord_conf"] {
        page(name);
    }
    assert!(page("supervisord").contains(r"\fB\-c\fR, \fB\-\-configuration\fR"));
    let actions = page("supervisorctl");
    assert!(
        actions.contains("restart <group>:*") && actions.contains("help <action>"),
        "{actions}"
    );
    assert!(!sandbox.path("man/man1/supkit-supervisord.1").exists());
}

#[test]
fn every_shell_has_completions_of_every_program() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(supkit(&sandbox, &["completions", shell]).contains("generate"));
        assert!(supkit(&sandbox, &["completions", shell, "supervisord"]).contains("nodaemon"));
        let text = supkit(&sandbox, &["completions", shell, "supervisorctl"]);
        assert!(text.contains("serverurl") && text.contains("reread"), "{text}");
        let is_placeholder = |word: &str| word.len() > 3 && word.chars().all(char::is_uppercase);
        let left: Vec<&str> = text.split('@').filter(|word| is_placeholder(word)).collect();
        assert_eq!(left, [""; 0], "every word of the template is replaced");
    }
}

/// What bash offers for the last of these words.
fn offered(sandbox: &Sandbox, words: &str) -> Vec<String> {
    let script = "PATH=$PWD:$PATH; . ./completions
        COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \\t\\n=:'
        _supervisorctl
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash: Command = sandbox.command("bash");
    let output = bash.args(["-c", script, "bash", words]).output().expect("it runs");
    assert!(output.status.success(), "{}", printed(&output));
    printed(&output).split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_offers_actions_options_and_the_programs_of_the_daemon() {
    let sandbox = Sandbox::new();
    let text = supkit(&sandbox, &["completions", "bash", "supervisorctl"]);
    sandbox.write("completions", &text);
    supkit(&sandbox, &["link", "."]);
    let programs = "[program:web]\ncommand=/bin/sleep 1000\n\
                    [group:pool]\nprograms=one,two\n[program:one]\ncommand=/bin/sleep 1000\n\
                    [program:two]\ncommand=/bin/sleep 1000\nautostart=false\n";
    sandbox.write("d.conf", &conf(&format!("{SERVER}{programs}")));
    supkit(&sandbox, &["supervisord", "-c", "d.conf"]);
    wait_until("the daemon answers", || sandbox.path("d.sock").exists());
    let actions = ["reload", "reload-program", "remove", "reopen", "reread", "restart"];
    assert_eq!(offered(&sandbox, "supervisorctl re"), actions);
    assert_eq!(offered(&sandbox, "supervisorctl --ser"), ["--serverurl"]);
    assert_eq!(offered(&sandbox, "supervisorctl -c d.conf help shut"), ["shutdown"]);
    assert_eq!(offered(&sandbox, "supervisorctl -c d.conf stop w"), ["web"]);
    assert_eq!(offered(&sandbox, "supervisorctl -c d.conf stop web al"), ["all"]);
    // After a colon, bash has begun a new word.
    let members = offered(&sandbox, "supervisorctl -c d.conf restart pool:");
    assert_eq!(members, ["*", "one", "two"]);
    assert_eq!(offered(&sandbox, "supervisorctl -c d.conf restart pool:t"), ["two"]);
    assert_eq!(offered(&sandbox, "supervisorctl -c d.conf version "), [""; 0]);
    // Without a daemon only `all` is known.
    assert_eq!(offered(&sandbox, "supervisorctl -s unix:///nowhere start "), ["all"]);
}
