//! What `supkit build` makes of parts, compared with what the published recipes make of the same
//! options: files, directories, and what the scripts call. Many combinations of options are tried.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use supkit::buildout::{MemoryFiles, Project, Request};
use supkit::generate::catalogue::Catalogue;
use supkit::parts::{Place, Products, decide};

use crate::support::rng::Rng;
use crate::support::{Sandbox, oracle};

/// The directory of a project in memory.
const DIRECTORY: &str = "/srv/plone";
const PYTHON: &str = "/srv/plone/.supkit/venv/bin/python";

/// An option with values to try.
type Choice = (&'static str, &'static [&'static str]);

const ZEOSERVER: &[Choice] = &[
    ("authentication-database", &["", "/p/auth.db"]),
    ("authentication-realm", &["Own"]),
    ("blob-storage", &["", "blobs", "${buildout:directory}/data/blobs"]),
    ("effective-user", &["", "zeo"]),
    ("eggs", &["ZODB", "\nZODB\nplone.recipe.zeoserver"]),
    ("extra-paths", &["/x", "\n/x\n/y"]),
    ("file-storage", &["Data.fs", "a/b.fs", "var/c.fs"]),
    ("invalidation-queue-size", &["10"]),
    ("monitor-address", &["", "9000"]),
    ("pack-days", &["7", "0"]),
    ("pack-gc", &["false", "False", ""]),
    ("pack-keep-old", &["false", ""]),
    ("pack-password", &["it's"]),
    ("pack-user", &["me"]),
    ("pid-file", &["${buildout:directory}/zeo.pid"]),
    ("read-only", &["true"]),
    ("repozo-script-name", &["backup"]),
    ("socket-name", &["${buildout:directory}/run/zeo.sock"]),
    ("storage-number", &["2"]),
    ("var", &["${buildout:directory}/data"]),
    ("zeo-address", &["8200", "127.0.0.1:8300", "${buildout:directory}/var/zeo.sock"]),
    ("zeo-conf", &["${buildout:directory}/own.conf"]),
    ("zeo-conf-additional", &["# more\n%define X y", "<runner>\n  a b\n</runner>"]),
    ("zeo-log", &["zeo.log", "${buildout:directory}/l/z.log"]),
    ("zeo-log-custom", &["<syslog>\n  level all\n</syslog>"]),
    ("zeo-log-format", &["%(message)s"]),
    ("zeo-log-level", &["debug"]),
    ("zeo-log-max-size", &["", "5MB"]),
    ("zeo-log-old-files", &["3"]),
    ("zeopack-script-name", &["pack"]),
];

const INSTANCE: &[Choice] = &[
    ("access-log", &["disable", "a.log", "${buildout:directory}/l/a.log"]),
    ("access-log-args", &["(r\"{}\", \"a\")", "('x', 'a')", "(r\"{0}\",)"]),
    ("access-log-handler", &["logging.handlers.RotatingFileHandler"]),
    ("access-log-kwargs", &["{\"maxBytes\": 10, \"backupCount\": 7}"]),
    ("access-log-level", &["WARN"]),
    ("asyncore-use-poll", &["true", "on", "off"]),
    ("blob-storage", &["", "blobs", "${buildout:directory}/data/blobs"]),
    ("clear-untrusted-proxy-headers", &["true"]),
    ("client-home", &["${buildout:directory}/home"]),
    ("control-script", &["zope"]),
    ("debug-exceptions", &["on", ""]),
    ("debug-mode", &["on"]),
    ("default-zpublisher-encoding", &["", "latin-1"]),
    ("effective-user", &["zope"]),
    ("environment-vars", &["TZ UTC", "TZ UTC\nA 1", "A 1 B 2", "CHAMELEON_CACHE /c", ""]),
    ("event-log", &["disable", "e.log", "${buildout:directory}/l/e.log"]),
    ("event-log-args", &["(r\"{}\", )"]),
    ("event-log-handler", &["logging.handlers.TimedRotatingFileHandler"]),
    ("event-log-kwargs", &["{\"when\": \"D\"}"]),
    ("event-log-level", &["DEBUG"]),
    ("extra-paths", &["lib", "\n/x\nlib"]),
    ("file-storage", &["a/b.fs", "", "${buildout:directory}/data/Data.fs"]),
    ("http-address", &["8081", "127.0.0.1:8082", "8081 [::1]:8083"]),
    ("http-fast-listen", &["off", "on", ""]),
    ("import-directory", &["${buildout:directory}/in"]),
    ("locales", &["${buildout:directory}/locales"]),
    ("lock-file", &["${buildout:directory}/run/x.lock"]),
    ("max-disconnect-poll", &["9"]),
    ("max-request-body-size", &["1024"]),
    ("min-disconnect-poll", &["1"]),
    ("pid-file", &["${buildout:directory}/run/x.pid"]),
    ("pipeline", &["zope", "a b zope", "translogger", "\na\nb"]),
    ("port-base", &["", "1000"]),
    ("profile", &["on", "off"]),
    ("profile_cachegrind_filename", &["c"]),
    ("profile_discard_first_request", &["false"]),
    ("profile_flush_at_shutdown", &["false"]),
    ("profile_log_filename", &["l"]),
    ("profile_path", &["/p"]),
    ("profile_unwind", &["true"]),
    ("python-check-interval", &["", "500"]),
    ("read-only", &["true"]),
    ("resources", &["${buildout:directory}/resources"]),
    ("sentry_dsn", &["", "https://x@host/1"]),
    ("sentry_event_level", &["WARN"]),
    ("sentry_ignore", &["a b"]),
    ("sentry_level", &["DEBUG"]),
    ("sentry_max_value_length", &["2048"]),
    ("shared-blob", &["on", "no"]),
    ("site-zcml", &["<configure>\n</configure>"]),
    ("template-cache", &["off", "on", "${buildout:directory}/c", ""]),
    ("threads", &["1"]),
    ("user", &["admin:secret", "me:a:b", ""]),
    ("var", &["${buildout:directory}/data"]),
    ("verbose-security", &["on", "off"]),
    ("wsgi", &["on", "True", "${buildout:directory}/own.ini"]),
    ("z2-log", &["disable", "z2.log"]),
    ("z2-log-level", &["ERROR"]),
    ("zcml", &["a.b", "\na.b-meta # why\nc:x.zcml d-overrides e-own"]),
    ("zcml-additional", &["<include package=\"x\" />", "<a>\n  <b />\n</a>"]),
    ("zeo-address", &["8200", "a:1 b:2"]),
    ("zeo-client", &["on", "true", "1", "off", "no"]),
    ("zeo-client-blob-cache-size", &["", "1GB"]),
    ("zeo-client-blob-cache-size-check", &["10"]),
    ("zeo-client-cache-size", &["64MB"]),
    ("zeo-client-client", &["", "zeo1"]),
    ("zeo-client-drop-cache-rather-verify", &["true"]),
    ("zeo-client-read-only-fallback", &["true", ""]),
    ("zeo-realm", &["Own"]),
    ("zeo-storage", &["main"]),
    ("zeo-var", &["/tmp/zeo"]),
    ("zodb-cache-size", &["", "1000"]),
    ("zodb-cache-size-bytes", &["", "10MB"]),
    ("zodb-temporary-storage", &["on", "off", "<zodb_db t>\n  a b\n</zodb_db>"]),
    ("zope-conf-additional", &["# x\nlocale fr_FR", "<zodb_db x>\n  <y>\n  </y>\n</zodb_db>"]),
    ("zope-conf-imports", &["a", "\na\nb.c"]),
];

const VARNISH: &[Choice] = &[
    ("bind", &["8080", ":8080", "127.0.0.1:81"]),
    ("cache-location", &["${buildout:directory}/c"]),
    ("cache-size", &["1G"]),
    ("cache-type", &["malloc", "FILE"]),
    ("mode", &["foreground", "daemon"]),
    ("name", &["n", "${buildout:directory}/var/varnish"]),
    ("runtime-parameters", &["a=1", "\na=1\nb=2"]),
    ("script-filename", &["${buildout:bin-directory}/v"]),
    ("secret-file", &["disabled", "/s", "nosecret"]),
    ("telnet", &["localhost:6082"]),
];

const DIRECTORIES: &[Choice] = &[("mode", &["700", "0755"])];

const TEMPLATE: &[Choice] = &[
    ("mode", &["755", "0600"]),
    ("overwrite", &["true", "YES"]),
    ("output", &["made/z.conf", "top.conf"]),
];

/// A recipe with the options that every part has, and those that it may have.
struct Subject {
    recipe: &'static str,
    always: &'static str,
    choices: &'static [Choice],
}

const SUBJECTS: [Subject; 5] = [
    Subject { recipe: "plone.recipe.zeoserver", always: "", choices: ZEOSERVER },
    Subject { recipe: "plone.recipe.zope2instance", always: "eggs = Zope\n", choices: INSTANCE },
    Subject {
        recipe: "plone.recipe.varnish:script",
        always: "configuration-file = /v.vcl\ndaemon = /usr/sbin/varnishd\n",
        choices: VARNISH,
    },
    Subject {
        recipe: "z3c.recipe.mkdir",
        always: "paths =\n    made/a\n    ${buildout:directory}/made/b\n",
        choices: DIRECTORIES,
    },
    Subject {
        recipe: "collective.recipe.template",
        always: "output = ${buildout:directory}/etc/x/y.conf\nown = 1\ninline =\n    ${:own} ${part:own}\n    \
                 bin ${buildout:bin-directory} $${buildout:directory}\n    last $ $${part:own}\n",
        choices: TEMPLATE,
    },
];

const HEAD: &str = "[buildout]\nparts = part\n\n[versions]\nplone.recipe.zeoserver = 4.0.1\n\
                    plone.recipe.zope2instance = 9.1.0\n";

impl Subject {
    fn project(&self, options: &[(&str, &str)]) -> String {
        let Self { recipe, always, .. } = self;
        let options: String = options
            .iter()
            .map(|(name, value)| format!("{name} = {}\n", value.replace('\n', "\n    ")))
            .collect();
        format!("{HEAD}\n[part]\nrecipe = {recipe}\n{always}{options}")
    }

    /// Each value alone, and many at once.
    fn projects(&self, rng: &mut Rng) -> Vec<String> {
        let mut projects = vec![self.project(&[])];
        for (option, values) in self.choices {
            projects.extend(values.iter().map(|value| self.project(&[(option, value)])));
        }
        for round in 0..self.choices.len() * 2 {
            let one_in = 2 + round % 6;
            let chosen = self.choices.iter().filter(|_| rng.below(10) < 10 / one_in);
            let chosen: Vec<_> = chosen.map(|(option, _)| *option).collect();
            let options: Vec<(&str, &str)> = self
                .choices
                .iter()
                .filter(|(option, _)| chosen.contains(option))
                .map(|(option, values)| (*option, rng.one_of(values)))
                .collect();
            projects.push(self.project(&options));
        }
        projects
    }
}

fn ours(text: &str) -> Products {
    let env = MemoryFiles::with(&[("buildout.cfg", text)]);
    let catalogue = std::rc::Rc::new(Catalogue::new(&[]).expect("the recipes are valid"));
    let recipes = std::rc::Rc::clone(&catalogue);
    let project = Project::load(&Request::lazy("buildout.cfg"), &env, recipes)
        .unwrap_or_else(|failure| panic!("{}\n{text}", failure.fault.message()));
    let place = Place {
        directory: DIRECTORY.to_owned(),
        bin: format!("{DIRECTORY}/bin"),
        parts: format!("{DIRECTORY}/parts"),
        python: PYTHON.to_owned(),
    };
    let plan = decide(&project, &catalogue, &env, &place, None);
    plan.unwrap_or_else(|reason| panic!("{}\n{text}", reason.why)).products
}

/// Runs the recipes on all projects, and our scripts.
fn ask(projects: &[String], scripts: &[BTreeMap<String, String>]) -> Value {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(oracle::recipes_python());
    command.args(["-c", include_str!("scripts/recipe_files.py")]).arg(sandbox.dir());
    command.env_clear().env("HOME", "/root").env("LC_ALL", "C.UTF-8");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("python runs");
    let asked = json!({ "projects": projects, "scripts": scripts }).to_string();
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || drop(stdin.write_all(asked.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it was written");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let directory = sandbox.dir().canonicalize().expect("it is there");
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    for number in (0..projects.len()).rev() {
        text = text.replace(&format!("{}/{number}", directory.display()), DIRECTORY);
    }
    serde_json::from_str(&text).expect("JSON")
}

/// What matters in a text: not comments, blank lines and the width of blanks.
fn essence(path: &str, text: &str) -> Vec<String> {
    if path.rsplit('.').next() == Some("zcml") {
        let mut text = text.to_owned();
        while let Some((before, rest)) = text.clone().split_once("<!--") {
            text = format!("{before}{}", rest.split_once("-->").expect("it ends").1);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        return vec![words.join(" ").replace(" >", ">").replace(" />", "/>").replace("> <", "><")];
    }
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    if path.contains("/bin/") {
        let text = words.collect::<Vec<_>>().join(" ").replace(['\\', '"', '\''], "");
        return text.split_whitespace().map(str::to_owned).collect();
    }
    words.collect()
}

/// Files of the recipes that nothing reads, those of zc.buildout, and scripts that only start a module.
fn is_left_out(path: &str) -> bool {
    ["/.eggs", "README.txt", "buildout.cfg", "bin/runzeo", "bin/zeoctl"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn is_python(text: &str) -> bool {
    text.starts_with(&format!("#!{PYTHON}\n"))
}

/// The directories of products: those that they list, and those around files.
fn directories(products: &Products) -> BTreeSet<String> {
    let listed = products.directories.iter().map(|it| it.path.as_str());
    let around = products.files.iter().filter_map(|it| Some(it.path.rsplit_once('/')?.0));
    let mut all = BTreeSet::new();
    for path in listed.chain(around) {
        let mut path = path;
        while path.len() > DIRECTORY.len() && path.starts_with(DIRECTORY) {
            all.insert(path.to_owned());
            path = path.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    all
}

fn difference(ours: &Products, theirs: &Value, calls: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let their_files = theirs["files"].as_object().expect("files");
    let is_compared = |path: &str, text: &str| !is_left_out(path) && !is_python(text);
    let own: BTreeMap<&str, &str> = ours
        .files
        .iter()
        .map(|it| (it.path.as_str(), it.text.as_str()))
        .filter(|(path, text)| is_compared(path, text))
        .collect();
    let other: BTreeMap<&str, &str> = their_files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str().expect("a text")))
        .filter(|(path, text)| is_compared(path, text))
        .collect();
    for path in own.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
        let [own, other] =
            [own.get(path), other.get(path)].map(|text| text.map(|text| essence(path, text)));
        if own != other {
            found.push(format!("{path}\n  ours   {own:?}\n  theirs {other:?}"));
        }
    }
    let own = directories(ours);
    let ignored = ["bin", "parts", "eggs", "develop-eggs"].map(|it| format!("{DIRECTORY}/{it}"));
    let is_counted = |path: &&String| {
        !ignored.iter().any(|it| *path == it || path.starts_with(&format!("{DIRECTORY}/eggs/")))
    };
    let other = theirs["directories"].as_object().expect("directories");
    for path in own.iter().chain(other.keys()).filter(is_counted).collect::<BTreeSet<_>>() {
        if own.contains(path) != other.contains_key(path) {
            found.push(format!(
                "only {}: {path}",
                if own.contains(path) { "ours" } else { "theirs" }
            ));
        }
    }
    for it in ours.directories.iter().filter(|it| it.mode.is_some()) {
        let mode = other.get(&it.path).and_then(Value::as_u64).map(|mode| mode as u32);
        if mode.is_some() && mode != it.mode {
            found.push(format!("{}: mode {mode:?} instead of {:?}", it.path, it.mode));
        }
    }
    let their_calls = &theirs["calls"];
    if *calls != *their_calls {
        found.push(format!("calls\n  ours   {calls}\n  theirs {their_calls}"));
    }
    found
}

#[test]
fn parts_are_what_the_recipes_make() {
    let mut rng = Rng::new(15);
    let projects: Vec<String> =
        SUBJECTS.iter().flat_map(|subject| subject.projects(&mut rng)).collect();
    let ours: Vec<Products> = projects.iter().map(|text| self::ours(text)).collect();
    let scripts: Vec<BTreeMap<String, String>> = ours
        .iter()
        .map(|products| {
            let files = products.files.iter().filter(|it| is_python(&it.text));
            files.map(|it| (it.path.clone(), it.text.clone())).collect()
        })
        .collect();
    let answer = ask(&projects, &scripts);
    let mut failures = Vec::new();
    for (number, text) in projects.iter().enumerate() {
        let theirs = &answer["theirs"][number];
        if let Some(fault) = theirs.get("fault") {
            failures.push(format!("{text}\nthe recipe fails: {fault}"));
            continue;
        }
        let found = difference(&ours[number], theirs, &answer["ours"][number]);
        if !found.is_empty() {
            failures.push(format!("{text}\n{}", found.join("\n")));
        }
    }
    // The shortest ones say most.
    failures.sort_by_key(String::len);
    let count = failures.len();
    let shown = failures.into_iter().take(5).collect::<Vec<_>>().join("\n---\n");
    assert!(count == 0, "{count} of {} differ\n{shown}", projects.len());
}
