//! The options of a process as a person reads them: each with its value, and where it is written.
//! Secrets are masked, and environment variables have only their names.

use super::config::{Environment, Origins, Process};
use super::diff::{self, OptionChange};
use super::process as p;
use super::secrets::masked;
use super::section::field::{FromSection, SectionOption};

/// One option with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub option: &'static str,
    pub value: String,
    /// `file:line` where it is written; `None` is a default.
    pub place: Option<String>,
}

/// The options of a process in the order of the table.
pub fn of_process(process: &Process, origins: &Origins) -> Vec<Setting> {
    let setting = |option: &&'static dyn SectionOption<Process>| {
        let name = option.name();
        let value = shown(name, &option.compared(process)?, &process.environment);
        let place = place(origins, process, name);
        Some(Setting { option: name, value, place })
    };
    Process::OPTIONS.iter().filter_map(setting).collect()
}

/// `file:line` where an option is written.
pub fn place(origins: &Origins, process: &Process, option: &str) -> Option<String> {
    origins.exactly(&process.program, option).map(|it| format!("{}:{}", it.file, it.line))
}

/// The options in which two configurations of a process differ.
pub fn changes(old: &Process, new: &Process) -> Vec<OptionChange> {
    let change = |OptionChange { option, from, to }| OptionChange {
        option,
        from: shown(option, &from, &old.environment),
        to: shown(option, &to, &new.environment),
    };
    diff::of_processes(old, new).into_iter().map(change).collect()
}

/// A value without secrets.
fn shown(option: &str, value: &str, environment: &Environment) -> String {
    if option == p::ENVIRONMENT.name {
        let mut names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        return names.join(", ");
    }
    let is_header = [p::READY_HTTP_HEADER.name, p::LIVE_HTTP_HEADER.name].contains(&option);
    match value.split_once(':') {
        Some((name, _)) if is_header => format!("{name}: ***"),
        _ => masked(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::fake_host::FakeHost;

    fn process(command: &str, environment: &[(&str, &str)]) -> Process {
        let pairs = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Process {
            program: "program:web".to_owned(),
            command: command.to_owned(),
            environment: pairs.collect(),
            ready_http_header: Some("Authorization: Bearer abc".to_owned()),
            ..Process::with_defaults(&FakeHost::default())
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let old = process("/bin/a --password=x", &[("B", "a\",TOKEN=\"x"), ("A", "y")]);
        let settings = of_process(&old, &Origins::default());
        let value = |option: &str| {
            let found = settings.iter().find(|it| it.option == option);
            found.map(|it| it.value.clone()).unwrap_or_default()
        };
        assert_eq!(value("command"), "/bin/a --password=***");
        assert_eq!(value("environment"), "A, B");
        assert_eq!(value("ready_http_header"), "Authorization: ***");
        let new = process("/bin/b", &[("A", "z")]);
        let changes: Vec<String> = changes(&old, &new)
            .into_iter()
            .map(|it| format!("{}: {} -> {}", it.option, it.from, it.to))
            .collect();
        assert_eq!(changes, ["command: /bin/a --password=*** -> /bin/b", "environment: A, B -> A"]);
    }
}
