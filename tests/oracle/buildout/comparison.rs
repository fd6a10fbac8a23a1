//! Reads cases with both readers and compares. The original is started once for all cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};
use supkit::buildout::{Kind, MemoryFiles, NoRecipes, Project, Python, Request};

use crate::support::oracle;

/// One project and how it is loaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The main file, below the case's directory.
    pub(crate) main: String,
    /// Path below the case's directory, and text.
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) assignments: Vec<String>,
    pub(crate) user_defaults: bool,
}

impl Case {
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        Self { name: name.into(), main: "buildout.cfg".into(), files, ..Self::default() }
    }

    pub(crate) fn with(mut self, assignments: &[&str]) -> Self {
        self.assignments = assignments.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub(crate) fn with_user_defaults(mut self) -> Self {
        self.user_defaults = true;
        self
    }

    /// The case with its directory for `{case}`: the original creates directories, so an
    /// absolute path must be inside of the test's own.
    fn placed_in(&self, directory: &Path) -> Self {
        let placed = |text: &String| text.replace("{case}", directory.to_str().unwrap());
        let mut case = self.clone();
        case.files.values_mut().for_each(|text| *text = placed(text));
        case.assignments.iter_mut().for_each(|text| *text = placed(text));
        case
    }

    fn write(&self, directory: &Path) {
        for (name, text) in &self.files {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
}

type Sections = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Debug, PartialEq)]
enum Answer {
    Sections(Sections),
    /// An error whose text is compared.
    Refused(String),
    /// An internal error of the original; only the failure is compared.
    Broken(String),
}

/// Fails with the cases on which the two differ; gives the number of those that have an answer.
pub(crate) fn compare(cases: &[Case]) -> usize {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let directory = |at: usize| home.join(format!("case{at}"));
    let cases: Vec<Case> =
        cases.iter().enumerate().map(|(at, case)| case.placed_in(&directory(at))).collect();
    for (at, case) in cases.iter().enumerate() {
        fs::create_dir_all(directory(at).join("home")).unwrap();
        case.write(&directory(at));
    }
    let question: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(at, case)| {
            json!({
                "directory": directory(at),
                "file": case.main,
                "assignments": case.assignments,
                "user_defaults": case.user_defaults,
            })
        })
        .collect();
    let reply = oracle::python(include_str!("ask.py"), &json!({"cases": question}).to_string());
    let reply: Value = serde_json::from_str(&reply).unwrap();
    let answers = reply["answers"].as_array().unwrap();
    let mut differing = Vec::new();
    let mut resolved = 0;
    for (at, (case, answer)) in cases.iter().zip(answers).enumerate() {
        let theirs = original(answer);
        let ours = own(case, &directory(at), &reply["facts"]);
        resolved += usize::from(matches!(theirs, Answer::Sections(_)));
        if !agree(&ours, &theirs) {
            differing.push(describe(case, &ours, &theirs));
        }
    }
    let shown: Vec<&String> = differing.iter().take(5).collect();
    let count = differing.len();
    assert!(count == 0, "{count} of {} differ:\n{}", cases.len(), join(&shown));
    resolved
}

fn join(texts: &[&String]) -> String {
    texts.iter().map(|text| text.as_str()).collect::<Vec<_>>().join("\n")
}

fn agree(ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Answer::Refused(ours), Answer::Refused(theirs)) => ours.trim() == theirs.trim(),
        (Answer::Refused(_) | Answer::Broken(_), Answer::Broken(_)) => true,
        (ours, theirs) => ours == theirs,
    }
}

fn original(answer: &Value) -> Answer {
    if let Some(sections) = answer.get("sections") {
        return Answer::Sections(serde_json::from_value(sections.clone()).unwrap());
    }
    let message = answer["message"].as_str().unwrap().to_owned();
    match answer["error"].as_str().unwrap() {
        "UserError" | "ParsingError" | "MissingSectionHeaderError" => Answer::Refused(message),
        other => Answer::Broken(format!("{other}: {message}")),
    }
}

fn own(case: &Case, directory: &Path, facts: &Value) -> Answer {
    let outside = outside(case, directory, facts);
    let mut request = Request::strict(case.main.as_str());
    request.user_defaults = case.user_defaults;
    request.assignments = case.assignments.iter().map(|word| word.parse().unwrap()).collect();
    match Project::load(&request, &outside, Rc::new(NoRecipes)) {
        Ok(project) => sections(&project),
        Err(failure) => refusal(&failure.fault),
    }
}

fn sections(project: &Project) -> Answer {
    let mut all = Sections::new();
    for name in project.sections() {
        match project.options(name) {
            Ok(options) => drop(all.insert(name.to_owned(), options.into_iter().collect())),
            Err(fault) => return refusal(&fault),
        }
    }
    Answer::Sections(all)
}

fn refusal(fault: &supkit::buildout::Fault) -> Answer {
    let message = fault.message().to_owned();
    match fault.kind() {
        Kind::Internal | Kind::Limit | Kind::Condition => Answer::Broken(message),
        _ => Answer::Refused(message),
    }
}

fn outside(case: &Case, directory: &Path, facts: &Value) -> MemoryFiles {
    let fact = |name: &str| facts[name].as_str().unwrap().to_owned();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    MemoryFiles {
        files: case
            .files
            .iter()
            .map(|(name, content)| (text(&directory.join(name)), content.clone()))
            .collect(),
        directory: text(directory),
        home: text(&directory.join("home")),
        buildout_home: None,
        executable: fact("executable"),
        python: Python {
            version: fact("version"),
            implementation: fact("implementation"),
            platform: fact("platform"),
            system: fact("system"),
            release: fact("release"),
            system_version: fact("system_version"),
            machine: fact("machine"),
            bits: facts["bits"].as_u64().unwrap() as u32,
            little_endian: facts["little_endian"].as_bool().unwrap(),
        },
    }
}

fn describe(case: &Case, ours: &Answer, theirs: &Answer) -> String {
    let mut text = format!("== {} {:?}\n", case.name, case.assignments);
    for (name, content) in &case.files {
        text += &format!("-- {name}\n{content}");
    }
    match (ours, theirs) {
        (Answer::Sections(ours), Answer::Sections(theirs)) => text += &values(ours, theirs),
        _ => text += &format!("-- ours: {}\n-- theirs: {}\n", short(ours), short(theirs)),
    }
    text
}

fn short(answer: &Answer) -> String {
    match answer {
        Answer::Sections(_) => "resolved".into(),
        other => format!("{other:?}"),
    }
}

/// The options on which two resolved projects differ.
fn values(ours: &Sections, theirs: &Sections) -> String {
    let mut text = String::new();
    for name in ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name))) {
        let empty = BTreeMap::new();
        let (ours, theirs) = (ours.get(name).unwrap_or(&empty), theirs.get(name).unwrap_or(&empty));
        for option in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))) {
            let (a, b) = (ours.get(option), theirs.get(option));
            if a != b {
                text += &format!("-- {name}:{option}\n   ours   {a:?}\n   theirs {b:?}\n");
            }
        }
    }
    text
}
