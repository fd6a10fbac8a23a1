//! Answers about small files. A bar in a text is the cursor.

use super::completion::completions;
use super::configuration::{Configuration, SourceFile};
use super::definition::definition;
use super::hover::hover;
use super::main_file::{Main, main_file};
use super::rename::{references, rename, symbol_at};
use super::{grammar, project};
use crate::buildout::MemoryFiles;
use crate::conf::fake_host::FakeHost;
use crate::conf::sections::{Named, SECTIONS};
use crate::editor::text::Text;

const MAIN: &str = "/etc/supervisord.conf";

/// A main file, with the cursor in it.
struct Opened {
    host: FakeHost,
    configuration: Configuration,
    offset: usize,
}

fn open(text: &str) -> Opened {
    open_with(text, &[])
}

fn open_with(text: &str, others: &[(&str, &str)]) -> Opened {
    let offset = text.find('|').expect("a cursor");
    let host = FakeHost::default().variable("HOME", "/root").file("/bin/app", "");
    let host = host.file(MAIN, text.replacen('|', "", 1));
    let host = others.iter().fold(host, |host, (path, text)| host.file(path, text));
    let configuration = Configuration::read(MAIN, &host);
    Opened { host, configuration, offset }
}

impl Opened {
    fn file(&self) -> &SourceFile {
        self.configuration.file(MAIN).expect("the main file")
    }

    /// The labels of the completions.
    fn labels(&self) -> Vec<String> {
        let found = completions(&self.configuration, self.file(), self.offset, &self.host);
        found.into_iter().map(|it| it.label).collect()
    }

    /// The text with the completion of this label.
    fn completed(&self, label: &str) -> String {
        let found = completions(&self.configuration, self.file(), self.offset, &self.host);
        let found = found.into_iter().find(|it| it.label == label).expect("a completion");
        let mut text = self.file().text.as_str().to_owned();
        text.replace_range(found.range, &found.insert);
        text
    }

    fn hover(&self) -> String {
        let found = hover(&self.configuration, self.file(), self.offset);
        found.map_or_else(String::new, |it| it.markdown)
    }

    /// The definitions: each with its file and text.
    fn definitions(&self) -> Vec<String> {
        let found = definition(&self.configuration, self.file(), self.offset, &self.host);
        let shown = |it: super::definition::Location| {
            let text =
                self.configuration.file(&it.path).map_or("", |file| file.text.part(&it.range));
            format!("{} {text}", it.path)
        };
        found.into_iter().map(shown).collect()
    }
}

#[test]
fn headers_are_completed_and_a_second_daemon_is_not_offered() {
    let opened = open("[supervisord]\n\n[pro|");
    assert!(!opened.labels().contains(&"supervisord".to_owned()));
    assert_eq!(opened.completed("program:"), "[supervisord]\n\n[program:");
    assert_eq!(opened.completed("include"), "[supervisord]\n\n[include]");
    assert_eq!(open("[|]\n").completed("supervisord"), "[supervisord]\n");
    assert_eq!(open("|").completed("supervisord"), "[supervisord]");
    assert_eq!(open("su|").completed("supervisord"), "[supervisord]");
}

#[test]
fn options_are_those_of_the_section_that_are_not_set() {
    let opened = open("[supervisord]\n[program:x]\ncommand=/bin/x\nstop|\n[group:g]\nprograms=x\n");
    let labels = opened.labels();
    assert!(labels.contains(&"stopsignal".to_owned()) && labels.contains(&"ready_tcp".to_owned()));
    assert!(!labels.contains(&"command".to_owned()), "it is set");
    assert!(!labels.contains(&"programs".to_owned()), "it is of another section");
    assert!(opened.completed("stopsignal").contains("\nstopsignal=\n"));
    let changed = open("[program:x]\nst|=KILL\n");
    assert_eq!(changed.completed("stopsignal"), "[program:x]\nstopsignal=KILL\n");
    let itself = open("[program:x]\ncomm|and=x\n");
    assert!(itself.labels().contains(&"command".to_owned()), "it may be completed");
    let elsewhere = open_with(
        "[supervisord]\n[include]\nfiles=/etc/d/*\n[program:x]\n|\n",
        &[("/etc/d/x.conf", "[program:x]\nuser=root\n")],
    );
    assert!(!elsewhere.labels().contains(&"user".to_owned()), "it is set in another file");
    assert_eq!(open("[unknown]\n|").labels(), [""; 0]);
    assert_eq!(open("[program:x]\n; com|").labels(), [""; 0]);
    assert_eq!(open("[program:x]\ncommand=x ; |").labels(), [""; 0]);
}

#[test]
fn values_of_certain_words_are_completed() {
    let words = |option: &str| open(&format!("[program:x]\n{option}=|\n")).labels();
    assert_eq!(words("autostart"), ["true", "false"]);
    assert_eq!(words("autorestart"), ["true", "false", "unexpected"]);
    assert_eq!(words("stdout_logfile"), ["AUTO", "NONE"]);
    assert_eq!(words("killmode"), ["process", "group", "tree"]);
    assert!(words("stopsignal").contains(&"USR1".to_owned()));
    assert_eq!(words("startsecs"), [""; 0]);
    let events = open("[eventlistener:x]\nevents=TICK_5,PROC|\n");
    assert!(events.labels().contains(&"PROCESS_STATE".to_owned()));
    assert!(!events.labels().contains(&"TICK_5".to_owned()), "it is there");
    assert!(events.completed("PROCESS_LOG").ends_with("events=TICK_5,PROCESS_LOG\n"));
    assert_eq!(
        open("[program:x]\nautostart = t|rue\n").completed("false"),
        "[program:x]\nautostart = false\n"
    );
}

#[test]
fn names_of_programs_are_completed() {
    let programs = "[program:a]\n[program:b]\n[fcgi-program:ü]\n[eventlistener:l]\n";
    let group = |value: &str| format!("{programs}[group:g]\nprograms={value}\n");
    assert_eq!(open(&group("|")).labels(), ["a", "b", "ü", "l"]);
    assert_eq!(open(&group("a, |")).labels(), ["b", "ü", "l"]);
    assert_eq!(open(&group("b,\n  |")).labels(), ["a", "ü", "l"], "in a continuation line");
    assert!(open(&group("a, | ,b")).completed("ü").ends_with("programs=a, ü,b\n"));
    let depends = |value: &str| format!("{}[program:x]\ndepends_on={value}\n", group("a,b"));
    assert_eq!(open(&depends("|")).labels(), ["a", "b", "ü", "l", "g"]);
    assert_eq!(open(&depends("a:ready any(|")).labels(), ["b", "ü", "l", "g"]);
    assert_eq!(open(&depends("a:|")).labels(), ["running", "completed", "ready"]);
    assert!(open(&depends("a:r|")).completed("ready").ends_with("depends_on=a:ready\n"));
    let members = open(&depends("g:|")).labels();
    assert_eq!(members, ["running", "completed", "ready", "a", "b", "*"]);
}

#[test]
fn names_for_percent_signs_are_completed() {
    let opened = open("[program:x]\ncommand=/bin/x %(|\n");
    let labels = opened.labels();
    assert_eq!(labels[..3], ["here", "program_name", "group_name"]);
    assert!(labels.contains(&"ENV_HOME".to_owned()));
    assert!(opened.completed("process_num").ends_with("/bin/x %(process_num)02d\n"));
    let closed = open("[program:x]\ncommand=/bin/x %(he|)s\n");
    assert!(closed.completed("here").ends_with("/bin/x %(here)s\n"));
    let sign = open("[program:x]\ncommand=/bin/x %|\n");
    assert!(sign.completed("%(here)s").ends_with("/bin/x %(here)s\n"));
    let once = open("[program:x]\nstopsignal=%(|\n");
    assert!(!once.labels().contains(&"process_num".to_owned()));
    assert_eq!(open("[program:x]\ncommand=date +%%|\n").labels(), [""; 0]);
}

#[test]
fn hovers_explain_options_sections_and_names() {
    insta::assert_snapshot!(open("[program:x]\nSTOP|SIGNAL=TERM\n").hover(), @r"
    **`stopsignal`**: signal; default `TERM`

    Signal that stops it.

    Write a name such as `TERM`, or a number.

    In Supervisor since 3.0.
    ");
    insta::assert_snapshot!(open("[program:x]\nready_tcp|=80\n").hover(), @r"
    **`ready_tcp`**: ip:port

    It is ready when this TCP port accepts connections.

    Write `port` or `127.0.0.1:port`; names other than localhost would have to be looked up.

    Only supkit has this option; Supervisor ignores it.
    ");
    insta::assert_snapshot!(open("[gro|up:x]\n").hover(), @r"
    **`[group:NAME]`**

    Programs that are started and stopped together.
    ");
    insta::assert_snapshot!(open("[program:a]\ncommand=/bin/a -x\n[group:g]\nprograms=|a\n").hover(), @r"
    **`[program:a]`**, /etc/supervisord.conf:1

    ```
    /bin/a -x
    ```
    ");
    insta::assert_snapshot!(open("[program:a]\ncommand=%(he|re)s/a\n").hover(), @r"
    **`%(here)s`**

    The directory of the file.
    ");
    insta::assert_snapshot!(open("[eventlistener:a]\nevents=PROCESS_STATE,TI|CK\n").hover(), @r"
    **`TICK`**

    Includes `TICK_5`, `TICK_60`, `TICK_3600`.
    ");
    assert_eq!(open("[program:a]\nunknown|=1\n").hover(), "");
}

#[test]
fn a_name_leads_to_its_section_in_any_file() {
    let included = [("/etc/d/a.conf", "# ü\n[program:a]\ncommand=/bin/a\n")];
    let main = |rest: &str| format!("[supervisord]\n[include]\nfiles=d/*.conf\n{rest}");
    let definitions = |rest: &str| open_with(&main(rest), &included).definitions();
    assert_eq!(definitions("[group:g]\nprograms=|a\n"), ["/etc/d/a.conf a"]);
    assert_eq!(definitions("[program:b]\ndepends_on=any(x,a|:ready)\n"), ["/etc/d/a.conf a"]);
    let group = "[group:g]\nprograms=a\n[program:b]\n";
    assert_eq!(definitions(&format!("{group}depends_on=|g:*\n")), ["/etc/supervisord.conf g"]);
    assert_eq!(definitions(&format!("{group}depends_on=g:|a\n")), ["/etc/d/a.conf a"]);
    assert_eq!(definitions("[program:b]\ncommand=/bin/ap|p -x\n"), ["/bin/app "]);
    assert_eq!(definitions("[program:b]\ncommand=%(here)s/../bin/app|\n"), ["/bin/app "]);
    assert_eq!(definitions("[program:b]\ncommand=/bin/non|e\n"), [""; 0]);
    let include = "[supervisord]\n[include]\nfiles=x.conf d/|*.conf\nbroken";
    assert_eq!(open_with(include, &included).definitions(), ["/etc/d/a.conf "]);
}

#[test]
fn a_program_is_renamed_everywhere() {
    let text = "[supervisord]\n[include]\nfiles=d/*.conf\n[group:g]\nprograms=a, |one\n\
        [program:a]\ndepends_on=one:ready g:one\n[program:ones]\n[http_user:u]\nprograms=g:one,one\n";
    let opened = open_with(text, &[("/etc/d/one.conf", "[program:one]\ncommand=one\n")]);
    let all = references(&opened.configuration, MAIN, opened.offset);
    let texts = all.iter().map(|it| {
        let file = opened.configuration.file(&it.path).expect("a file");
        (it.path.rsplit('/').next().unwrap(), file.text.position(it.range.start).line)
    });
    let expected = [
        ("one.conf", 0),
        ("supervisord.conf", 4),
        ("supervisord.conf", 6),
        ("supervisord.conf", 6),
        ("supervisord.conf", 9),
        ("supervisord.conf", 9),
    ];
    assert_eq!(texts.collect::<Vec<_>>(), expected);
    let symbol = symbol_at(&opened.configuration, MAIN, opened.offset).expect("a program");
    assert_eq!(rename(&opened.configuration, &symbol, "two"), Ok(all));
    for (wrong, reason) in [("a b", "cannot be a name"), ("", "cannot be a name"), ("a", "already")]
    {
        let error = rename(&opened.configuration, &symbol, wrong).expect_err("refused");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn the_main_file_of_an_included_file_is_found_above_it() {
    let host = FakeHost::default()
        .file("/srv/etc/other.conf", "[supervisord]\n")
        .file("/srv/etc/supervisord.conf", "[supervisord]\n[include]\nfiles=conf.d/*.ini\n")
        .file("/srv/etc/conf.d/a.ini", "[program:a]\n")
        .file("/srv/etc/conf.d/b.conf", "[program:b]\n");
    let main = |file: &str| main_file(file, std::iter::empty(), &host);
    let expected = Main::File("/srv/etc/supervisord.conf".to_owned());
    assert_eq!(main("/srv/etc/conf.d/a.ini"), expected);
    assert_eq!(main("/srv/etc/supervisord.conf"), expected);
    let alone = "/srv/etc/conf.d/b.conf";
    assert_eq!(main(alone), Main::Unknown(alone.to_owned()));
}

#[test]
fn a_reference_of_a_project_leads_to_its_option() {
    let base = "[zeo]\n# ü\naddress = 8100\n";
    let main =
        "[buildout]\nextends = base.cfg\nparts = zeo\n[zeo]\nx = ${:y} ${zeo:address}\ny = 1\n";
    let env = MemoryFiles::with(&[("base.cfg", base), ("buildout.cfg", main)]);
    let file = "/srv/plone/buildout.cfg";
    let definition = |word: &str| {
        let at = main.find(word).expect("it is there") + 2;
        let found = project::definition(file, file, &Text::new(main), at, &env);
        let shown = |it: super::definition::Location| {
            let text = if it.path == file { main } else { base };
            format!("{} {}", it.path, &text[it.range])
        };
        found.into_iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(definition("${zeo:address}"), ["/srv/plone/base.cfg address = 8100"]);
    assert_eq!(definition("${:y}"), ["/srv/plone/buildout.cfg y = 1"]);
    assert_eq!(definition("base.cfg"), ["/srv/plone/base.cfg "]);
    assert_eq!(definition(" zeo\n["), ["/srv/plone/buildout.cfg x = ${:y} ${zeo:address}"]);
    assert_eq!(project::main_file("/srv/plone/base.cfg", &env), file);
}

#[test]
fn the_grammar_has_every_section_and_option() {
    let grammar = grammar::grammar();
    let parsed: serde_json::Value = serde_json::from_str(&grammar).expect("JSON");
    assert_eq!(parsed["scopeName"], "source.supervisord");
    for section in SECTIONS.iter().filter(|section| section.named != Named::Never) {
        assert!(grammar.contains(&format!("({})", section.word)), "{}", section.word);
        for row in section.options() {
            assert!(grammar.contains(&row.name.replace('.', r"\\.")), "{}", row.name);
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_and_position_make_it_panic(
        text in "(\\[(supervisord|program:a|group:g|include|DEFAULT|)\\]?\n|\
            (command|programs|depends_on|files|events) ?[=:] ?|%\\(?|a|ü|😀|:|,| |\n|;|\\[|\\]){0,20}",
        at in 0_usize..200,
    ) {
        let host = FakeHost::default().file(MAIN, &text);
        let configuration = Configuration::read(MAIN, &host);
        let file = SourceFile::new(MAIN, &text);
        let offset = file.text.offset(file.text.position(at));
        for completion in completions(&configuration, &file, offset, &host) {
            proptest::prop_assert!(text.get(completion.range).is_some());
        }
        if let Some(found) = hover(&configuration, &file, offset) {
            proptest::prop_assert!(text.get(found.range).is_some());
        }
        let _ = definition(&configuration, &file, offset, &host);
        let _ = references(&configuration, MAIN, offset);
        let _ = project::sections(&text);
    }
}
