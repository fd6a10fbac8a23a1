//! `supkit build` on the real thing: the demo's project, with and without zc.buildout, with real pip,
//! compared with what scripts/demo builds by hand from the same files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::demo::Deployment;

const PARTS: [&str; 3] = ["zeoserver", "instance", "varnish"];
const SUPKIT: &str = env!("CARGO_BIN_EXE_supkit");

/// The texts of all files in a directory of the site, with the site's own path replaced.
fn texts(site: &Deployment, directory: &str) -> BTreeMap<String, String> {
    let top = site.sandbox.path("site");
    let here = top.display().to_string();
    let mut texts = BTreeMap::new();
    for entry in walkdir::WalkDir::new(top.join(directory)).into_iter().flatten() {
        let is_link = entry.path_is_symlink();
        if entry.file_type().is_file() && !is_link {
            let bytes = fs::read(entry.path()).expect("a file");
            let text = String::from_utf8_lossy(&bytes).replace(&here, "SITE");
            let name = entry.path().strip_prefix(&top).expect("below").display().to_string();
            texts.insert(name, text);
        }
    }
    texts
}

/// The words of a text, sorted: the recipe of the ZEO server writes its path in the order of a set.
fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split([':', ' ', '\n', '"']).collect();
    words.sort_unstable();
    words
}

/// The files of a built site without those that `generate` writes.
fn built(site: &Deployment) -> BTreeMap<String, String> {
    let mut all = texts(site, "parts");
    let own = [
        "bin/buildout",
        "supkit",
        "run",
        "stop",
        "supervisord",
        "supervisorctl",
        "pidproxy",
        "echo_supervisord_conf",
    ];
    let scripts = texts(site, "bin");
    all.extend(scripts.into_iter().filter(|(name, _)| !own.iter().any(|it| name.ends_with(it))));
    all
}

fn eggs(site: &Deployment) -> Vec<String> {
    let mut names = Vec::new();
    for entry in
        walkdir::WalkDir::new(site.sandbox.path("site/eggs")).max_depth(2).into_iter().flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|extension| extension == "egg") {
            names.push(name);
        }
    }
    names.sort();
    names
}

/// A project that zc.buildout has built, and the same one that was not built.
fn one_built_by_hand_and_a_copy() -> (Deployment, Deployment) {
    let by_hand = Deployment::prepare(&PARTS);
    by_hand.build();
    let site = Deployment::prepare(&PARTS);
    site.sandbox.write("site/ports.cfg", &by_hand.sandbox.read("site/ports.cfg"));
    for name in ["buildout.cfg", "versions.cfg", "etc/varnish.vcl"] {
        site.sandbox.write(&format!("site/{name}"), &by_hand.sandbox.read(format!("site/{name}")));
    }
    (by_hand, site)
}

#[test]
fn a_build_makes_what_buildout_makes_and_a_second_one_nothing() {
    let _machine = crate::machine();
    let (by_hand, site) = one_built_by_hand_and_a_copy();
    // Packages are taken from there; they are installed by buildout all the same.
    let mut copy = site.sandbox.command("cp");
    let copy = copy.arg("-a").arg(by_hand.sandbox.path("site/eggs")).arg("site/eggs").status();
    assert!(copy.expect("cp runs").success());

    let printed = site.works(SUPKIT, &["build", "--zc-buildout"]);
    assert!(printed.contains("make the environment venv"), "{printed}");
    assert!(printed.contains("Installing instance."), "{printed}");
    assert_eq!(eggs(&site), eggs(&by_hand));
    let (wanted, found) = (built(&by_hand), built(&site));
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (name, text) in &wanted {
        assert_eq!(words(&found[name]), words(text), "{name}");
    }
    let look = || {
        (texts(&site, "bin"), texts(&site, "parts"), texts(&site, "etc"), texts(&site, ".supkit"))
    };
    let before = look();
    let again = site.works(SUPKIT, &["build", "--zc-buildout"]);
    assert!(again.contains("nothing changed") && !again.contains("Updating"), "{again}");
    assert!(before == look());

    // Another address of the instance: buildout makes it anew, and the deployment has it.
    let port = site.sandbox.port().to_string();
    let ports = site.sandbox.read("site/ports.cfg");
    let old = format!("instance = {}", site.port("instance"));
    site.sandbox.write("site/ports.cfg", &ports.replace(&old, &format!("instance = {port}")));
    let vcl = site.sandbox.read("site/etc/varnish.vcl");
    let vcl = vcl.replace(&old.replace("instance = ", ""), &port);
    site.sandbox.write("site/etc/varnish.vcl", &vcl);
    let changed = site.works(SUPKIT, &["build", "--zc-buildout"]);
    assert!(changed.contains("Installing instance."), "{changed}");
    assert!(!changed.contains("make the environment"), "{changed}");
    assert!(site.sandbox.read("site/parts/instance/etc/wsgi.ini").contains(&port));
    assert!(site.sandbox.read("site/etc/supervisord.conf").contains(&format!("127.0.0.1:{port}/")));
    let run = site.works("bin/run", &["--timeout", "120"]);
    assert!(run.contains("all 3 programs run"), "{run}");
    site.answers();
    site.works("bin/stop", &[]);
    assert_eq!(site.sandbox.processes(), [0; 0], "no process is left");
}

/// The names and versions of distributions, the names in their normalized form.
fn versions<'a>(names: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let normalized = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
    names.map(|(name, version)| (normalized(name), version.to_owned())).collect()
}

/// What a program reads of a text.
fn essence(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_build_without_buildout_makes_what_buildout_makes_and_it_runs() {
    let _machine = crate::machine();
    let (by_hand, site) = one_built_by_hand_and_a_copy();
    let printed = site.works(SUPKIT, &["build"]);
    assert!(printed.contains("install the eggs of the project"), "{printed}");
    assert!(!printed.contains("zc.buildout:"), "{printed}");
    assert!(!site.sandbox.path("site/eggs").exists());

    let (wanted, found) = (built(&by_hand), built(&site));
    let is_unread = |name: &str| name.ends_with("README.txt") || name.ends_with("etc/.eggs");
    let names = |files: &BTreeMap<String, String>| {
        let names = files.keys().filter(|name| !is_unread(name) && *name != "bin/buildout");
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&found), names(&wanted));
    for name in [
        "parts/zeoserver/etc/zeo.conf",
        "parts/instance/etc/zope.conf",
        "parts/instance/etc/wsgi.ini",
    ] {
        assert_eq!(essence(&found[name]), essence(&wanted[name]), "{name}");
    }
    assert_eq!(found["parts/instance/inituser"], wanted["parts/instance/inituser"]);
    let eggs = eggs(&by_hand);
    let theirs = versions(eggs.iter().filter_map(|egg| {
        let (name, rest) = egg.split_once('-')?;
        Some((name, rest.split('-').next()?))
    }));
    let listed = site.works(".supkit/venv/bin/python", &["-m", "pip", "freeze"]);
    let ours = versions(listed.lines().filter_map(|line| line.split_once("==")));
    // The recipe of Varnish is not needed, and neither is what it needs.
    let is_of_varnish = |name: &str| {
        ["plone-recipe-varnish", "zc-recipe-cmmi", "jinja2", "markupsafe"].contains(&name)
    };
    for (name, _) in theirs.iter().filter(|(name, _)| !is_of_varnish(name)) {
        let version = ours.iter().find(|(other, _)| other == name);
        // The cache of eggs may have further versions.
        assert!(version.is_some_and(|it| theirs.contains(it)), "{name}: {version:?}");
    }

    let look = || (texts(&site, "bin"), texts(&site, "parts"), texts(&site, "etc"));
    let before = look();
    let again = site.works(SUPKIT, &["build"]);
    assert!(again.contains("nothing changed"), "{again}");
    assert!(before == look());

    let run = site.works("bin/run", &["--timeout", "120"]);
    assert!(run.contains("all 3 programs run"), "{run}");
    site.answers();
    assert!(site.works("bin/instance", &["adduser", "second", "secret"]).contains("second"));
    site.works("bin/zeopack", &[]);
    site.works("bin/repozo", &["--help"]);
    site.works("bin/stop", &[]);
    // Its own scripts start and stop it, too.
    site.works("bin/zeoserver", &["start"]);
    assert!(site.works("bin/zeoserver", &["status"]).contains("running"));
    site.sandbox.write("site/ask.py", "assert app.acl_users.getUser('second')\n");
    site.works("bin/instance", &["run", "ask.py"]);
    site.works("bin/zeoserver", &["stop"]);
    // What was read at the first start is not written again.
    assert!(!site.sandbox.path("site/parts/instance/inituser").exists());
    assert!(site.works("bin/buildout", &[]).contains("nothing changed"));
    assert_eq!(site.sandbox.processes(), [0; 0], "no process is left");

    // Another address: only the files with it are written.
    let port = site.sandbox.port().to_string();
    let ports = site.sandbox.read("site/ports.cfg");
    let old = format!("zeoserver = {}", site.port("zeoserver"));
    site.sandbox.write("site/ports.cfg", &ports.replace(&old, &format!("zeoserver = {port}")));
    let changed = site.works(SUPKIT, &["build"]);
    assert!(changed.contains("build the parts: 3 files"), "{changed}");
    let run = site.works("bin/run", &["--timeout", "120"]);
    assert!(run.contains("all 3 programs run"), "{run}");
    site.works("bin/stop", &[]);
}
