//! Parts of collective.recipe.supervisor, compared with the real recipe: the same sections with the same
//! settings, the same scripts, or the same error.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use crate::support::oracle;
use crate::support::rng::Rng;
use serde::Deserialize;
use serde_json::json;
use supkit::diag::{Diagnostic, SourceId};
use supkit::generate::catalogue::Catalogue;
use supkit::generate::derive::{Derived, derive};
use supkit::generate::input::{Input, Part as InputPart, Value};
use supkit::generate::paths::Place;
use supkit::generate::{read_back, render};
use supkit::ini::python::Document;

const SCRIPT: &str = include_str!("scripts/ask_collective.py");

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new(&[]).expect("the recipes are sound"));

/// What the recipe made of one part.
#[derive(Debug, Deserialize)]
struct Answer {
    part: String,
    buildout: BTreeMap<String, String>,
    options: BTreeMap<String, String>,
    error: Option<String>,
    unreadable: Option<String>,
    sections: Option<Sections>,
    #[serde(default)]
    scripts: Vec<BTreeMap<String, String>>,
}

/// Names with their settings, in the order of the file.
type Sections = Vec<(String, BTreeMap<String, String>)>;

type Part = BTreeMap<&'static str, String>;

fn ask(questions: &[serde_json::Value]) -> Vec<Answer> {
    let lines: Vec<String> = questions.iter().map(ToString::to_string).collect();
    let answers = oracle::python(SCRIPT, &lines.join("\n"));
    let answers: Vec<Answer> =
        answers.lines().map(|line| serde_json::from_str(line).expect("an answer")).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

fn ours(answer: &Answer) -> Result<Derived, Vec<Diagnostic>> {
    let recipe = ("recipe".to_owned(), "collective.recipe.supervisor".to_owned());
    let options = answer.options.clone().into_iter().chain([recipe]);
    let value = |text| Value { text, span: None, lines: Vec::new() };
    let part = InputPart {
        name: answer.part.clone(),
        options: options.map(|(name, text)| (name, value(text))).collect(),
        span: None,
        ..InputPart::default()
    };
    let input = Input {
        directory: answer.buildout["directory"].clone(),
        bin: answer.buildout["bin-directory"].clone(),
        parts_directory: answer.buildout["parts-directory"].clone(),
        parts: vec![part],
        ..Input::default()
    };
    derive(&input, &CATALOGUE, &Place::new(&input.directory, "/srv/x/etc/supervisord.conf"))
}

/// The text of the configuration.
fn written(made: &Derived) -> String {
    let text = render::configuration(&made.deployment, "buildout.cfg").expect("a text");
    if let Err(faults) = read_back::compare(&made.deployment, &text) {
        panic!("{faults:#?}");
    }
    text
}

fn read(text: &str) -> Sections {
    let mut document = Document::default();
    document.read(SourceId(0), "ours", text).expect("what we write can be read");
    let sections = document.sections().iter();
    let settings = |section| {
        document.entries(section).map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    sections.map(|section| (section.name.clone(), settings(section))).collect()
}

/// The recipe writes the word `None` behind a listener's command that has no arguments.
fn without_none(mut sections: Sections) -> Sections {
    for (_, settings) in sections.iter_mut().filter(|(name, _)| name.starts_with("eventlistener:"))
    {
        if let Some(command) = settings.get_mut("command").filter(|it| it.ends_with(" None")) {
            command.truncate(command.len() - " None".len());
        }
    }
    sections
}

/// The differences as text.
fn difference(answer: &Answer) -> Option<String> {
    let made = match (ours(answer), &answer.error) {
        (Err(faults), Some(error)) => {
            let message = &faults[0].message;
            let same = message == error
                || faults[0].code == "bad-http-socket" && error.starts_with("http-socket");
            return (!same).then(|| format!("ours {message}\ntheirs {error}"));
        }
        (Ok(_), Some(error)) => return Some(format!("ours is content\ntheirs {error}")),
        (Err(faults), None) => return Some(format!("ours {faults:?}\ntheirs is content")),
        (Ok(made), None) => made,
    };
    assert_eq!(answer.unreadable, None, "{:?}", answer.options);
    let theirs = without_none(answer.sections.clone().expect("sections"));
    let found = read(&written(&made));
    let mut differences = String::new();
    if found != theirs {
        let _ = write!(differences, "ours {found:#?}\ntheirs {theirs:#?}");
    }
    if scripts(&made) != their_scripts(answer) {
        let _ =
            write!(differences, "\nours {:?}\ntheirs {:?}", scripts(&made), their_scripts(answer));
    }
    (!differences.is_empty()).then_some(differences)
}

fn scripts(made: &Derived) -> Vec<String> {
    made.scripts.iter().map(|(name, applet)| format!("{applet}={name}")).collect()
}

/// Without `memmon`, which the recipe expects in Supervisor's egg, where it no longer is; and without
/// those of plugins, which are in other eggs.
fn their_scripts(answer: &Answer) -> Vec<String> {
    let made = answer.scripts.iter().filter_map(|made| made.get("scripts"));
    made.filter(|scripts| *scripts != "memmon=memmon").cloned().collect()
}

fn assert_all_equal(answers: &[Answer]) {
    let different: Vec<String> = answers
        .iter()
        .filter_map(|answer| Some(format!("{:#?}\n{}\n", answer.options, difference(answer)?)))
        .collect();
    let shown = different.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(different.is_empty(), "{} of {} differ\n{shown}", different.len(), answers.len());
}

fn questions(parts: impl IntoIterator<Item = Part>) -> Vec<serde_json::Value> {
    parts.into_iter().map(|options| json!({"part": "supervisor", "options": options})).collect()
}

fn one(option: &'static str, value: impl Into<String>) -> Part {
    Part::from([(option, value.into())])
}

#[test]
fn projects_as_people_write_them_become_the_same_configuration() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/collective");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures")
        .map(|entry| entry.expect("a fixture").path())
        .collect();
    files.sort();
    assert!(files.len() >= 10, "too few fixtures");
    let questions: Vec<_> = files
        .iter()
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path).expect("text");
            json!({"file": name, "text": text})
        })
        .collect();
    let answers = ask(&questions);
    for answer in &answers {
        assert_eq!(answer.error, None, "{:?}", answer.buildout);
    }
    assert_all_equal(&answers);
}

#[test]
fn every_option_alone_and_empty_is_read_in_the_same_way() {
    let values =
        ["", "x", "a:b", "127.0.0.1:80", "/tmp/x/y.z", "  two  words ", "é%(here)s", "unix"];
    let recipe = CATALOGUE.find("collective.recipe.supervisor", "supervisor", &|_| None);
    let options = recipe.expect("the recipe is known").reads.0.iter();
    let asked = options.flat_map(|option| {
        values.map(|value| json!({"part": "supervisor", "options": {option.clone(): value}}))
    });
    assert_all_equal(&ask(&asked.collect::<Vec<_>>()));
}

#[test]
fn the_quirks_of_the_lines_are_the_recipes() {
    let programs = [
        "10 zeo /b/zeo",
        "10 zeo zeo",
        "10 zeo //zeo",
        "10  zeo\t/b/zeo   [fg]  /srv  true  www  more words",
        "10 zeo /b/zeo[fg]",
        "10 zeo /b/zeo [] x y",
        "10 zeo /b/zeo [true]",
        "10 zeo /b/zeo [truecolor] /srv",
        "10 zeo /b/zeo [ true] /srv false",
        "10 zeo /b/zeo [x y",
        "10 zeo /b/zeo [x] trueish who",
        "10 zeo /b/zeo [x] falsetrue who",
        "10 zeo /b/zeo /srv/true true",
        "10 zeo /b/zeo truely",
        "10 zeo /b/zeo true true true",
        "10 zeo /b/zeo [a][b] c",
        "10 zeo /b/zeo [a [b] c] d",
        "10 zeo (a=b) /b/zeo",
        "10 zeo (a=b c d= =e f=g=h Priority=5 directory=/x user=u command=/c) /b/zeo [x] /y true v",
        "10 zeo () /b/zeo",
        "10 zeo (a=b",
        "10 zeo (a=b)",
        "10 zeo (a=b c)",
        "10 zeo (a=b)c d",
        "10 zeo(a=b) /b/zeo",
        "10 zeo /b/zeo (a=b) [x]",
        "10 zeo (environment=A=\"b c\",D=1) /b/zeo",
        "10 zeo (environment=A=1,B=2) /b/zeo",
        "10 zeo (x:y=z) /b/zeo",
        "10 zeo:1 /b/zeo",
        "10 [zeo] /b/zeo",
        "10 zeo] /b/zeo",
        "10 zeo /b/zeo [-a ; -b] /srv",
        "10 zeo /b/zeo [-a # -b] /srv",
        "10 zeo /b/zeo [%(here)s %(x)s]",
        "007 zeo /b/zeo",
        "-1 zeo /b/zeo",
        "+1 zeo /b/zeo",
        "1.5 zeo /b/zeo",
        "10zeo /b/zeo",
        "\u{661}\u{662} zeo /b/zeo",
        "\u{b2} zeo /b/zeo",
        "10\u{a0}zeo\u{2003}/b/zeo\u{1f}[x]\u{85}/y",
        "10 zeo /b/zeo\n\n20 i /b/i\r\n30 j /b/j\u{b}40 k /b/k",
        "10 zeo /b/zeo\n20 zeo (startsecs=5) /c/zeo [x]\n10 i /b/i",
        "10 zeo /b/zeo\n ",
        "10 zeo /b/zeo\n  [fg]",
        " 10 zeo /b/zeo",
        "# comment",
        "zeo /b/zeo",
        "10",
        "10 ",
        "10 zeo",
        "10 zeo ",
        "10 zeo /b/zeo\nbroken\nbroken too",
    ];
    let listeners = [
        "HttpOk TICK_60 /b/httpok [-p zope:i1 -t 20 http://localhost:8080/]",
        "HttpOk (startsecs=600 autorestart=true) TICK_3600 /b/httpok [-p i1 http://h:1]",
        "Memmon TICK_60 /b/memmon",
        "Memmon TICK_60 /b/memmon []",
        "Memmon TICK_60 /b/memmon [true]",
        "Memmon TICK_60 /b/memmon [-p a=1GB",
        "Memmon TICK_60 /b/memmon rest [x]",
        "Memmon (a=b) TICK_60",
        "Memmon (a=b c) TICK_60",
        "Memmon (a=b)TICK_60 /b/m",
        "Memmon () TICK_60 /b/m",
        "Memmon TICK_60",
        " Memmon TICK_60 /b/m",
        "Mail PROCESS_STATE_EXITED,TICK_60 /b/crashmail [-a -m me@example.org]\nMail TICK_5 /b/x [y]",
        "Mail PROCESS_STATE (a=b) [x] /b/crashmail",
    ];
    let groups = [
        "10 zope i1,i2",
        "10 zope i1, i2",
        "10 zope i1,i2 rest",
        "10 zope",
        "zope i1",
        "",
        "10 zope i1\n20 zope i2\n30 other i3",
        "10\tzope\ti1",
    ];
    let includes = ["a.conf", "a.conf\nb.conf c.conf\n\n", "\n", " ", "a ; b", "é*.conf"];
    let parts = [
        programs.map(|value| one("programs", value)).to_vec(),
        listeners.map(|value| one("eventlisteners", value)).to_vec(),
        groups.map(|value| one("groups", value)).to_vec(),
        includes.map(|value| one("include", value)).to_vec(),
    ];
    assert_all_equal(&ask(&questions(parts.into_iter().flatten())));
}

/// Valid pieces of a line, and similar ones.
const PIECES: &[&str] = &[
    "10",
    "0",
    "zeo",
    "i1",
    "/b/i1",
    "/b/x y",
    "[console]",
    "[-p a -t 5]",
    "[true]",
    "[false x]",
    "[x",
    "y]",
    "[]",
    "(a=b)",
    "(a=b c=d e)",
    "(Startsecs=5",
    "user=u)",
    "()",
    "true",
    "false",
    "trueish",
    "nobody",
    "TICK_60",
    "A,B",
    "/srv/x/",
    "é",
    "%(here)s",
    "=",
    ":",
    ",",
];
const BLANKS: &[&str] = &[" ", " ", " ", "  ", "\t", "\u{a0}", ""];

fn any_line(rng: &mut Rng, first: &str) -> String {
    let mut line = first.to_owned();
    for _ in 0..rng.below(8) {
        line.push_str(rng.one_of(BLANKS));
        line.push_str(rng.one_of(PIECES));
    }
    line
}

#[test]
fn any_line_is_read_in_the_same_way() {
    let mut rng = Rng::new(20);
    let mut parts = Vec::new();
    for option in ["programs", "eventlisteners", "groups"] {
        for _ in 0..1200 {
            let first = rng.one_of(&["10 zeo", "5 x /b/y", "Ok TICK_60", "20", "x", ""]);
            let mut part = one(option, any_line(&mut rng, first));
            part.insert("sections", "services".to_owned());
            parts.push(part);
        }
    }
    let answers = ask(&questions(parts));
    let refused = answers.iter().filter(|answer| answer.error.is_some()).count();
    assert!(refused > 100 && answers.len() - refused > 1000, "{refused} refused");
    let readable: Vec<Answer> =
        answers.into_iter().filter(|answer| answer.unreadable.is_none()).collect();
    assert_all_equal(&readable);
}

/// Values that each option may have.
const VALUES: &[(&str, &[&str])] = &[
    (
        "sections",
        &["global", "ctl http", "services", "global ctl http rpc services", "http", "rpc ctl"],
    ),
    ("user", &["", "admin", "o'hara"]),
    ("password", &["", "secret", "a b"]),
    ("port", &["9001", "*:9001", "127.0.0.1:9100", ""]),
    ("http-socket", &["inet", "unix", "unix", "tcp", ""]),
    ("file", &["/run/s.sock", ""]),
    ("chmod", &["0777", ""]),
    ("chown", &["plone:plone", ""]),
    ("serverurl", &["http://host:1", ""]),
    ("logfile", &["/var/log/s.log", "/s.log"]),
    ("pidfile", &["/run/s.pid", ""]),
    ("childlogdir", &["/var/log/x"]),
    ("logfile-maxbytes", &["1GB", "0"]),
    ("logfile-backups", &["3"]),
    ("logfile_backups", &["4"]),
    ("loglevel", &["debug"]),
    ("umask", &["002"]),
    ("nodaemon", &["true"]),
    ("nocleanup", &["true"]),
    ("supervisord-user", &["plone", ""]),
    ("supervisord-directory", &["/srv", ""]),
    ("supervisord-environment", &["A=1,B='2 3'", ""]),
    (
        "programs",
        &["10 zeo /b/zeo [fg] /srv true", "", "20 i1 (startsecs=5) /b/i1\n\n30 i2 /b/i2 [x] /y"],
    ),
    ("eventlisteners", &["Ok TICK_60 /b/ok", "Ok TICK_60 /b/ok [x]\nMem (a=b) TICK_5 /b/m", ""]),
    ("groups", &["10 g i1,i2", ""]),
    ("include", &["a.conf\nb.conf", ""]),
    ("plugins", &["superlance", "superlance\nother.egg", ""]),
    ("supervisord-conf", &["/etc/supervisord.conf", "etc/supervisord.conf"]),
];

#[test]
fn any_combination_of_options_is_read_in_the_same_way() {
    let mut rng = Rng::new(21);
    let parts = (0..700).map(|_| {
        let mut part = Part::new();
        let density = 2 + rng.below(6);
        for (option, values) in VALUES {
            if rng.below(density) == 0 {
                part.insert(option, (*rng.one_of(values)).to_owned());
            }
        }
        // The recipe drops supervisord-environment if env-path is set; supkit keeps both.
        if !part.contains_key("supervisord-environment") && rng.below(5) == 0 {
            part.insert("env-path", "/opt/bin:%(ENV_PATH)s".to_owned());
        }
        part
    });
    assert_all_equal(&ask(&questions(parts)));
}

/// The deviations in `docs/deviations.md`, with the result of the recipe.
#[test]
fn where_the_recipe_errs_it_still_does() {
    let environment = Part::from([
        ("supervisord-environment", "A=1".to_owned()),
        ("env-path", "/opt/bin".to_owned()),
    ]);
    let answers = ask(&questions([
        environment,
        one("supervisord-environment", "A=1,\nB=2"),
        one("password", "#1"),
        one("eventlisteners", "Mem TICK_60 /b/m"),
        one("programs", "10 zeo ([x]=1 #y=2 =3 :z=4) /b/zeo"),
    ]));
    let get = |sections: &Sections, section: &str, key: &str| {
        let found = sections.iter().find(|(name, _)| name == section).expect("the section");
        found.1.get(key).cloned()
    };
    let both = |at: usize, section: &str, key: &str| {
        let ours = read(&written(&ours(&answers[at]).expect("ours is content")));
        let theirs = answers[at].sections.as_ref().and_then(|it| get(it, section, key));
        (get(&ours, section, key), theirs)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        both(0, "supervisord", "environment"),
        (some("A=1,PATH=/opt/bin"), some("PATH=/opt/bin"))
    );
    assert_eq!(both(1, "supervisord", "environment"), (some("A=1,\nB=2"), some("A=1,")));
    assert_eq!(both(2, "inet_http_server", "password"), (some("#1"), some("")));
    assert_eq!(both(3, "eventlistener:Mem", "command"), (some("/b/m"), some("/b/m None")));
    assert!(answers[4].unreadable.is_some(), "{:?}", answers[4]);
    assert_eq!(both(4, "program:zeo", "command").0, some("/b/zeo"));
}
