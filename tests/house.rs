//! The walls of the house, as `docs/architecture.md` draws them: who may name whom, where `unsafe`
//! may stand, how long a file may be, and that every asset is built in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Each room with the rooms that it may name. A room may always name itself.
const WALLS: &[(&str, &[&str])] = &[
    ("assets", &[]),
    ("pattern", &[]),
    ("diag", &[]),
    ("ini", &["diag"]),
    ("conf", &["assets", "diag", "ini", "pattern"]),
    ("core", &["conf", "ini"]),
    ("http", &[]),
    ("rpc", &["conf", "core", "ini", "pattern"]),
    ("web", &["assets", "conf", "core", "http", "rpc"]),
    ("buildout", &["diag", "ini", "pattern"]),
    ("generate", &["assets", "buildout", "conf", "diag", "ini", "pattern"]),
    ("os", &[]),
    ("daemon", &["assets", "conf", "core", "diag", "http", "ini", "os", "pattern", "rpc", "web"]),
    ("ctl", &["conf", "core", "diag", "os", "pattern", "rpc"]),
    (
        "cli",
        &[
            "assets", "buildout", "conf", "core", "ctl", "daemon", "diag", "generate", "http",
            "ini", "os", "pattern", "rpc", "web",
        ],
    ),
];

/// The rooms that meet the world. All others are pure.
const SHELL: &[&str] = &["os", "daemon", "ctl", "cli"];

/// What a pure room never names.
const WORLD: &[&str] = &[
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

/// Files that are one long table, and so may be longer than the rest.
const TABLES: &[&str] = &[];

const LONGEST: usize = 600;

struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

/// All files of `src/` but the two that name every room.
fn sources() -> Vec<Source> {
    let src = Path::new(ROOT).join("src");
    WalkDir::new(&src)
        .into_iter()
        .map(|entry| entry.expect("src can be read").into_path())
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .map(|path| {
            let inside = path.strip_prefix(&src).expect("below src").to_path_buf();
            let first = inside.components().next().expect("a file").as_os_str();
            let room = first.to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("a source is text");
            Source { path: inside, room, text }
        })
        .filter(|source| source.room != "main" && source.room != "lib")
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
fn no_room_names_a_room_that_it_may_not_know() {
    let walls: BTreeMap<&str, &[&str]> = WALLS.iter().copied().collect();
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !is_test(source)) {
        let allowed = walls.get(source.room.as_str()).unwrap_or_else(|| {
            panic!("src/{} is in no room: add it to WALLS", source.path.display())
        });
        let text = code(&source.text);
        for (room, _) in WALLS {
            let named = text.contains(&format!("crate::{room}"));
            if named && *room != source.room && !allowed.contains(room) {
                broken.push(format!("{} names {room}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Whether `name` stands in `text` as a word of its own: `nix::` is no part of `unix::`.
fn names(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| !text[..at].ends_with(is_word))
}

#[test]
fn a_pure_room_never_names_the_world() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|it| !SHELL.contains(&it.room.as_str()) && !is_test(it)) {
        let text = code(&source.text);
        for name in WORLD {
            if names(&text, name) {
                broken.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn unsafe_code_has_one_address() {
    for source in sources() {
        if source.room != "os" {
            assert!(!code(&source.text).contains("unsafe "), "unsafe in {}", source.path.display());
        }
    }
}

#[test]
fn nobody_sleeps() {
    let tests = WalkDir::new(Path::new(ROOT).join("tests")).into_iter().filter_map(Result::ok);
    let tests = tests
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|it| it == "rs") && !path.ends_with("house.rs"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("text")));
    let sources = sources().into_iter().map(|it| (it.path.display().to_string(), it.text));
    for (path, text) in sources.chain(tests) {
        let waits_for_a_condition = path.ends_with("support/wait.rs");
        assert!(waits_for_a_condition || !code(&text).contains("thread::sleep"), "{path} sleeps");
    }
}

#[test]
fn no_file_is_too_long_to_have_one_subject() {
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
fn every_file_of_templates_and_recipes_is_built_in() {
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
