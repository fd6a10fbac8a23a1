//! The options that recipes set in their part, as the published recipes set them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::Value;
use supkit::buildout::{MemoryFiles, Project, Request};
use supkit::generate::catalogue::Catalogue;
use supkit::generate::machine::{FactSource, Machine};

use crate::support::{Sandbox, oracle};

const PROJECT: &str = include_str!("scripts/recipe_options.cfg");
/// The directory of a project in memory.
const DIRECTORY: &str = "/srv/plone";

/// Recipes that Python 3 cannot run. Their options are known from their source.
const PYTHON_2: [&str; 8] = [
    "celery",
    "clone",
    "facts",
    "gocept-cmmi",
    "gocept-download",
    "pound",
    "repoze",
    "slapos-cmmi",
];

/// Options that differ: the result of Python code, and an option that the recipe sets when it is
/// installed, after it was made.
const LEFT_OUT: [(&str, &str); 2] = [("offset", "port"), ("varnish-build", "daemon")];

type Options = BTreeMap<String, String>;

/// The environment variables of the real recipes.
fn environment() -> BTreeMap<String, String> {
    // A locale, so that Python adds none.
    [("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("SITE", "shop"), ("USER", "zope")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// The options of every section of a project, those that recipes add included.
fn theirs(project: &str) -> BTreeMap<String, Result<Options, String>> {
    let sandbox = Sandbox::new();
    let directory = sandbox.path("project");
    std::fs::create_dir(&directory).expect("a directory");
    sandbox.write("asked.cfg", project);
    let mut command = sandbox.command(oracle::recipes_python());
    command.args(["-c", include_str!("scripts/recipe_options.py")]).arg(&directory);
    command.env_clear().envs(environment());
    command.stdin(std::fs::File::open(sandbox.path("asked.cfg")).expect("the project"));
    let output = command.output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let text = text.replace(&*directory.canonicalize().unwrap().to_string_lossy(), DIRECTORY);
    let answers: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
    let options = |answer: Value| match answer.get("options") {
        Some(options) => Ok(serde_json::from_value(options.clone()).expect("texts")),
        None => Err(answer["fault"].as_str().unwrap_or_default().to_owned()),
    };
    answers.into_iter().map(|(part, answer)| (part, options(answer))).collect()
}

/// A machine that has only the directory of the project.
#[derive(Debug)]
struct ProjectDirectory;

impl FactSource for ProjectDirectory {
    fn system(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn repository(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn is_directory(&self, path: &str) -> bool {
        path == DIRECTORY
    }

    fn resolve(&self, _: &str) -> Option<std::net::IpAddr> {
        None
    }
}

fn ours(project: &str) -> Project {
    let env = MemoryFiles::with(&[("buildout.cfg", project)]);
    let machine = Machine {
        environment: environment(),
        source: Some(&ProjectDirectory),
        ..Machine::default()
    };
    let catalogue = Rc::new(Catalogue::new(&[]).expect("the recipes are valid").on(machine));
    Project::load(&Request::lazy("buildout.cfg"), &env, catalogue)
        .unwrap_or_else(|failure| panic!("{}", failure.fault.message()))
}

/// The options of a part; computed values are unknown.
fn options(project: &Project, part: &str) -> Options {
    let names = project.names(part).unwrap_or_else(|fault| panic!("{part}: {}", fault.message()));
    let get = |name: &String| project.get(part, name).ok().flatten();
    names.iter().filter_map(|name| Some((name.clone(), get(name)?))).collect()
}

fn difference(part: &str, theirs: &Options, ours: &Options) -> String {
    let mut differences = String::new();
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    for name in names {
        let (their, our) = (theirs.get(name), ours.get(name));
        let is_left_out = LEFT_OUT.contains(&(part, name));
        let depends = ["UID", "GID", "executable"].contains(&name.as_str());
        let is_one_sided = our.is_none() || their.is_none();
        if their != our && !(is_one_sided && is_left_out) && !depends {
            let _ =
                writeln!(differences, "${{{part}:{name}}}\n  theirs {their:?}\n  ours   {our:?}");
        }
    }
    differences
}

#[test]
fn recipes_set_the_options_of_the_catalogue() {
    let project = ours(PROJECT);
    let theirs = theirs(PROJECT);
    let failed: Vec<&String> =
        theirs.iter().filter(|(_, it)| it.is_err()).map(|(part, _)| part).collect();
    assert_eq!(failed, PYTHON_2, "{theirs:#?}");
    let differences: String = theirs
        .iter()
        .filter_map(|(part, options)| Some((part, options.as_ref().ok()?)))
        .map(|(part, their)| difference(part, their, &options(&project, part)))
        .collect();
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn every_recipe_of_the_catalogue_that_python_3_runs_is_tested() {
    let asked: BTreeSet<&str> =
        PROJECT.lines().filter_map(|line| line.strip_prefix("recipe = ")).collect();
    assert!(asked.len() >= 35, "{asked:?}");
    let catalogue = Catalogue::new(&[]).expect("the recipes are valid");
    let unknown: Vec<&&str> =
        asked.iter().filter(|name| catalogue.find(name, "x", &|_| None).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The directories that nti.recipes.zodb needs.
const DEPLOYMENT: &str = "[buildout]\nparts =\n[deployment]\ndata-directory = /data\n\
    etc-directory = /etc\nlog-directory = /log\nrun-directory = /run\nrc-directory = /rc\n\
    cache-directory = /cache\nlogrotate-directory = /logrotate\ncrontab-directory = /cron\n\
    user = zope\n";

/// Parts of nti.recipes.zodb, which add sections to the project.
const DATABASES: [&str; 12] = [
    "recipe = nti.recipes.zodb:zeo\nstorages = Users Users_1 Sessions\npack-gc = true\n",
    "recipe = nti.recipes.zodb:zeo\nstorages =\n  A\n  B\ncompress = none\nname = zeo\n\
     supervisor-startsecs = 3\n",
    "recipe = nti.recipes.zodb:zeo\nstorages = A B\ncompress = Compress\npool_timeout = 60\n\
     pool_size = 2\n[zodb_opts]\npool_size = 3\n[a_storage_opts]\ndata_dir = /elsewhere\n\
     [b_client_opts]\ncache_size = 7\n",
    "recipe = nti.recipes.zodb:zeo\nstorages = A\n[environment]\ncompress = none\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = Users Users_1\nsql_user = u\n\
     sql_passwd = p\nsql_host = h\nwrite-zodbconvert = yes\nblob-cache-size = 1\n\
     pool_timeout = 3\ncache_servers = a:1\nsql_adapter_extra_args =\n  driver auto\n  <X y>\n\
     \x20   b 1\n  </x>\n  another thing\n[zodb_users_1_storage_opts]\nsql_adapter = sqlite3\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A\n[environment]\nsql_user = u\n\
     sql_host = h\ncache_servers = b:2\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A B\nsql_adapter = postgresql\n\
     sql_user = it's\nsql_host = h\nwrite-zodbconvert = on\ncompress = none\n\
     [zodb_b_storage_opts]\nsql_db = other\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A\nsql_adapter = postgresql\n\
     sql_adapter_extra_args = sql_port 5433\nrelstorage-name-prefix = x-\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A\nsql_adapter = postgresql\n\
     sql_adapter_extra_args = dsn dbname='x'\nwrite-zodbconvert = true\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A\nsql_adapter = sqlite3\n\
     data_dir = /elsewhere\nwrite-zodbconvert = 1\nenable-persistent-cache = off\n\
     compress = true\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A\ncache_local_mb = 5\n\
     sql_adapter_args =\n  db x\n  user y\n  <z/>\n[zodb_opts]\npool_timeout = 8\n",
    "recipe = nti.recipes.zodb:relstorage\nstorages = A\n[zodb_a_storage_opts]\n\
     shared_blob_dir = true\npack_gc = true\ncommit_lock_timeout = 1\nblob-cache-size = 3\n",
];

#[test]
fn the_sections_that_recipes_add_have_the_options_that_are_known_of_them() {
    for part in DATABASES {
        let text = format!("{DEPLOYMENT}[zodb]\n{part}");
        let (project, theirs) = (ours(&text), theirs(&text));
        options(&project, "zodb");
        let differences: String = theirs
            .iter()
            .map(|(section, their)| {
                let their = their.as_ref().unwrap_or_else(|fault| panic!("{section}: {fault}"));
                difference(section, their, &options(&project, section))
            })
            .collect();
        assert!(theirs.contains_key("zodb_conf"), "{theirs:#?}");
        assert!(differences.is_empty(), "{part}\n{differences}");
    }
}

/// A project in a repository, after `prepare`.
fn facts_of(prepare: &str) -> (Options, Options) {
    let sandbox = Sandbox::new();
    let directory = sandbox.path("project");
    std::fs::create_dir(&directory).expect("a directory");
    let project = "[buildout]\nparts = facts\n[facts]\nrecipe = isotoma.recipe.facts\n";
    std::fs::write(directory.join("buildout.cfg"), project).expect("a project");
    std::fs::create_dir(sandbox.path("programs")).expect("a directory");
    let programs = sandbox.path("programs");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display());
    let run = |command: &mut std::process::Command| {
        let output = command.current_dir(&directory).env("PATH", &path).output().expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    run(sandbox.command("/bin/sh").args(["-ec", prepare]));
    let script = include_str!("scripts/facts.py");
    let theirs =
        run(sandbox.command(oracle::recipes_python()).args(["-c", script]).arg(&directory));
    let ours = run(sandbox.command(env!("CARGO_BIN_EXE_supkit")).args([
        "annotate",
        "--recipes",
        "--format",
        "json",
        "facts",
    ]));
    let ours: Value = serde_json::from_str(&ours).expect("JSON");
    let ours = ours["facts"].as_object().expect("a section").iter();
    let ours = ours.filter(|(name, _)| *name != "recipe");
    let text = |value: &Value| value["value"].as_str().or(value.as_str()).unwrap().to_owned();
    let ours = ours.map(|(name, value)| (name.clone(), text(value))).collect();
    (serde_json::from_str(&theirs).expect("texts"), ours)
}

#[test]
fn facts_of_the_machine_and_the_repository_are_those_of_the_recipe() {
    let git = "git init -q -b work . && git -c user.name=a -c user.email=a@b commit -q \
               --allow-empty -m x";
    let hg = "mkdir .hg; printf '#!/bin/sh\\necho \" $1 of hg\"\\n' >../programs/hg; \
              chmod +x ../programs/hg";
    for (prepare, branch) in [
        (":", Some("unknown")),
        (git, Some("work")),
        (&format!("{git} && git checkout -q --detach"), None),
        ("git init -q .", None),
        (hg, Some("branch of hg")),
    ] {
        let (theirs, ours) = facts_of(prepare);
        assert_eq!(ours, theirs, "{prepare}");
        assert!(theirs.keys().any(|name| name.starts_with("interfaces.")), "{theirs:?}");
        if let Some(branch) = branch {
            assert_eq!(theirs["vcs.branch"], branch, "{prepare}");
        }
    }
}
