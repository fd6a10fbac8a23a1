use insta::assert_snapshot;
use proptest::prelude::*;

use super::expand::expand;
use super::fault::Fault;
use super::lines::ProgramLine;
use super::options::Options;
use super::section::{Extract, Section, Setting, Source};
use super::{deployment, scan};
use crate::generate::input::{Input, Part, Value};

fn extract(fault: &Fault) -> Extract {
    match fault.source() {
        Source::Option(at) => at,
        Source::Recipe => panic!("{fault} has no place"),
    }
}

fn expand_part(options: &[(&str, &str)]) -> Result<Vec<Section>, Vec<Fault>> {
    let get = |name: &str| options.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    expand(&Options::new(&get), "/srv/site")
}

fn shown(sections: &[Section]) -> String {
    let setting = |setting: &Setting| {
        format!("{} = {}", setting.key, setting.value).trim_end().to_owned() + "\n"
    };
    let settings = |section: &Section| section.settings.iter().map(setting).collect::<String>();
    let section = |section: &Section| format!("[{}]\n{}", section.name, settings(section));
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

fn program(line: &str) -> String {
    let found = ProgramLine::read(line).unwrap();
    format!("{found:?}").trim_start_matches("ProgramLine").to_owned()
}

#[test]
fn a_part_without_options_makes_a_daemon_with_a_client() {
    let made = expand_part(&[]).unwrap();
    assert_snapshot!(shown(&made), @r"
    [supervisord]
    childlogdir = /srv/site/var/log
    logfile = /srv/site/var/log/supervisord.log
    pidfile = /srv/site/var/supervisord.pid
    logfile_maxbytes = 50MB
    logfile_backups = 10
    loglevel = info
    umask = 022
    nodaemon = false
    nocleanup = false

    [inet_http_server]
    port = 127.0.0.1:9001
    username =
    password =

    [supervisorctl]
    serverurl = http://127.0.0.1:9001
    username =
    password =

    [rpcinterface:supervisor]
    supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
    ");
}

#[test]
fn lines_become_sections() {
    let made = expand_part(&[
        ("sections", "services"),
        ("user", "admin"),
        ("programs", "10 zeo (startsecs=5 Priority=7) /b/zeo [fg -v] /srv true www\n20 i1 /b/i1"),
        ("eventlisteners", "Ok TICK_60 /b/httpok [-p zope:i1 http://h:8080/]\nMem TICK_60 /b/mem"),
        ("groups", "30 zope i1,i2 and more"),
        ("include", "a.conf\n\nb/*.conf"),
    ]);
    assert_snapshot!(shown(&made.unwrap()), @r"
    [program:zeo]
    command = /b/zeo fg -v
    process_name = zeo
    directory = /srv
    priority = 7
    redirect_stderr = true
    user = www
    startsecs = 5

    [program:i1]
    command = /b/i1
    process_name = i1
    directory = /b
    priority = 20
    redirect_stderr = false

    [eventlistener:Ok]
    command = /b/httpok -p zope:i1 http://h:8080/
    events = TICK_60
    process_name = Ok
    environment = SUPERVISOR_USERNAME='admin',SUPERVISOR_PASSWORD='',SUPERVISOR_SERVER_URL='http://127.0.0.1:9001'

    [eventlistener:Mem]
    command = /b/mem
    events = TICK_60
    process_name = Mem
    environment = SUPERVISOR_USERNAME='admin',SUPERVISOR_PASSWORD='',SUPERVISOR_SERVER_URL='http://127.0.0.1:9001'

    [group:zope]
    programs = i1,i2
    priority = 30

    [include]
    files = a.conf b/*.conf
    ");
}

#[test]
fn optional_fields_of_a_program_are_recognized_by_their_form() {
    assert_snapshot!(program("10 a /bin/a [console] /srv nobody"), @r#" { priority: "10", name: "a", options: [], command: "/bin/a", arguments: Some("console"), directory: Some("/srv"), redirect: None, user: Some("nobody") }"#);
    assert_snapshot!(program("10 a /bin/a [x] trueish bob"), @r#" { priority: "10", name: "a", options: [], command: "/bin/a", arguments: Some("x"), directory: None, redirect: Some(true), user: None }"#);
    assert_snapshot!(program("10 a /bin/a [truecolor] /srv"), @r#" { priority: "10", name: "a", options: [], command: "/bin/a", arguments: None, directory: Some("[truecolor]"), redirect: None, user: Some("/srv") }"#);
    assert_snapshot!(program("10 a /bin/a [x y"), @r#" { priority: "10", name: "a", options: [], command: "/bin/a", arguments: None, directory: Some("[x"), redirect: None, user: Some("y") }"#);
    assert_snapshot!(program("10 a (b=c"), @r#" { priority: "10", name: "a", options: [], command: "(b=c", arguments: None, directory: None, redirect: None, user: None }"#);
}

#[test]
fn every_error_has_a_position_and_a_remedy() {
    let programs = "10 zeo /b/zeo\nzope /b/i1\n   [console]\n# old\n20 x\n30";
    let faults = expand_part(&[("programs", programs), ("groups", "5 g")]).unwrap_err();
    let shown = faults.iter().map(|fault| {
        let at = extract(fault);
        format!("{} {}..{}: {fault}\n  {}", at.option, at.start, at.end, fault.remedy())
    });
    assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r"
    programs 14..24: Program line incorrect: zope /b/i1
      begin the line with the priority; the form is PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]
    programs 25..37: Program line incorrect:    [console]
      indent the line like the lines above, and write each entry on one line; the form is PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]
    programs 38..43: Program line incorrect: # old
      move the comment mark to the first column, where buildout ignores the line; the form is PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]
    programs 44..48: Program line incorrect: 20 x
      the command is missing; the form is PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]
    programs 49..51: Program line incorrect: 30
      the name is missing; the form is PRIORITY NAME [(OPTION=VALUE ...)] COMMAND [[ARGUMENTS]] [DIRECTORY] [true|false] [USER]
    groups 0..3: Group line incorrect: 5 g
      the names of the programs are missing; the form is PRIORITY NAME PROGRAM,PROGRAM
    ");
}

#[test]
fn a_bad_socket_is_an_error_only_if_a_server_is_requested() {
    let faults = expand_part(&[("http-socket", "tcp")]).unwrap_err();
    assert_snapshot!(faults[0].to_string(), @"http-socket is `tcp`, but must be `inet` or `unix`");
    let made = expand_part(&[("http-socket", "tcp"), ("sections", "ctl")]).unwrap();
    assert_eq!(made[0].get("serverurl"), Some("127.0.0.1:9001"));
}

#[test]
fn the_intended_result_is_produced_where_the_recipe_has_a_bug() {
    let made = expand_part(&[
        ("sections", "global ctl services"),
        ("supervisord-environment", "A=1,\nB=2,"),
        ("env-path", "/opt/bin:%(ENV_PATH)s"),
        ("password", "#1"),
        ("eventlisteners", "Mem TICK_60 /b/mem"),
    ]);
    let sections = made.unwrap();
    assert_eq!(sections[0].get("environment"), Some("A=1,\nB=2,PATH=/opt/bin:%(ENV_PATH)s"));
    assert_eq!(sections[1].get("password"), Some("#1"));
    assert_eq!(sections[2].get("command"), Some("/b/mem"));
}

#[test]
fn a_comment_mark_in_a_value_ends_it_as_in_the_output_of_the_recipe() {
    let made = expand_part(&[("sections", "services"), ("programs", "10 a /b/a [-x ; -y] /srv")]);
    assert_eq!(made.unwrap()[0].get("command"), Some("/b/a -x"));
}

#[test]
fn misread_brackets_are_reported() {
    let programs = "10 a (x=%(y)s) /b/a\n20 b /b/b [true]\n30 c (x=1) /b/c [true -v] /srv";
    let value = |text: &str| Value { text: text.to_owned(), span: None, lines: Vec::new() };
    let options = [("sections", "services"), ("programs", programs)];
    let options = options.map(|(name, text)| (name.to_owned(), value(text))).into();
    let part = Part { name: "supervisor".to_owned(), options, ..Part::default() };
    let found = deployment(&Input::default(), &part).map_err(|faults| faults.len()).unwrap();
    let messages: Vec<_> = found.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_snapshot!(messages.join("\n"), @r"
    `(` is read as the start of the command of `program:a`
    `[` is read as the start of the directory of `program:b`
    `[` is read as the start of the directory of `program:c`
    ");
}

#[test]
fn lines_end_as_in_python() {
    let lines: Vec<_> = scan::split_lines("a\r\nb\u{b}\u{2028}c\u{1f}d\n").collect();
    assert_eq!(lines, [(0, "a"), (3, "b"), (5, ""), (8, "c\u{1f}d")]);
}

/// Texts similar to the forms.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("10"),
        Just("true"),
        Just("false"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("a=b"),
        Just("="),
        Just(" "),
        Just("\t"),
        Just("\u{a0}"),
        Just("\n"),
        Just("\r"),
        Just("x"),
        Just("/b/i1"),
        Just("é"),
        Just("#"),
        Just("\u{663}"),
        Just("%"),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        programs in prop_oneof![pieces(), any::<String>()],
        listeners in prop_oneof![pieces(), any::<String>()],
        groups in prop_oneof![pieces(), any::<String>()],
        other in any::<String>(),
    ) {
        let texts = [programs.as_str(), &listeners, &groups];
        let get = |name: &str| Some(match name {
            "programs" => texts[0],
            "eventlisteners" => texts[1],
            "groups" => texts[2],
            "sections" | "http-socket" => return None,
            _ => other.as_str(),
        });
        match expand(&Options::new(&get), "/srv") {
            Ok(made) => drop(shown(&made)),
            Err(faults) => for fault in &faults {
                let at = extract(fault);
                let text = get(at.option).unwrap();
                prop_assert!(text.get(at.start..at.end).is_some());
                prop_assert!(fault.to_string().ends_with(&text[at.start..at.end]));
                drop(fault.remedy());
            }
        }
    }
}
