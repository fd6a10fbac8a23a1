//! The catalogue of texts of the web interface: complete in each language, and nothing in it is unused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use supkit::assets;
use walkdir::WalkDir;

type Catalogue = BTreeMap<&'static str, &'static str>;

const LANGUAGES: [&str; 2] = ["en", "de"];
/// How a key is used: in Rust, in templates and in scripts.
const USES: [&str; 11] = [
    ".text(", ".fill(", ".word(", ".count(", ".family(", "{t ", "{rich ", "{count ", "{word ",
    "text(", "count(",
];
const SCRIPT_WORD: &str = "word(";

fn lines(language: &str) -> Vec<&'static str> {
    assets::web(&format!("texts/{language}.txt")).lines().collect()
}

fn catalogue(language: &str) -> Catalogue {
    let entry = |line: &'static str| line.split_once(" = ").unwrap_or_else(|| panic!("`{line}`"));
    lines(language).into_iter().map(entry).collect()
}

/// The names in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name).collect()
}

/// All sources that may use a text.
fn sources() -> Vec<(String, String)> {
    sources_in(&["src/web", "templates/web"])
}

fn sources_in(folders: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = folders
        .iter()
        .flat_map(|folder| WalkDir::new(root.join(folder)).into_iter().filter_map(Result::ok));
    let files = files.filter(|file| {
        let extension = file.path().extension().and_then(|it| it.to_str()).unwrap_or_default();
        ["rs", "hbs", "js"].contains(&extension)
    });
    let read = |path: &Path| std::fs::read_to_string(path).expect("a source");
    files.map(|file| (file.path().display().to_string(), read(file.path()))).collect()
}

/// What follows each use up to the end of the literal: a key, a family, or the start of a key.
fn used(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for marker in USES.into_iter().chain([SCRIPT_WORD]) {
        for rest in text.split(marker).skip(1) {
            let rest = rest.trim_start();
            let Some(quote) = rest.chars().next().filter(|it| "\"`".contains(*it)) else {
                continue;
            };
            let literal = rest[1..].split(quote).next().unwrap_or_default();
            let key = literal.split("${").next().unwrap_or_default().trim_end_matches('.');
            if !key.is_empty() {
                found.insert(key.to_owned());
            }
        }
    }
    found
}

#[test]
fn the_files_are_sorted_and_have_no_key_twice() {
    for language in LANGUAGES {
        let keys: Vec<&str> = lines(language)
            .iter()
            .filter_map(|line| line.split_once(" = "))
            .map(|it| it.0)
            .collect();
        assert_eq!(keys.len(), lines(language).len(), "{language}: a line is no text");
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{language}: `{}` before `{}`", pair[0], pair[1]);
        }
    }
}

#[test]
fn every_text_exists_in_each_language_with_the_same_placeholders() {
    let [english, german] = LANGUAGES.map(catalogue);
    let keys = |of: &Catalogue| of.keys().copied().collect::<Vec<_>>();
    assert_eq!(keys(&english), keys(&german));
    for (key, text) in &english {
        assert_eq!(placeholders(text), placeholders(german[key]), "{key}");
        assert_eq!(text.matches('`').count(), german[key].matches('`').count(), "{key}");
        assert!(!text.trim().is_empty() && !german[key].trim().is_empty(), "{key}");
    }
}

#[test]
fn every_number_has_both_forms() {
    let english = catalogue("en");
    for key in english.keys() {
        for (form, other) in [(".one", ".other"), (".other", ".one")] {
            let Some(base) = key.strip_suffix(form) else { continue };
            assert!(english.contains_key(format!("{base}{other}").as_str()), "{base}{other}");
        }
    }
}

#[test]
fn every_text_is_used_and_every_used_text_exists() {
    let english = catalogue("en");
    let mut all = BTreeSet::new();
    for (path, text) in sources() {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_comment = |line: &&str| line.trim_start().starts_with("//");
        let code: Vec<&str> = text.lines().filter(|line| !is_comment(line)).collect();
        for key in used(&code.join("\n")) {
            let is_family = english.keys().any(|it| it.starts_with(&format!("{key}.")));
            assert!(english.contains_key(key.as_str()) || is_family, "{path}: there is no `{key}`");
            all.insert(key);
        }
    }
    for key in english.keys() {
        let mut families = key.match_indices('.').map(|(at, _)| &key[..at]);
        let is_found = all.contains(*key) || families.any(|it| all.contains(it));
        // A key may also be handed to a function that looks it up.
        let base = key.trim_end_matches(".one").trim_end_matches(".other");
        let literal = format!("\"{base}\"");
        let is_named = || sources().iter().any(|(_, text)| text.contains(&literal));
        assert!(is_found || is_named(), "`{key}` is not used");
    }
}

/// English texts of the core and of HTTP are recognised by their words, so they have to be the same.
#[test]
fn every_recognised_text_is_made_by_the_sources() {
    let folders = ["src/core", "src/rpc", "src/daemon", "src/http", "src/web", "src/os"];
    let sources: Vec<String> =
        sources_in(&folders).into_iter().map(|(_, text)| joined_lines(&text)).collect();
    for (key, text) in catalogue("en") {
        if !["core", "error"].contains(&key.split('.').next().unwrap_or_default()) {
            continue;
        }
        let text = text.split(['{', '}']).step_by(2).collect::<Vec<_>>().join(" ");
        let words: Vec<&str> =
            text.split(|char: char| !char.is_alphanumeric() && !"_'-".contains(char)).collect();
        // Parts of a text may be made apart from each other, but in one place.
        let is_made = sources.iter().any(|source| words.iter().all(|word| source.contains(word)));
        assert!(is_made, "{key}: no source has the words of `{text}`");
    }
}

#[test]
fn every_explanation_of_an_error_page_is_in_the_catalogue() {
    let english = catalogue("en");
    let of_errors = english.iter().filter(|(key, _)| key.starts_with("error."));
    let known: BTreeSet<String> = of_errors.map(|(_, text)| skeleton(text)).collect();
    let mut found = 0;
    for (path, source) in sources_in(&["src/daemon", "src/http", "src/web"]) {
        if path.ends_with("tests.rs") {
            continue;
        }
        let source = joined_lines(source.split("#[cfg(test)]").next().unwrap_or_default());
        for rest in source.split("Reply::").skip(1) {
            let call = ["error(", "fatal("].iter().find_map(|it| rest.strip_prefix(it));
            let between = |char: char| char.is_ascii_digit() || ", &\n".contains(char);
            let text = call.unwrap_or_default().trim_start_matches(between);
            let text = text.strip_prefix("format!(").unwrap_or(text).trim_start();
            // Other texts are made by functions, and tested with them.
            let Some(literal) = text.strip_prefix('"') else { continue };
            let literal = literal.split('"').next().unwrap_or_default();
            assert!(known.contains(&skeleton(literal)), "{path}: `{literal}`");
            found += 1;
        }
    }
    assert!(found > 15, "{found}");
}

/// A text without its numbers and placeholders.
fn skeleton(text: &str) -> String {
    let text = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    text.collect::<String>().replace(|char: char| char.is_ascii_digit(), "")
}

/// A source in which a literal that continues on the next line is one line.
fn joined_lines(source: &str) -> String {
    let mut joined = String::new();
    for line in source.lines() {
        match line.strip_suffix('\\') {
            Some(part) if joined.ends_with('\n') || joined.is_empty() => joined += part,
            Some(part) => joined += part.trim_start(),
            None if joined.ends_with('\n') || joined.is_empty() => {
                joined += line;
                joined.push('\n');
            }
            None => {
                joined += line.trim_start();
                joined.push('\n');
            }
        }
    }
    joined.replace("\\\"", "\"")
}

/// What a page shows has a key: a template contains no words of its own.
#[test]
fn templates_contain_no_words() {
    let has_markup = |path: &str| Path::new(path).extension().is_some_and(|it| it == "hbs");
    for (path, text) in sources().into_iter().filter(|(path, _)| has_markup(path)) {
        assert_eq!(words(&text), Vec::<String>::new(), "{path}");
        for attribute in ["aria-label", "title", "alt", "placeholder"] {
            for value in text.split(&format!(" {attribute}=\"")).skip(1) {
                assert!(value.starts_with("{{") || value.starts_with('"'), "{path}: {value}");
            }
        }
    }
}

/// The words of more than one letter outside tags and expressions.
fn words(template: &str) -> Vec<String> {
    let mut text = String::new();
    let (mut depth, mut is_code) = (0_i32, false);
    let mut rest = template;
    while let Some(char) = rest.chars().next() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            '<' if depth == 0 => is_code = true,
            '>' if depth == 0 && is_code => {
                is_code = false;
                text.push(' ');
            }
            _ if depth == 0 && !is_code => text.push(char),
            _ => {}
        }
        rest = &rest[char.len_utf8()..];
    }
    let words = text.split(|char: char| !char.is_alphabetic()).filter(|word| word.len() > 2);
    words.map(str::to_owned).collect()
}
