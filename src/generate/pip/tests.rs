use std::collections::BTreeMap;

use super::*;
use crate::buildout::ReadFault;
use crate::diag::{Diagnostic, SourceMap};
use crate::generate::input::{Input, Part};

/// Files by their absolute path; those in `bin` are programs.
#[derive(Default)]
struct Memory {
    files: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
}

impl Memory {
    fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| (format!("/p/{path}"), (*text).to_owned()));
        Self { files: files.collect(), ..Self::default() }
    }

    fn read_project(&self) -> Result<PipProject, Unreadable> {
        PipProject::read(self, "buildout.cfg", "/p")
    }

    fn input(&self) -> Input {
        let project = self.read_project().map_err(|error| shown(&error.faults, &error.sources));
        input(&project.unwrap(), &[]).unwrap()
    }

    fn errors(&self) -> Vec<String> {
        let error = self.read_project().unwrap_err();
        shown(&error.faults, &error.sources)
    }
}

fn shown(faults: &[Diagnostic], sources: &SourceMap) -> Vec<String> {
    faults.iter().map(|fault| fault.line(sources)).collect()
}

impl ProjectFiles for Memory {
    fn read(&self, path: &str) -> Result<String, ReadFault> {
        self.files.get(path).cloned().ok_or(ReadFault::Missing)
    }

    fn list(&self, directory: &str) -> Vec<DirectoryEntry> {
        let mut entries: Vec<DirectoryEntry> = Vec::new();
        for path in self.files.keys() {
            let Some(below) = path.strip_prefix(&format!("{directory}/")) else { continue };
            let (name, is_directory) =
                below.split_once('/').map_or((below, false), |(name, _)| (name, true));
            let entry = DirectoryEntry { name: name.to_owned(), is_directory };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        entries
    }

    fn is_program(&self, path: &str) -> bool {
        path.contains("/bin/") && self.files.contains_key(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

const INI: &str = "[app:zope]\nuse = egg:Zope#main\nzope_conf = %(here)s/zope.conf\n\
                   [server:main]\nuse = egg:waitress#main\nlisten = localhost:8080\n";
const DIRECT: &str = "%define HOME /p/instance\n<zodb_db main>\n  mount-point /\n  <filestorage>\n    \
                      path $HOME/var/Data.fs\n  </filestorage>\n</zodb_db>\n";
const CLIENT: &str =
    "<zodb_db main>\n  <zeoclient>\n    server localhost:8100\n  </zeoclient>\n</zodb_db>\n";
const ZEO: &str = "<zeo>\n  address localhost:8100\n</zeo>\n<filestorage 1>\n  path /p/var/Data.fs\n</filestorage>\n";
const RUNNERS: [(&str, &str); 2] = [(".venv/bin/runwsgi", ""), (".venv/bin/runzeo", "")];

fn project(files: &[(&str, &str)]) -> Memory {
    Memory::with(&[files, &RUNNERS].concat())
}

fn facts(part: &Part) -> Vec<String> {
    let options = part.options.iter().filter(|(name, _)| *name != "recipe");
    let facts = options.map(|(name, value)| format!("{name}={}", value.text));
    std::iter::once(format!("[{} {}]", part.name, part.recipe())).chain(facts).collect()
}

fn names(input: &Input) -> Vec<&str> {
    input.parts.iter().map(|part| part.name.as_str()).collect()
}

#[test]
fn an_instance_with_its_own_database_is_one_part() {
    let files = project(&[("instance/etc/zope.ini", INI), ("instance/etc/zope.conf", DIRECT)]);
    let input = files.input();
    assert_eq!(input.directory, "/p");
    assert_eq!(
        facts(&input.parts[0]),
        [
            "[instance pip:runwsgi]",
            "configuration-file=/p/instance/etc/zope.ini",
            "file-storage=/p/instance/var/Data.fs",
            "http-address=localhost:8080",
            "runner=/p/.venv/bin/runwsgi",
        ]
    );
}

#[test]
fn a_zeo_server_comes_first_and_its_client_has_its_address() {
    let files = project(&[
        ("instance/etc/zope.ini", INI),
        ("instance/etc/zope.conf", CLIENT),
        ("etc/zeo.conf", ZEO),
    ]);
    let input = files.input();
    assert_eq!(names(&input), ["zeoserver", "instance"]);
    assert_eq!(input.parts[0].get("zeo-address"), Some("localhost:8100"));
    assert_eq!(input.parts[1].get("zeo-address"), Some("localhost:8100"));
    assert_eq!(input.parts[1].get("file-storage"), None);
}

#[test]
fn instances_are_named_after_their_directories() {
    let both = |one: &'static str, two: &'static str| {
        let conf = |ini: &str| format!("{}/zope.conf", crate::buildout::paths::dirname(ini));
        let (one_conf, two_conf) = (conf(one), conf(two));
        let files = [(one, INI), (two, INI), (&one_conf, CLIENT), (&two_conf, CLIENT)];
        names(&project(&files).input()).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        both("instance1/etc/zope.ini", "instance2/etc/zope.ini"),
        ["instance1", "instance2"]
    );
    assert_eq!(
        both("a/instance/etc/zope.ini", "b/instance/etc/zope.ini"),
        ["a-instance", "b-instance"]
    );
    assert_eq!(both("etc/zope.ini", "two/etc/wsgi.ini"), ["instance", "two"]);
}

#[test]
fn a_file_is_recognised_by_its_contents() {
    // The zeo.conf of Plone's container is that of a client; production.ini is another application.
    let files = project(&[
        ("etc/zope.ini", INI),
        ("etc/zope.conf", DIRECT),
        ("etc/relstorage.ini", &INI.replace("zope.conf", "relstorage.conf")),
        ("etc/zeo.conf", CLIENT),
        ("production.ini", "[app:main]\nuse = egg:pyramid_app\n"),
        ("docs/etc/zope.ini", INI),
        ("parts/instance/etc/wsgi.ini", INI),
        ("other-env/pyvenv.cfg", ""),
        ("other-env/etc/zope.ini", INI),
        (".git/etc/zope.ini", INI),
    ]);
    assert_eq!(names(&files.input()), ["instance"]);
}

#[test]
fn the_server_listens_in_each_way_that_waitress_and_gunicorn_have() {
    let address = |server: &str| {
        let ini = format!(
            "[app:x]\nzope_conf = zope.conf\n[DEFAULT]\nbase = 80\n[server:main]\n{server}\n"
        );
        let files = project(&[("etc/zope.ini", &ini), ("etc/zope.conf", DIRECT)]);
        files.input().parts[0].get("http-address").unwrap_or("-").to_owned()
    };
    assert_eq!(address("use = egg:waitress#main\nhost = 127.0.0.1\nport = 8081"), "127.0.0.1:8081");
    assert_eq!(address("use = egg:waitress#main"), "0.0.0.0:8080");
    assert_eq!(address("port = %(base)s90"), "0.0.0.0:8090");
    assert_eq!(address("host = ::1\nport = 1"), "[::1]:1");
    assert_eq!(address("listen = 127.0.0.1:1 [::1]:1"), "127.0.0.1:1 [::1]:1");
    assert_eq!(address("fast-listen = *:8080"), "*:8080");
    assert_eq!(address("use = egg:gunicorn#main\nbind = 0.0.0.0:8000"), "0.0.0.0:8000");
    assert_eq!(address("unix_socket = %(here)s/zope.sock"), "/p/etc/zope.sock");
    assert_eq!(address("use = egg:other#main"), "-");
}

#[test]
fn zope_conf_may_define_include_and_nest() {
    let conf = "# x\n%import tempstorage\n%define IN /p/conf\n%include $IN/db.conf\n<environment>\n  \
                A $$1 \n</environment>\n<empty/>\ndebug-mode on\n";
    let database = "<ZODB_DB main>\n <blobstorage>\n  <zeoclient>\n   server $(ZEO_HOST):1\n   \
                    server ${in}/zeo.sock\n  </zeoclient>\n </blobstorage>\n</ZODB_DB>\n";
    let mut files =
        project(&[("etc/zope.ini", INI), ("etc/zope.conf", conf), ("conf/db.conf", database)]);
    files.variables.insert("ZEO_HOST".to_owned(), "db.example.org".to_owned());
    let input = files.input();
    assert_eq!(input.parts[0].get("zeo-address"), Some("db.example.org:1 /p/conf/zeo.sock"));
    assert_eq!(input.parts[0].get("debug-mode"), Some("on"));
}

#[test]
fn a_malformed_configuration_is_an_error_at_its_line() {
    let fault = |conf: &str| {
        let files = project(&[("etc/zope.ini", INI), ("etc/zope.conf", conf)]);
        files.errors().join("\n")
    };
    assert_eq!(fault("<a>\n</b>\n"), "etc/zope.conf:2:1: the end of a section that is not open");
    assert_eq!(fault("<a>\nx 1\n"), "etc/zope.conf:2:1: a section is not closed");
    assert_eq!(fault("<a\n"), "etc/zope.conf:1:1: a section tag does not end with `>`");
    assert_eq!(fault("x\n  y $no\n"), "etc/zope.conf:2:3: `$no` is not defined");
    assert_eq!(
        fault("y $(NO)\n"),
        "etc/zope.conf:1:1: the environment variable `NO` is not defined"
    );
    assert_eq!(fault("%exclude a\n"), "etc/zope.conf:1:1: an unknown directive");
    assert_eq!(fault("%include none.conf\n"), "etc/zope.conf:1:1: `etc/none.conf` does not exist");
    let circle = fault("%include zope.conf\n");
    assert_eq!(circle, "etc/zope.conf:1:1: the files include each other without end");
}

#[test]
fn a_missing_file_or_program_is_an_error_that_names_what_was_searched() {
    let files = project(&[("etc/zope.ini", INI)]);
    assert_eq!(files.errors(), ["etc/zope.ini:3:13: `etc/zope.conf` does not exist"]);
    let files = Memory::with(&[("a/etc/zope.ini", INI), ("a/etc/zope.conf", DIRECT)]);
    assert_eq!(
        files.errors(),
        [
            "no `runwsgi` that could run `a/etc/zope.ini`; install Zope into a virtual environment of the \
          project, or activate the one that has it; searched: a/bin, a/.venv/bin, a/venv/bin, \
          a/env/bin, bin, .venv/bin, venv/bin, env/bin"
        ]
    );
}

#[test]
fn a_program_is_that_of_the_nearest_environment() {
    let program = |more: &[(&str, &str)], active: Option<&str>| {
        let own = [("a/etc/zope.ini", INI), ("a/etc/zope.conf", DIRECT)];
        let mut files = Memory::with(&[&own, more].concat());
        let active = active.map(|path| ("VIRTUAL_ENV".to_owned(), path.to_owned()));
        files.variables.extend(active);
        files.files.insert("/active/bin/runwsgi".to_owned(), String::new());
        files.input().parts[0].get("runner").unwrap_or_default().to_owned()
    };
    let all = [
        ("a/venv/bin/runwsgi", ""),
        ("bin/runwsgi", ""),
        ("plone6/pyvenv.cfg", ""),
        ("plone6/bin/runwsgi", ""),
    ];
    assert_eq!(program(&all, Some("/active")), "/p/a/venv/bin/runwsgi");
    assert_eq!(program(&all[1..], Some("/active")), "/p/bin/runwsgi");
    assert_eq!(program(&all[2..], Some("/active")), "/p/plone6/bin/runwsgi");
    assert_eq!(program(&[], Some("/active")), "/active/bin/runwsgi");
}

#[test]
fn an_instance_that_was_not_generated_is_an_error_and_an_outdated_one_a_warning() {
    let yaml = "default_context:\n    target: 'plone'\n    wsgi_listen: localhost:8081\n";
    let files = project(&[("instance.yaml", yaml)]);
    let errors = files.errors();
    assert!(errors[0].contains("describes an instance in `plone`"), "{errors:?}");
    assert!(errors[0].contains("--config-file instance.yaml"), "{errors:?}");
    let files = project(&[
        ("instance.yaml", yaml),
        ("plone/etc/zope.ini", INI),
        ("plone/etc/zope.conf", DIRECT),
    ]);
    let project = files.read_project().unwrap();
    let warnings = shown(project.warnings(), project.sources());
    assert_eq!(
        warnings,
        ["instance.yaml:3:5: `plone/etc/zope.ini` was generated with another address: \
          localhost:8080; run cookiecutter again, which writes it anew"]
    );
}

#[test]
fn without_a_project_everything_that_was_searched_is_listed() {
    let files = Memory::with(&[("site.cfg", "[buildout]\nparts =\n"), ("etc/app.ini", "[x]\n")]);
    let text = files.errors().join("\n");
    for part in [
        "there is no project in `.`",
        "buildout.cfg: a buildout",
        "instance*.yaml",
        "*/etc/*.ini",
        "*/etc/*.conf",
        "examined and none of these: `etc/app.ini`",
        "a buildout is named with -c: `site.cfg`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn an_option_of_the_command_line_belongs_to_a_program() {
    let files = project(&[("etc/zope.ini", INI), ("etc/zope.conf", DIRECT)]);
    let project = files.read_project().unwrap();
    let with = |words: &[&str]| {
        let assignments: Vec<_> = words.iter().map(|word| word.parse().unwrap()).collect();
        input(&project, &assignments).map_err(|faults| shown(&faults, project.sources()).join("\n"))
    };
    let found = with(&["instance:supervisor-startsecs=5", "supkit:readiness=off"]).unwrap();
    assert_eq!(found.parts[0].get("supervisor-startsecs"), Some("5"));
    assert!(!found.has_readiness && !found.has_drains);
    assert!(with(&["zeo:x=1"]).unwrap_err().contains("no program `zeo`; it has `instance`"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "(?s)[<>/%$(){}a-z_= :\\[\\]\\n\u{e9}]{0,80}|\\PC*") {
        let conf = format!("<zeo>\n</zeo>\n{text}");
        let ini = format!("{INI}{text}");
        let yaml = format!("default_context:\n{text}");
        let files = project(&[
            ("etc/zeo.conf", &conf),
            ("etc/zope.conf", &text),
            ("etc/zope.ini", &ini),
            ("instance.yaml", &yaml),
        ]);
        if let Ok(project) = files.read_project() {
            let _ = input(&project, &[]);
        }
    }
}
