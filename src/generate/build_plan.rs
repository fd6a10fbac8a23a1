//! The plan of a build: its steps, each with a checksum of everything that its result depends on. A
//! step whose last run had the same checksum is not needed. Pure: the caller reads the files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

/// One step; a later one needs the result of the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The Python environment with zc.buildout.
    Environment,
    /// The parts of the project.
    Parts,
}

/// What a build starts from.
#[derive(Clone, Debug, Default)]
pub struct BuildInputs {
    /// The interpreter for the environment.
    pub python: String,
    /// What is installed into the environment, as pip reads it.
    pub requirements: String,
    /// The texts of buildout.cfg and of all that it extends, and of other files that options name.
    pub files: Vec<(String, String)>,
    /// Arguments for buildout.
    pub arguments: Vec<String>,
}

impl BuildInputs {
    /// Whether a file has another text in `now`.
    pub fn is_edited_in(&self, now: &Self) -> bool {
        let now: BTreeMap<&String, &String> =
            now.files.iter().map(|(path, text)| (path, text)).collect();
        self.files.iter().any(|(path, text)| now.get(path).is_some_and(|now| *now != text))
    }

    /// The checksum of a step: of its inputs, and of those of the steps before it.
    pub fn checksum(&self, step: Step) -> String {
        let mut sum = Sum::default();
        sum.add(&self.python);
        sum.add(&self.requirements);
        if step == Step::Parts {
            self.arguments.iter().for_each(|argument| sum.add(argument));
            for (path, text) in &self.files {
                sum.add(path);
                sum.add(text);
            }
        }
        sum.hex()
    }
}

/// What the last runs were: kept in a file between builds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    steps: BTreeMap<Step, String>,
    /// The checksum of what buildout recorded about its results.
    #[serde(default)]
    result: Option<String>,
}

/// What a build left behind.
#[derive(Clone, Copy, Debug)]
pub struct Remains<'a> {
    /// The text of `.installed.cfg`, if it and all files that it lists exist.
    pub installed: Option<&'a str>,
    /// Whether the environment can be used.
    pub has_environment: bool,
}

impl BuildRecord {
    /// The steps that are to be run.
    pub fn needed(&self, inputs: &BuildInputs, remains: Remains<'_>) -> Vec<Step> {
        let is_recorded =
            |step| self.steps.get(&step).is_some_and(|sum| *sum == inputs.checksum(step));
        let has_environment =
            self.has_foreign_environment(remains) || is_recorded(Step::Environment);
        let has_environment = has_environment && remains.has_environment;
        let is_unchanged = self.result == remains.installed.map(text_checksum);
        let has_parts = has_environment
            && is_recorded(Step::Parts)
            && remains.installed.is_some()
            && is_unchanged;
        let steps = [(Step::Environment, has_environment), (Step::Parts, has_parts)];
        steps.into_iter().filter(|(_, is_done)| !is_done).map(|(step, _)| step).collect()
    }

    /// All steps, whether or not anything has changed.
    pub fn all(&self, remains: Remains<'_>) -> Vec<Step> {
        let steps = [Step::Environment, Step::Parts];
        let is_foreign = self.has_foreign_environment(remains);
        steps.into_iter().filter(|step| *step != Step::Environment || !is_foreign).collect()
    }

    /// Whether others made the environment: it is used as it is.
    fn has_foreign_environment(&self, remains: Remains<'_>) -> bool {
        remains.has_environment && !self.steps.contains_key(&Step::Environment)
    }

    /// Records that a step was run to its end.
    pub fn finish(&mut self, step: Step, inputs: &BuildInputs) {
        self.steps.insert(step, inputs.checksum(step));
    }

    /// Records that a step was begun, so that an interrupted one is run again.
    pub fn begin(&mut self, step: Step) {
        self.steps.insert(step, String::new());
    }

    /// Records what buildout installed; `None` if it is not known.
    pub fn set_result(&mut self, installed: Option<&str>) {
        self.result = installed.map(text_checksum);
    }
}

/// What has to be installed to run buildout: the versions that the project pins, else those that
/// `tested` has. Pins of zc.buildout itself are not mixed with other versions than the project's.
pub fn requirements(tested: &str, version_of: &dyn Fn(&str) -> Option<String>) -> String {
    let tested = tested.lines().filter_map(|line| line.trim().split_once("=="));
    let all: Vec<(&str, &str, Option<String>)> =
        tested.map(|(name, version)| (name, version, version_of(name))).collect();
    let is_pinned = all.iter().any(|(name, _, pin)| *name == "zc.buildout" && pin.is_some());
    let lines = all.into_iter().filter_map(|(name, version, pin)| {
        let version = pin.or_else(|| (!is_pinned).then(|| version.to_owned()))?;
        Some(format!("{name}=={version}\n"))
    });
    lines.collect()
}

fn text_checksum(text: &str) -> String {
    let mut sum = Sum::default();
    sum.add(text);
    sum.hex()
}

#[derive(Default)]
struct Sum(Sha1);

impl Sum {
    /// With its length, so that the borders between texts count.
    fn add(&mut self, text: &str) {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn hex(self) -> String {
        self.0.finalize().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> BuildInputs {
        BuildInputs {
            python: "python3".to_owned(),
            requirements: "zc.buildout==6.0.1\n".to_owned(),
            files: vec![("buildout.cfg".to_owned(), "[buildout]\n".to_owned())],
            arguments: vec!["-N".to_owned()],
        }
    }

    fn built() -> BuildRecord {
        let mut record = BuildRecord::default();
        record.finish(Step::Environment, &inputs());
        record.finish(Step::Parts, &inputs());
        record.set_result(Some("[buildout]\n"));
        record
    }

    const THERE: Remains<'_> = Remains { installed: Some("[buildout]\n"), has_environment: true };

    #[test]
    fn a_second_build_needs_nothing() {
        assert_eq!(built().needed(&inputs(), THERE), []);
    }

    #[test]
    fn a_change_needs_the_steps_that_depend_on_it() {
        let needed = |change: fn(&mut BuildInputs)| {
            let mut inputs = inputs();
            change(&mut inputs);
            built().needed(&inputs, THERE)
        };
        assert_eq!(needed(|it| it.files[0].1.push('\n')), [Step::Parts]);
        assert_eq!(needed(|it| it.files.push(("b".to_owned(), String::new()))), [Step::Parts]);
        assert_eq!(needed(|it| it.arguments[0] = "-n".to_owned()), [Step::Parts]);
        assert_eq!(needed(|it| it.requirements.push('#')), [Step::Environment, Step::Parts]);
        assert_eq!(needed(|it| it.python.push('4')), [Step::Environment, Step::Parts]);
    }

    #[test]
    fn a_result_that_is_missing_or_of_others_is_built_again() {
        let needed = |remains| built().needed(&inputs(), remains);
        assert_eq!(needed(Remains { installed: None, ..THERE }), [Step::Parts]);
        assert_eq!(needed(Remains { installed: Some("other"), ..THERE }), [Step::Parts]);
        let none = Remains { has_environment: false, ..THERE };
        assert_eq!(needed(none), [Step::Environment, Step::Parts]);
    }

    #[test]
    fn an_interrupted_step_is_run_again_and_the_one_before_it_is_not() {
        let mut record = BuildRecord::default();
        record.finish(Step::Environment, &inputs());
        record.begin(Step::Parts);
        assert_eq!(record.needed(&inputs(), THERE), [Step::Parts]);
    }

    #[test]
    fn an_environment_that_others_made_is_used_and_one_that_was_interrupted_is_made_again() {
        let mut record = BuildRecord::default();
        assert_eq!(record.needed(&inputs(), THERE), [Step::Parts]);
        assert_eq!(record.all(THERE), [Step::Parts]);
        record.begin(Step::Environment);
        assert_eq!(record.needed(&inputs(), THERE), [Step::Environment, Step::Parts]);
        assert_eq!(record.all(THERE), [Step::Environment, Step::Parts]);
    }

    #[test]
    fn an_edit_during_the_build_is_noticed() {
        let mut now = inputs();
        now.files.push(("http://x/versions.cfg".to_owned(), String::new()));
        assert!(!inputs().is_edited_in(&now));
        now.files[0].1.push('#');
        assert!(inputs().is_edited_in(&now));
    }

    #[test]
    fn texts_with_other_borders_are_other_inputs() {
        let with = |files: &[(&str, &str)]| {
            let files = files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            BuildInputs { files, ..BuildInputs::default() }.checksum(Step::Parts)
        };
        assert_ne!(with(&[("a", "bc")]), with(&[("ab", "c")]));
    }

    #[test]
    fn buildout_is_required_in_the_versions_of_the_project() {
        let tested = "zc.buildout==6.0.1\npip==26.3\nsetuptools==84.2.1\n";
        let none = |_: &str| None;
        assert_eq!(requirements(tested, &none), tested);
        let pip = |name: &str| (name == "pip").then(|| "25.0".to_owned());
        let wanted = "zc.buildout==6.0.1\npip==25.0\nsetuptools==84.2.1\n";
        assert_eq!(requirements(tested, &pip), wanted);
        let own = |name: &str| (name == "zc.buildout").then(|| "3.3".to_owned());
        assert_eq!(requirements(tested, &own), "zc.buildout==3.3\n");
    }
}
