//! A case, and its result in Supervisor and in supkit.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use supkit::conf::{self, options, read};
use tempfile::TempDir;

use super::dump;
use super::host::TestHost;
use crate::support::oracle;

/// Files, a command line and an environment. `{dir}` in a file stands for its directory.
#[derive(Clone, Debug)]
pub struct Case {
    pub files: Vec<(String, Vec<u8>)>,
    pub args: Vec<String>,
    pub environ: Vec<(String, String)>,
    pub program: String,
    pub client: bool,
    /// A second file, to be read after the first.
    pub reload: Option<String>,
}

/// The main file of most cases.
const MAIN: &str = "supervisord.conf";

impl Case {
    /// A main file, named with `-c`.
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        let environ = [("HOME", "/root"), ("TMPDIR", "/tmp"), ("PATH", "/bin"), ("HOST_X", "h")];
        Self {
            files: vec![(MAIN.to_owned(), text.as_ref().to_vec())],
            args: vec!["-c".to_owned(), MAIN.to_owned()],
            environ: environ.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
            program: "bin/supervisord".to_owned(),
            client: false,
            reload: None,
        }
    }

    /// The same case for supervisorctl.
    pub fn client(mut self) -> Self {
        self.client = true;
        self
    }

    /// What a second file would change.
    pub fn then(self, text: impl AsRef<[u8]>) -> Self {
        let mut case = self.file("second.conf", text);
        case.reload = Some("second.conf".to_owned());
        case
    }

    pub fn file(mut self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), text.as_ref().to_vec()));
        self
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    pub fn variable(mut self, key: &str, value: &str) -> Self {
        self.environ.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Puts the files into a directory of their own.
    pub fn write(&self) -> TempDir {
        let place = tempfile::Builder::new().prefix("conf").rand_bytes(4).tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("bin")).unwrap();
        for (name, bytes) in &self.files {
            let path = place.path().join(name);
            if name.ends_with('/') {
                std::fs::create_dir_all(path).unwrap();
                continue;
            }
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, filled(bytes, place.path())).unwrap();
        }
        place
    }

    pub fn ours(&self, place: &TempDir) -> Answer {
        let world = TestHost::new(place.path(), &self.environ);
        let args: Vec<String> = self.args.iter().map(|arg| filled_text(arg, place)).collect();
        let refused = |text: String| Answer::Refused(conf::getopt::usage(&self.program, &text));
        if self.client {
            return match conf::ctl::parse(&args, &self.program, &world) {
                Ok(conf::ctl::Invocation::Run(client)) => Answer::Config(dump::client(&client)),
                Ok(conf::ctl::Invocation::Help) => Answer::Refused("doc\n".into()),
                Err(error) => refused(error.text().to_owned()),
            };
        }
        let line = match options::parse(&args, &world) {
            Ok(options::Invocation::Run(line)) => line,
            Ok(options::Invocation::Help) => return Answer::Refused("doc\n".into()),
            Ok(options::Invocation::Version) => return Answer::Refused("4.3.0\n".into()),
            Err(text) => return refused(text),
        };
        let file = match line.configuration.clone() {
            Some(file) => file,
            None => match options::find(&self.program, &world) {
                Ok(file) => file,
                Err(text) => return refused(text),
            },
        };
        match conf::read(&file, &line, &world) {
            Ok(config) if self.reload.is_some() => {
                let second = self.reload.as_deref().unwrap_or_default();
                let environment = &config.supervisord.environment;
                let second = read::examine_again(second, &line, &world, environment);
                match second.into_config() {
                    Ok(second) => Answer::Config(dump::changes(&config, &second)),
                    Err(error) => refused(error.text().to_owned()),
                }
            }
            Ok(config) => Answer::Config(dump::config(&config)),
            Err(error) => refused(error.text().to_owned()),
        }
    }

    pub fn describe(&self) -> String {
        let mut text = format!("{:?}", self.args);
        for (name, bytes) in &self.files {
            let shown = String::from_utf8_lossy(bytes);
            text.push_str(&format!("\n  --- {name}\n{}", shown.escape_default()));
        }
        text.replace("\\n", "\n")
    }
}

fn filled(bytes: &[u8], place: &Path) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace("{dir}", &place.to_string_lossy()).into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}

fn filled_text(text: &str, place: &TempDir) -> String {
    text.replace("{dir}", &place.path().to_string_lossy())
}

/// The result of a case in one of the two programs.
pub enum Answer {
    Config(Value),
    Refused(String),
}

impl Answer {
    /// The values, or the error message.
    pub fn agrees(&self, theirs: &Self) -> bool {
        match (self, theirs) {
            (Self::Config(ours), Self::Config(theirs)) => ours == theirs,
            (Self::Refused(ours), Self::Refused(theirs)) => {
                ours == &plain(theirs)
                    || both_unknown_events(ours, theirs)
                    || both_keep_a_secret(ours, theirs)
            }
            _ => false,
        }
    }
}

impl Answer {
    /// Where the two differ.
    pub fn against(&self, theirs: &Self) -> String {
        if let (Self::Config(ours), Self::Config(theirs)) = (self, theirs) {
            let mut lines = Vec::new();
            differences(ours, theirs, "", &mut lines);
            return lines.join("\n");
        }
        format!("  ours:   {self}\n  theirs: {theirs}")
    }
}

fn differences(ours: &Value, theirs: &Value, path: &str, lines: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            for (key, value) in a {
                differences(value, &b[key], &format!("{path}.{key}"), lines);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}[{at}]"), lines);
            }
        }
        _ if ours == theirs => {}
        _ => lines.push(format!("  {path}\n    ours:   {ours}\n    theirs: {theirs}")),
    }
}

/// Supervisor shows a password that it cannot expand.
fn both_keep_a_secret(ours: &str, theirs: &str) -> bool {
    let tail = ".password' ";
    let parts = (ours.split_once(tail), theirs.split_once(tail));
    let (Some(ours), Some(theirs)) = parts else { return false };
    ours.0.starts_with("Error: Format string '***' for ") && ours.1 == theirs.1
}

/// Of several unknown types Supervisor names the first one of an unordered set.
fn both_unknown_events(ours: &str, theirs: &str) -> bool {
    let head = "Error: Unknown event type ";
    ours.starts_with(head) && theirs.starts_with(head)
}

/// Supervisor does not format one of its messages.
fn plain(message: &str) -> String {
    for (head, tail) in
        [("Bad socket format ", ""), ("Unix socket path ", " is not an absolute path")]
    {
        let raw = format!("('{head}%s{tail}', ");
        let parts = message.split_once(&raw);
        let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(')')?)));
        if let Some((before, (value, after))) = parts {
            let value = value[1..value.len() - 1].replace("\\n", "\n");
            return format!("{before}{head}{value}{tail}{after}");
        }
    }
    message.to_owned()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(value) => write!(f, "{value}"),
            Self::Refused(text) => write!(f, "{text:?}"),
        }
    }
}

/// A process of Supervisor that answers over a pipe.
pub struct Oracle {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/scripts/ask_config.py");
        let mut child = Command::new(oracle::bin("python"))
            .arg(script)
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, questions, answers }
    }

    pub fn ask(&mut self, case: &Case, place: &TempDir) -> Answer {
        let args: Vec<String> = case.args.iter().map(|arg| filled_text(arg, place)).collect();
        let question = json!({
            "args": args, "program": case.program, "dir": place.path(),
            "environ": case.environ, "client": case.client, "reload": case.reload,
        });
        let pipe = self.questions.as_mut().expect("the oracle listens");
        writeln!(pipe, "{question}").expect("the oracle listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the oracle answers");
        let mut answer: Value = serde_json::from_str(&line).expect("the oracle answers JSON");
        match answer["error"].as_str() {
            Some(text) => Answer::Refused(text.to_owned()),
            None => Answer::Config(answer["config"].take()),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.questions.take();
        let _ = self.child.wait();
    }
}
