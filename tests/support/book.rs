//! The commands of a page of the book, executed in order as a reader would at a terminal.
//!
//! CONTRIBUTING.md describes the marks: `console` blocks, `file=` and `append=` blocks, and comments
//! that begin with `<!-- run` or `<!-- ports`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::Sandbox;
use super::book_session::{Session, Typed};
use super::book_text::{Likeness, like};

/// Where the book's pages begin every absolute path; stands for the directory of the test.
pub const HOME: &str = "/srv";

/// What `Password:` is answered with.
const PASSWORD: &str = "secret";

/// What a page makes a reader do.
#[derive(Debug)]
enum Step {
    /// Write the text into a file, or add it at its end.
    Write {
        file: String,
        is_added: bool,
        text: String,
    },
    /// Run commands that the page does not show.
    Hidden {
        line: usize,
        commands: String,
    },
    Command(Command),
}

#[derive(Debug)]
struct Command {
    /// The number of its first line, and the numbers of the lines that it prints.
    line: usize,
    output: std::ops::Range<usize>,
    text: String,
    expected: Vec<String>,
    must_fail: bool,
    /// The lines that it prints may have any order.
    is_unordered: bool,
}

struct Page {
    path: PathBuf,
    lines: Vec<String>,
    steps: Vec<Step>,
    /// Ports of the page that stand for those of the test.
    ports: Vec<String>,
}

/// Runs a page of `docs` and compares what its commands print. With `UPDATE_DOCS` in the environment
/// the page gets what they printed.
pub fn run(page: &str) {
    run_in(&Sandbox::new(), page);
}

/// The same in a directory that the test has prepared.
pub fn run_in(sandbox: &Sandbox, page: &str) {
    let page = Page::read(page);
    let names = page.names(sandbox);
    let mut session = Session::start(sandbox);
    let mut wrong = String::new();
    let mut printed = BTreeMap::new();
    for step in &page.steps {
        match step {
            Step::Write { file, is_added, text } => {
                write(&session.directory().join(file), &names.inside(text), *is_added);
            }
            Step::Hidden { line, commands } => {
                let outcome = session.run(&names.inside(commands), &[]);
                assert_eq!(
                    outcome.status,
                    0,
                    "{}:{line}: hidden commands: {}",
                    page.path.display(),
                    outcome.text
                );
            }
            Step::Command(command) => {
                let outcome = session.run(&names.inside(&command.text), &typed(&command.expected));
                let text = names.outside(&outcome.text);
                let place = format!("{}:{}: {}", page.path.display(), command.line, command.text);
                if (outcome.status != 0) != command.must_fail {
                    let _ = writeln!(wrong, "{place}\nexit status {}\n{text}", outcome.status);
                }
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                if let Likeness::Differs(difference) = command.compared(&lines) {
                    let _ = writeln!(wrong, "{place}\n{difference}");
                    printed.insert(command.output.start, (command.output.clone(), lines));
                }
            }
        }
    }
    session.end();
    assert_eq!(sandbox.processes(), [0; 0], "{}: processes are left", page.path.display());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        page.update(printed);
    }
    assert!(wrong.is_empty(), "what the commands print is not what the page shows:\n{wrong}");
}

impl Command {
    fn compared(&self, printed: &[String]) -> Likeness {
        if !self.is_unordered {
            return like(&self.expected, printed);
        }
        let sorted = |lines: &[String]| {
            let mut lines = lines.to_vec();
            lines.sort();
            lines
        };
        like(&sorted(&self.expected), &sorted(printed))
    }
}

fn write(path: &Path, text: &str, is_added: bool) {
    let before =
        if is_added { fs::read_to_string(path).expect("it exists") } else { String::new() };
    fs::create_dir_all(path.parent().expect("a file in a directory")).expect("directories");
    fs::write(path, before + text).expect("the file can be written");
}

/// The names in the page, and what they are in the test.
struct Names(Vec<(String, String)>);

impl Names {
    fn inside(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (page, test)| text.replace(page, test))
    }

    fn outside(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (page, test)| text.replace(test, page))
    }
}

impl Page {
    fn read(page: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (steps, ports) = steps(&lines);
        assert!(!steps.is_empty(), "{} has nothing to run", path.display());
        Self { path, lines, steps, ports }
    }

    fn names(&self, sandbox: &Sandbox) -> Names {
        let dir = sandbox.dir().to_str().expect("/tmp is UTF-8").to_owned();
        let ports = self.ports.iter().map(|port| (port.clone(), sandbox.port().to_string()));
        Names(std::iter::once((HOME.to_owned(), dir)).chain(ports).collect())
    }

    fn update(&self, printed: BTreeMap<usize, (std::ops::Range<usize>, Vec<String>)>) {
        let mut lines = self.lines.clone();
        for (range, text) in printed.into_values().rev() {
            lines.splice(range, text);
        }
        fs::write(&self.path, lines.join("\n") + "\n").expect("the page can be written");
    }
}

/// The steps of a page, and its ports.
fn steps(lines: &[String]) -> (Vec<Step>, Vec<String>) {
    let (mut steps, mut ports) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let first = at + 1;
        if let Some(info) = line.strip_prefix("```") {
            let end = end_of(lines, first, "```");
            steps.extend(block(info, lines, first..end));
            at = end;
        } else if line.starts_with("<!-- run") {
            let end = end_of(lines, first, "-->");
            steps.push(Step::Hidden { line: first, commands: lines[first..end].join("\n") });
            at = end;
        } else if let Some(numbers) = line.strip_prefix("<!-- ports ") {
            let numbers = numbers.strip_suffix(" -->").expect("the comment ends in its line");
            ports.extend(numbers.split(' ').map(str::to_owned));
        }
        at += 1;
    }
    (steps, ports)
}

fn end_of(lines: &[String], first: usize, mark: &str) -> usize {
    let length = lines[first..].iter().position(|line| line == mark);
    first + length.unwrap_or_else(|| panic!("line {first}: no {mark} follows"))
}

/// The steps of a block of code.
fn block(info: &str, lines: &[String], range: std::ops::Range<usize>) -> Vec<Step> {
    let mut words = info.split(' ');
    let language = words.next().unwrap_or_default();
    let marks: Vec<&str> = words.collect();
    if language == "console" {
        if marks.contains(&"not-run") {
            return Vec::new();
        }
        let mut commands = commands(lines, range);
        for command in &mut commands {
            command.is_unordered = marks.contains(&"unordered");
        }
        let last = commands.last_mut().expect("a console block has a command");
        last.must_fail = marks.contains(&"fails");
        return commands.into_iter().map(Step::Command).collect();
    }
    let file = |mark: &str| marks.iter().find_map(|word| word.strip_prefix(mark));
    let (name, is_added) = match (file("file="), file("append=")) {
        (Some(name), _) => (name, false),
        (None, Some(name)) => (name, true),
        (None, None) => return Vec::new(),
    };
    is_announced(name, lines, range.start);
    let text = lines[range].iter().fold(String::new(), |text, line| text + line + "\n");
    vec![Step::Write { file: name.to_owned(), is_added, text }]
}

/// The reader learns the name of the file from the paragraph before the block.
fn is_announced(name: &str, lines: &[String], first: usize) {
    let before = &lines[..first - 1];
    let paragraph = before.iter().rev().skip_while(|line| line.is_empty());
    let mut paragraph = paragraph.take_while(|line| !line.is_empty());
    assert!(
        paragraph.any(|line| line.contains(&format!("`{name}`"))),
        "line {first}: the paragraph before the block does not name `{name}`"
    );
}

/// The commands of a block: each begins with `$ `, and goes on after a backslash at the end of a line.
fn commands(lines: &[String], range: std::ops::Range<usize>) -> Vec<Command> {
    let mut all: Vec<Command> = Vec::new();
    let mut continues = false;
    for at in range {
        let line = &lines[at];
        if let Some(text) = line.strip_prefix("$ ") {
            all.push(Command {
                line: at + 1,
                output: at + 1..at + 1,
                text: text.to_owned(),
                expected: Vec::new(),
                must_fail: false,
                is_unordered: false,
            });
            continues = text.ends_with('\\');
            continue;
        }
        let command = all.last_mut().unwrap_or_else(|| panic!("line {}: no command", at + 1));
        if continues {
            command.text = format!("{}\n{line}", command.text);
            command.output = at + 1..at + 1;
            continues = line.ends_with('\\');
        } else {
            command.expected.push(line.clone());
            command.output.end = at + 1;
        }
    }
    all
}

/// What the page shows a person type: after the prompts of supervisorctl, and Ctrl-C.
pub fn typed(expected: &[String]) -> Vec<Typed> {
    let of_line = |at: usize| {
        let line = &expected[at];
        let after = |prompt: &str, keys: &str| Typed::after(prompt, &format!("{keys}\r"));
        if line == "^C" {
            return Some(Typed::after(expected[..at].last().map_or("", |line| line), "\x03"));
        }
        if line == "Password:" {
            return Some(after("Password:", PASSWORD));
        }
        // `Kind of project? [zope] answer`
        if let Some((question, answer)) =
            line.split_once(']').filter(|(question, _)| question.contains("? ["))
        {
            return Some(after(&format!("{question}]"), answer.trim_start()));
        }
        let question = line.split_once("y/N? ").map(|(question, _)| format!("{question}y/N? "));
        let mut prompts =
            ["supervisor> ", "Username:"].map(str::to_owned).into_iter().chain(question);
        prompts.find_map(|prompt| match line.strip_prefix(&prompt)? {
            "^D" => Some(Typed::after(&prompt, "\x04")),
            keys => Some(after(&prompt, keys)),
        })
    };
    (0..expected.len()).filter_map(of_line).collect()
}
