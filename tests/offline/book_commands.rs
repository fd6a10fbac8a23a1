//! No command of the documentation is left out of the tests silently: `docs/tested-commands.md` lists the
//! pages that are executed, and each other command with the reason and what executes it instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use crate::book_contents::{events, pages, text};

const TABLES: &str = "docs/tested-commands.md";

/// With these words a line of a block without a language begins if it is a command.
const PROGRAMS: [&str; 20] = [
    "apt",
    "apt-get",
    "bin/",
    "./",
    "cargo",
    "cd",
    "curl",
    "docker",
    "make",
    "openssl",
    "pip",
    "pip3",
    "python",
    "python3",
    "sudo",
    "supervisorctl",
    "supervisord",
    "supkit",
    "systemctl",
    "tar",
];

/// A block with commands.
#[derive(Debug)]
struct Block {
    first_command: String,
    is_console: bool,
    is_executed: bool,
}

/// The blocks of a page that contain commands.
fn command_blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut current) = (Vec::new(), None::<(String, String)>);
    for event in events(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                current = Some((info.into_string(), String::new()));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                current = Some(Default::default());
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut current {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                blocks.extend(current.take().and_then(|(info, code)| command_block(&info, &code)));
            }
            _ => {}
        }
    }
    blocks
}

fn command_block(info: &str, code: &str) -> Option<Block> {
    let mut words = info.split(' ');
    let language = words.next().unwrap_or_default();
    let is_console = language == "console";
    let may_be_commands = ["", "console", "sh", "shell", "bash"].contains(&language);
    let command = |line: &str| {
        // Elsewhere `# ` begins a comment.
        let of_root = line.strip_prefix("# ").filter(|_| is_console);
        let bare = line.strip_prefix("$ ").or(of_root);
        let first = line.split(' ').next().unwrap_or_default();
        let is_program =
            |name: &&str| first == *name || name.ends_with('/') && first.starts_with(*name);
        let is_command = bare.is_some() || PROGRAMS.iter().any(is_program);
        (may_be_commands && is_command).then(|| bare.unwrap_or(line).to_owned())
    };
    let first_command = code.lines().find_map(command)?;
    Some(Block {
        first_command,
        is_console,
        is_executed: is_console && !words.any(|w| w == "not-run"),
    })
}

/// The rows of a table after this heading, as cells without backquotes around them.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let section = page.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("{TABLES} has no heading {heading}"));
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    rows.skip(2).map(|row| row.split(" | ").map(cell).collect()).collect()
}

/// The pages that a test executes, with its file.
fn executed() -> BTreeMap<PathBuf, String> {
    let rows = rows(&text(Path::new(TABLES)), "Pages that are executed");
    let page = |row: Vec<String>| {
        let [page, test] = <[String; 2]>::try_from(row).expect("two cells");
        (Path::new("docs").join(page), test)
    };
    rows.into_iter().map(page).collect()
}

/// The commands that are not, by their page, with the reason and what executes them instead.
fn not_executed() -> Vec<(PathBuf, String, String, String)> {
    let rows = rows(&text(Path::new(TABLES)), "Commands that are not");
    let command = |row: Vec<String>| {
        let [page, command, reason, instead] = <[String; 4]>::try_from(row).expect("four cells");
        (Path::new("docs").join(page), command, reason, instead)
    };
    rows.into_iter().map(command).collect()
}

#[test]
fn each_command_is_executed_or_listed_with_the_reason() {
    let (executed, listed) = (executed(), not_executed());
    let (mut wrong, mut used, mut count) = (Vec::new(), Vec::new(), 0);
    for page in pages() {
        let is_page_executed = executed.contains_key(&page);
        for block in command_blocks(&text(&page)) {
            count += 1;
            let is_row = |row: &(PathBuf, String, String, String)| {
                row.0 == page && row.1 == block.first_command
            };
            let row = listed.iter().position(is_row);
            used.extend(row);
            let fault = match (is_page_executed && block.is_executed, row) {
                (true, Some(_)) => "is executed, but listed as not executed",
                (false, None) if is_page_executed && !block.is_console => "is no `console` block",
                (false, None) => "is not executed, and not listed",
                (true, None) | (false, Some(_)) => continue,
            };
            wrong.push(format!("{}: {}: {fault}", page.display(), block.first_command));
        }
    }
    let unused = (0..listed.len()).filter(|row| !used.contains(row));
    wrong.extend(unused.map(|row| format!("{TABLES}: no such command: {:?}", listed[row])));
    assert!(count > 50, "{count} blocks");
    assert!(wrong.is_empty(), "see {TABLES} and CONTRIBUTING.md, \"The book\":\n{wrong:#?}");
}

#[test]
fn each_row_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
    let mut wrong = Vec::new();
    for (page, test) in executed() {
        let name = page.strip_prefix("docs").expect("a page of the book").display().to_string();
        if !read(&test).contains(&format!("\"{name}\"")) {
            wrong.push(format!("{test} does not run {name}"));
        }
    }
    for (page, command, reason, instead) in not_executed() {
        let exists = match instead.split_once("::") {
            Some((file, test)) => read(file).contains(&format!("fn {test}(")),
            None => instead == "nothing" || !read(&instead).is_empty(),
        };
        if !exists || reason.len() < 10 {
            wrong.push(format!("{}: {command}: {reason}: {instead}", page.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn commands_are_recognised_in_every_kind_of_block() {
    let page = "```console\n$ ls\n```\n\n    bin/run now\n\n```console not-run\n$ reboot\n```\n\n\
                ```ini\nbin/run\n```\n\n    text\n    # note\n    make x\n";
    let blocks = command_blocks(page);
    let found: Vec<_> = blocks.iter().map(|b| (b.first_command.as_str(), b.is_executed)).collect();
    assert_eq!(found, [("ls", true), ("bin/run now", false), ("reboot", false), ("make x", false)]);
}
