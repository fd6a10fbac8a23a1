//! The module boundaries of `docs/architecture.md`: which module may import which, that files do not
//! import each other, where `unsafe` and option names are allowed, how long a file may be, and that
//! every asset is embedded.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use supkit::conf::sections::SECTIONS;
use walkdir::WalkDir;

use imports::Imports;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Each top-level module with the modules that it may import.
const ALLOWED_IMPORTS: &[(&str, &[&str])] = &[
    ("assets", &[]),
    ("pattern", &[]),
    ("calendar", &[]),
    ("password", &[]),
    ("diag", &[]),
    ("ini", &["diag"]),
    ("conf", &["assets", "diag", "ini", "password", "pattern"]),
    ("core", &["calendar", "conf", "ini"]),
    ("http", &["calendar", "password"]),
    ("rpc", &["conf", "core", "ini", "pattern"]),
    ("web", &["assets", "conf", "core", "http", "rpc"]),
    ("buildout", &["diag", "ini", "pattern"]),
    ("generate", &["assets", "buildout", "conf", "diag", "ini", "pattern"]),
    ("parts", &["buildout", "diag", "generate"]),
    ("editor", &["buildout", "conf", "diag", "ini"]),
    ("lsp", &["buildout", "conf", "diag", "editor"]),
    ("tls", &[]),
    ("os", &[]),
    ("keeper", &["os"]),
    (
        "daemon",
        &[
            "assets", "conf", "core", "diag", "http", "ini", "keeper", "os", "password", "pattern",
            "rpc", "tls", "web",
        ],
    ),
    ("ctl", &["conf", "core", "diag", "os", "pattern", "rpc", "tls"]),
    ("top", &["conf", "core", "ctl", "os", "rpc"]),
    (
        "cli",
        &[
            "assets", "buildout", "conf", "core", "ctl", "daemon", "diag", "editor", "generate",
            "http", "ini", "lsp", "os", "parts", "password", "pattern", "rpc", "tls", "top", "web",
        ],
    ),
];

/// The modules that do input and output. All others are pure.
const SHELL: &[&str] = &["os", "keeper", "daemon", "ctl", "top", "cli"];

/// Parts of those modules that are pure nevertheless.
const PURE_PARTS: &[&str] = &["top/model", "top/view"];

/// What a pure module never names.
const INPUT_AND_OUTPUT: &[&str] = &[
    "std::fs",
    "TcpListener",
    "TcpStream",
    "UnixListener",
    "UnixStream",
    "ToSocketAddrs",
    "std::process",
    "std::thread",
    "std::env",
    "Instant::now",
    "SystemTime",
    "nix::",
    "libc::",
    "println!",
    "eprintln!",
];

/// The modules that may spell the options of supervisord.conf as strings, each with the reason.
const SPELLS_OPTIONS: &[(&str, &str)] = &[
    ("conf", "it has the table"),
    ("buildout", "its words are zc.buildout's; it does not know supervisord.conf"),
    ("generate", "a test of its own checks it"),
    ("parts", "its words are those of recipes, and of the programs that they configure"),
];

/// Strings elsewhere that are the name of an option by accident: the file, the strings, the reason.
const NOT_AN_OPTION: &[(&str, &[&str], &str)] = &[
    ("cli/check_report.rs", &["file"], "a member of its JSON"),
    ("cli/takeover/facts.rs", &["stderr_logfile", "stdout_logfile"], "members of getProcessInfo"),
    ("cli/takeover/report.rs", &["programs"], "a member of its JSON"),
    ("core/simulation/timeline.rs", &["events"], "a member of its JSON"),
    ("ctl/extras.rs", &["buffer_size", "schedule"], "members of its JSON"),
    ("ctl/plan.rs", &["file"], "a member of supkit.planUpdate"),
    ("http/route.rs", &["events"], "a path of the web interface"),
    ("lsp/uri.rs", &["file"], "the scheme of a URI"),
    ("rpc/dependencies.rs", &["depends_on"], "a member of supkit.getDependencies"),
    ("rpc/info.rs", &["logfile", "stderr_logfile", "stdout_logfile"], "members of getProcessInfo"),
    ("rpc/methods.rs", &["process_name"], "a parameter of twiddler"),
    ("rpc/plan.rs", &["file"], "a member of supkit.planUpdate"),
    ("rpc/supkit.rs", &["buffer_size"], "a member of supkit.getEventPools"),
    ("rpc/why/value.rs", &["file"], "a member of supkit.explainProcess"),
    ("top/model/snapshot.rs", &["stderr_logfile", "stdout_logfile"], "members of getProcessInfo"),
    ("web/update_page.rs", &["file"], "a member of supkit.planUpdate"),
    ("web/pages.rs", &["identifier"], "a value of a template"),
];

/// The files of `generate` with option names of other languages: those of supkit in a part, those of
/// recipes, and those of the servers that a project configures.
const OTHER_OPTIONS: &[&str] = &[
    "part_options.rs",
    "collective/options.rs",
    "pip/search.rs",
    "pip/wsgi.rs",
    "pip/zconfig.rs",
    "server_config.rs",
    "shared_build.rs",
    "zodb_sections/adapter.rs",
    "zodb_sections/section_text.rs",
    "zodb_sections/zeo.rs",
];

/// Tables whose imports are not counted: a row names the function that reads the option, and the
/// function reads into the struct that the rows make.
const TABLES_THAT_READ: &[&str] = &["conf/process.rs", "conf/sections.rs"];

/// Files that are one long table, and so may be longer than the rest.
const TABLES: &[&str] = &[];

const LONGEST: usize = 600;

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

/// All files of `src/` but the two that name every module.
fn sources() -> Vec<Source> {
    let src = Path::new(ROOT).join("src");
    WalkDir::new(&src)
        .into_iter()
        .map(|entry| entry.expect("src can be read").into_path())
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .map(|path| {
            let inside = path.strip_prefix(&src).expect("below src").to_path_buf();
            let first = inside.components().next().expect("a file").as_os_str();
            let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("a source is text");
            Source { path: inside, module, text }
        })
        .filter(|source| source.module != "main" && source.module != "lib")
        .collect()
}

/// The text without comments, so that prose may name anything; and without the tests at its end.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(source: &Source) -> bool {
    let name = source.path.file_stem().expect("a file").to_string_lossy().into_owned();
    name == "tests" || name == "stories" || name.ends_with("_tests")
}

#[test]
fn modules_import_only_what_they_are_allowed_to() {
    let allowed_imports: BTreeMap<&str, &[&str]> = ALLOWED_IMPORTS.iter().copied().collect();
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !is_test(source)) {
        let allowed = allowed_imports.get(source.module.as_str()).unwrap_or_else(|| {
            panic!("src/{} belongs to no module: add it to ALLOWED_IMPORTS", source.path.display())
        });
        let text = code(&source.text);
        for (module, _) in ALLOWED_IMPORTS {
            let named = text.contains(&format!("crate::{module}"));
            if named && *module != source.module && !allowed.contains(module) {
                broken.push(format!("{} imports {module}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn files_do_not_import_each_other() {
    let is_table = |path: &Path| TABLES_THAT_READ.iter().any(|table| path.ends_with(table));
    let sources = sources();
    let texts: Vec<(&Path, String)> = sources
        .iter()
        .filter(|source| !is_test(source))
        .map(|source| (source.path.as_path(), code(&source.text)))
        .map(|(path, text)| if is_table(path) { (path, String::new()) } else { (path, text) })
        .collect();
    let imports = Imports::of(texts.iter().map(|(path, text)| (*path, text.as_str())));
    let cycles = imports.cycles();
    let cycles: Vec<Vec<String>> = cycles.iter().map(|cycle| imports.within(cycle)).collect();
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn generate_takes_the_options_of_supervisor_from_their_table() {
    let options = SECTIONS.iter().flat_map(|section| section.options()).map(|row| row.name);
    // Two sections have the name of an applet.
    let words = SECTIONS.iter().map(|section| section.word);
    let words = words.filter(|word| !["supervisord", "supervisorctl"].contains(word));
    let names: Vec<&str> = options.chain(words).collect();
    let mut broken = Vec::new();
    for source in sources().iter().filter(|it| it.module == "generate" && !is_test(it)) {
        let is_other = OTHER_OPTIONS.iter().any(|path| source.path.ends_with(path));
        let text = code(&source.text);
        for name in names.iter().filter(|name| !is_other && text.contains(&format!("\"{name}\""))) {
            broken.push(format!("{} contains the option name `{name}`", source.path.display()));
        }
    }
    assert!(broken.is_empty(), "use the constants of conf::sections: {broken:#?}");
}

/// Whether `name` stands in `text` as a word of its own: `nix::` is no part of `unix::`.
fn names(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| !text[..at].ends_with(is_word))
}

#[test]
fn pure_modules_do_no_input_or_output() {
    let mut broken = Vec::new();
    let is_pure = |source: &Source| {
        !SHELL.contains(&source.module.as_str())
            || PURE_PARTS.iter().any(|part| source.path.starts_with(part))
    };
    for source in sources().iter().filter(|it| is_pure(it) && !is_test(it)) {
        let text = code(&source.text);
        for name in INPUT_AND_OUTPUT {
            if names(&text, name) {
                broken.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The string literals of a text that are names of options.
fn option_names<'t>(text: &'t str, options: &BTreeSet<&str>) -> BTreeSet<&'t str> {
    let literals = text.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    literals.filter(|literal| options.contains(literal)).collect()
}

#[test]
fn options_of_supervisord_conf_are_spelled_in_conf_only() {
    let rows = supkit::conf::sections::SECTIONS.iter().flat_map(|section| section.options());
    let options: BTreeSet<&str> = rows.map(|row| row.name).collect();
    let mut broken = Vec::new();
    let sources = sources();
    let is_free = |module: &str| SPELLS_OPTIONS.iter().any(|(free, _)| *free == module);
    for source in sources.iter().filter(|it| !is_free(&it.module) && !is_test(it)) {
        let allowed = NOT_AN_OPTION.iter().find(|(file, ..)| source.path.ends_with(file));
        let allowed: BTreeSet<&str> = allowed.iter().flat_map(|it| it.1).copied().collect();
        let text = code(&source.text);
        let found = option_names(&text, &options);
        if found != allowed {
            let path = source.path.display();
            broken.push(format!("{path} spells {found:?}; expected are {allowed:?}"));
        }
    }
    assert!(broken.is_empty(), "use the constants of conf::sections: {broken:#?}");
    for (file, ..) in NOT_AN_OPTION {
        assert!(sources.iter().any(|source| source.path.ends_with(file)), "{file} is gone");
    }
}

#[test]
fn unsafe_code_is_confined_to_os() {
    for source in sources() {
        if source.module != "os" {
            assert!(!code(&source.text).contains("unsafe "), "unsafe in {}", source.path.display());
        }
    }
}

#[test]
fn nothing_sleeps() {
    let tests = WalkDir::new(Path::new(ROOT).join("tests")).into_iter().filter_map(Result::ok);
    let tests = tests
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            path.extension().is_some_and(|it| it == "rs") && !path.ends_with("architecture.rs")
        })
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("text")));
    let sources = sources().into_iter().map(|it| (it.path.display().to_string(), it.text));
    for (path, text) in sources.chain(tests) {
        let waits_for_a_condition = path.ends_with("support/wait.rs");
        assert!(waits_for_a_condition || !code(&text).contains("thread::sleep"), "{path} sleeps");
    }
}

#[test]
fn files_are_short_enough_to_have_one_subject() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| !TABLES.iter().any(|table| source.path.ends_with(table)))
        .map(|source| (source.path.display().to_string(), source.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines}"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_template_and_recipe_is_embedded() {
    let sources: Vec<String> = sources().into_iter().map(|source| source.text).collect();
    for folder in ["templates", "recipes"] {
        let files = WalkDir::new(Path::new(ROOT).join(folder)).into_iter().filter_map(Result::ok);
        for file in files.filter(|it| it.file_type().is_file()) {
            let name =
                file.path().strip_prefix(ROOT).expect("below the root").display().to_string();
            let built_in = sources.iter().any(|text| text.contains(&name));
            assert!(built_in, "{name} is embedded nowhere");
        }
    }
}
