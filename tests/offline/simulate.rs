//! `supkit simulate` from outside.

use std::process::Output;

use serde_json::Value;

use crate::support::Sandbox;

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/seed/supervisord.conf");

fn simulate(sandbox: &Sandbox, file: &str, words: &[&str]) -> Output {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
    command.args(["simulate", "-c", file]).args(words).output().expect("it runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_quoted_configuration_is_simulated_where_it_is_not_deployed() {
    let sandbox = Sandbox::new();
    let output = simulate(&sandbox, SEED, &["--kill", "zeoserver@20s", "--stop"]);
    let shown = text(&output);
    assert!(output.status.success(), "{shown}{}", errors(&output));
    insta::assert_snapshot!(shown);
    assert!(sandbox.names().is_empty(), "nothing is written");
}

#[test]
fn json_has_the_same_events() {
    let sandbox = Sandbox::new();
    let output = simulate(&sandbox, SEED, &["--json", "--until", "90"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let up = &json["summary"]["up"][0]["from"];
    assert!(up.as_f64().is_some_and(|it| it > 0.0), "{json}");
    assert!(json["events"].as_array().is_some_and(|it| it.iter().any(|it| it["to"] == "RUNNING")));
}

#[test]
fn errors_have_a_place_and_a_remedy() {
    let sandbox = Sandbox::new();
    let conf = "[supervisord]\n[program:web]\ncommand=/bin/web\nstartsecs=soon\n";
    let file = sandbox.write("bad.conf", conf).display().to_string();
    let output = simulate(&sandbox, &file, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("bad.conf:4:11"), "{}", errors(&output));
    for (words, want) in [
        (
            &["--kill", "zeosrver@1s"][..],
            "there is no program `zeosrver`; did you mean `zeoserver`?",
        ),
        (&["--kill", "zeoserver"], "--kill zeoserver: write NAME@TIME"),
        (&["--slow", "zeoserver=soon"], "--slow: `soon` is not a time"),
        (&["--exit", "zeoserver@1s=x"], "`x` is not an exit status"),
        (&["--kill", "zeoserver@10m"], "later than the end; use `--until 660s`"),
    ] {
        let output = simulate(&sandbox, SEED, words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(errors(&output).contains(want), "{words:?}: {}", errors(&output));
        assert!(output.stdout.is_empty());
    }
    let output = simulate(&sandbox, SEED, &["--slow", "zeoserver=9s"]);
    assert!(errors(&output).contains("changes nothing for zeoserver"), "{}", errors(&output));
}

#[test]
fn what_is_not_up_at_the_end_is_exit_status_1() {
    let sandbox = Sandbox::new();
    let conf = "[supervisord]\n[program:zeo]\ncommand=/bin/zeo\nready_tcp=8100\n\
                [program:web]\ncommand=/bin/web\ndepends_on=zeo:ready\n";
    let file = sandbox.write("s.conf", conf).display().to_string();
    let output = simulate(&sandbox, &file, &["--never-ready", "zeo", "--until", "1m"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("  web: waits for zeo: ready_tcp"), "{}", text(&output));
}
