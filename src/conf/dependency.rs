//! What a program depends on: the names of others, and what must be true of them.

use serde::{Deserialize, Serialize};

/// One entry of `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requirement {
    /// Every process that the name means.
    All(Dependency),
    /// `any(a, b)`: one of the processes that the names mean.
    Any(Vec<Dependency>),
}

impl Requirement {
    /// The dependencies in it, of which one or all have to be met.
    pub fn dependencies(&self) -> &[Dependency] {
        match self {
            Self::All(dependency) => std::slice::from_ref(dependency),
            Self::Any(dependencies) => dependencies,
        }
    }

    pub fn is_any(&self) -> bool {
        matches!(self, Self::Any(_))
    }
}

impl From<Dependency> for Requirement {
    fn from(dependency: Dependency) -> Self {
        Self::All(dependency)
    }
}

/// The name of a process or of several, with a condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// A program, a group, `group:process` or `group:*`.
    pub name: String,
    pub condition: Condition,
}

/// What must be true of a process before those that depend on it are started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Its state is RUNNING.
    #[default]
    Running,
    /// It ended by itself with an expected exit code.
    Completed,
    /// Its readiness probes succeed.
    Ready,
}

impl Condition {
    pub const ALL: [Self; 3] = [Self::Running, Self::Completed, Self::Ready];

    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Ready => "ready",
        }
    }
}

/// How an entry begins of which one suffices.
const ANY: &str = "any(";

fn is_separator(letter: char) -> bool {
    letter == ',' || letter.is_whitespace()
}

fn not_a_dependency(text: &str) -> String {
    format!("not a dependency: '{text}'")
}

/// `name`, `name:condition`, `any(name, name:condition)`, ... separated by commas or blanks.
pub(crate) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut found: Vec<Requirement> = Vec::new();
    let mut rest = text.trim_start_matches(is_separator);
    while !rest.is_empty() {
        let (requirement, end) = if let Some(inner) = rest.strip_prefix(ANY) {
            let end = inner.find(')').ok_or_else(|| not_a_dependency(rest.trim_end()))?;
            (parse_any(&inner[..end])?, ANY.len() + end + 1)
        } else {
            let end = rest.find(is_separator).unwrap_or(rest.len());
            (parse_one(&rest[..end])?.into(), end)
        };
        if !rest[end..].is_empty() && !rest[end..].starts_with(is_separator) {
            let word = rest[end..].split(is_separator).next().unwrap_or_default();
            return Err(not_a_dependency(&format!("{}{word}", &rest[..end])));
        }
        if !found.contains(&requirement) {
            found.push(requirement);
        }
        rest = rest[end..].trim_start_matches(is_separator);
    }
    Ok(found)
}

/// What is between the parentheses of `any(...)`.
fn parse_any(text: &str) -> Result<Requirement, String> {
    let mut found: Vec<Dependency> = Vec::new();
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        let dependency = parse_one(word)?;
        if !found.contains(&dependency) {
            found.push(dependency);
        }
    }
    if found.is_empty() {
        return Err(not_a_dependency(&format!("{ANY}{text})")));
    }
    Ok(Requirement::Any(found))
}

/// A last part that is no condition belongs to the name: `group:process`.
fn parse_one(word: &str) -> Result<Dependency, String> {
    let named = word.rsplit_once(':').and_then(|(name, last)| {
        let condition = Condition::ALL.into_iter().find(|it| it.name() == last)?;
        Some((name, condition))
    });
    let (name, condition) = named.unwrap_or((word, Condition::default()));
    if name.split(':').any(str::is_empty) || name.split(':').count() > 2 {
        return Err(not_a_dependency(word));
    }
    Ok(Dependency { name: name.to_owned(), condition })
}

pub(super) fn show(requirements: &[Requirement]) -> String {
    let words = requirements.iter().map(Requirement::to_string);
    words.collect::<Vec<_>>().join(",")
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All(dependency) => dependency.fmt(f),
            Self::Any(dependencies) => {
                let words: Vec<String> = dependencies.iter().map(Dependency::to_string).collect();
                write!(f, "{ANY}{})", words.join(","))
            }
        }
    }
}

impl std::fmt::Display for Dependency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name, self.condition.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_a_condition_and_a_group() {
        let parsed = parse(" zeo:ready, initdb:completed,\n cache web:web_01:running g:*").unwrap();
        assert_eq!(
            show(&parsed),
            "zeo:ready,initdb:completed,cache:running,web:web_01:running,g:*:running"
        );
        assert_eq!(parse("a,a:running").unwrap().len(), 1);
        assert_eq!(parse(" , ").unwrap(), []);
        for wrong in [":running", "a:b:c:running", "a::running"] {
            assert_eq!(parse(wrong), Err(format!("not a dependency: '{wrong}'")));
        }
    }

    #[test]
    fn one_of_several_may_suffice() {
        let parsed = parse("zeo any(one:ready, app:two,\n app:*:ready),any( a )").unwrap();
        assert_eq!(
            show(&parsed),
            "zeo:running,any(one:ready,app:two:running,app:*:ready),any(a:running)"
        );
        assert_eq!(parse(&show(&parsed)), Ok(parsed));
        assert_eq!(show(&parse("any").unwrap()), "any:running", "a program of that name");
        for wrong in ["any(", "any()", "any( , )", "any(a:b:c)", "any(a)b", "any(a", "any(any(a))"]
        {
            let error = parse(wrong).unwrap_err();
            assert!(error.starts_with("not a dependency: '"), "{wrong}: {error}");
        }
    }
}
